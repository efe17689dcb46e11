// Covers: time.NewTicker, time.Tick, Stop and Reset of tickers.

package main

import (
	"fmt"
	"time"
)

func count(t *time.Ticker, n int) {
	defer t.Stop()
	for range t.C {
		if n--; n == 0 {
			return
		}
	}
}

func quiet(c <-chan time.Time) bool {
	select {
	case <-c:
		return false
	case <-time.After(15 * time.Millisecond):
		return true
	}
}

func main() {
	start := time.Now()
	t := time.NewTicker(10 * time.Millisecond)
	count(t, 3)
	fmt.Println(time.Since(start) > 25*time.Millisecond, quiet(t.C))
	t.Reset(time.Hour)
	fmt.Println(quiet(t.C))
	t.Reset(time.Millisecond)
	<-t.C
	<-t.C
	time.Sleep(10 * time.Millisecond)
	fmt.Println(len(t.C), cap(t.C))
	t.Stop()
	fmt.Println(quiet(t.C))

	n := 0
	for range time.Tick(2 * time.Millisecond) {
		if n++; n == 3 {
			break
		}
	}
	stop := time.After(40 * time.Millisecond)
	fast := time.NewTicker(3 * time.Millisecond)
	ticked := false
loop:
	for {
		select {
		case <-fast.C:
			ticked = true
		case <-stop:
			fast.Stop()
			break loop
		}
	}
	fmt.Println(n, ticked, time.Tick(0) == nil)
	defer func() { fmt.Println(recover()) }()
	time.NewTicker(0)
}
