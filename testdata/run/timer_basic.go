// Covers: time.NewTimer: firing, Stop, Reset, in a select, as data, in a package variable.

package main

import (
	"fmt"
	"time"
)

var global = time.NewTimer(time.Hour)

type job struct {
	name    string
	timeout *time.Timer
}

func fired(c <-chan time.Time) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func pause(d time.Duration) { time.Sleep(d) }

func main() {
	t := time.NewTimer(20 * time.Millisecond)
	before := time.Now()
	at := <-t.C
	fmt.Println(at.Sub(before) > 15*time.Millisecond, fired(t.C))
	fmt.Println(t.Stop(), t.Reset(time.Hour), t.Reset(time.Hour), t.Stop(), t.Stop(), fired(t.C))

	// A timer that has fired and was not looked at can still be stopped, and leaves nothing behind.
	t.Reset(time.Millisecond)
	pause(10 * time.Millisecond)
	fmt.Println(len(t.C), cap(t.C), t.Stop(), fired(t.C))
	t.Reset(time.Millisecond)
	pause(10 * time.Millisecond)
	fmt.Println(t.Reset(20*time.Millisecond), len(t.C))
	<-t.C

	jobs := map[string]*job{}
	for i, name := range []string{"c", "a", "b"} {
		jobs[name] = &job{name, time.NewTimer(time.Duration(i+1) * 150 * time.Millisecond)}
	}
	for range jobs {
		select {
		case <-jobs["a"].timeout.C:
			fmt.Println("a")
		case <-jobs["b"].timeout.C:
			fmt.Println("b")
		case <-jobs["c"].timeout.C:
			fmt.Println("c")
		}
	}
	same := jobs["a"].timeout
	same.Reset(time.Hour)
	pause(time.Millisecond)
	fmt.Println(jobs["a"].timeout.Stop(), same.Stop())

	pause(time.Millisecond)
	fmt.Println(global.Reset(time.Millisecond))
	<-global.C
	select {
	case <-global.C:
		fmt.Println("never")
	case <-time.After(5 * time.Millisecond):
		fmt.Println("after")
	}
	var zero time.Timer
	pause(time.Millisecond)
	defer func() { fmt.Println(recover()) }()
	zero.Stop()
}
