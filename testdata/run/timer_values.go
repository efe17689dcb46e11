// Covers: method values of timers, defer of Stop, timers in interfaces and closures, functions that do not suspend.

package main

import (
	"fmt"
	"time"
)

type stopper interface{ Stop() bool }

type resetter struct{ *time.Timer }

func stopAll(ss ...stopper) (n int) {
	for _, s := range ss {
		if s.Stop() {
			n++
		}
	}
	return n
}

func make3() (a, b, c *time.Timer) {
	return time.NewTimer(time.Hour), time.NewTimer(time.Hour), time.NewTimer(0)
}

func withDefer(t *time.Timer) {
	defer t.Stop()
	time.Sleep(time.Millisecond)
}

func main() {
	a, b, c := make3()
	stop, reset := a.Stop, b.Reset
	f := (*time.Timer).Stop
	newTimer := time.NewTimer
	time.Sleep(time.Millisecond)
	fmt.Println(stop(), stop(), reset(time.Hour), f(b), f(b))
	<-c.C
	d := newTimer(time.Hour)
	e := resetter{newTimer(time.Hour)}
	time.Sleep(time.Millisecond)
	fmt.Println(stopAll(a, b, c, d, e))
	d.Reset(time.Hour)
	withDefer(d)
	fmt.Println(d.Stop())
	again := func() <-chan time.Time { e.Reset(time.Millisecond); return e.C }
	for range 3 {
		<-again()
	}
	old := d.C
	d.C = nil
	d.Reset(time.Millisecond)
	<-old
	fmt.Println(d.C == nil)
}
