package a

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"time"
)

// Goroutines.

func asFastAsItCan() {
	for {
		go fmt.Println() // want `goroutines are started in a loop that never ends and waits for nothing; they become ever more, and all are saved with the run; wait in the loop, or for the goroutines \(warning: lifetime\)`
	}
}

func perMessage(c chan int) {
	for range c {
		go forever() // want `goroutines that never end are started in a loop that never ends`
	}
}

func forever() {
	for {
		time.Sleep(time.Minute)
	}
}

func accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go c.Close()
	}
}

func limited(c, room chan int) {
	for {
		room <- 1
		go func() {
			fmt.Println(<-c)
			<-room
		}()
	}
}

func some(n int) {
	for range n {
		go forever()
	}
}

func once(c chan int) {
	started := false
	for range c {
		if !started {
			started = true
			go forever()
		}
	}
}

// Memory.

var (
	log     []int
	counts  = map[string]int{}
	seen    = map[string]bool{}
	recent  []int
	kinds   = map[bool]int{}
	results []int
	shared  []int
)

func serve(w http.ResponseWriter, r *http.Request) {
	counts[r.URL.Path]++ // want `the package variable counts \(a.go:\d+:2\) is only added to, for each request; it grows for as long as the run lives, and all of it is saved with the run; remove what is not needed any more, or keep it outside the program`
	seen[r.URL.Path] = true
	kinds[r.TLS != nil]++
	shared = append(shared, 1)
	for range shared {
	}
}

func forget(path string) {
	delete(seen, path)
	show(shared)
}

func show([]int) {}

func collect(ctx context.Context, c, out chan int, all chan []int) {
	var mine, kept []int
	for {
		select {
		case n := <-c:
			log = append(log, n) // want `the package variable log \(a.go:\d+:2\) is only added to, in a loop that never ends`
			recent = append(recent, n)
			if len(recent) > 10 {
				recent = recent[1:]
			}
			mine = append(mine, n) // want `mine is only appended to, in a loop that never ends`
			kept = append(kept, n)
		case <-out:
			kept = nil
		case <-ctx.Done():
			return
		}
		fmt.Println(len(mine), len(kept))
	}
}

func gather(c chan int) (all []int) {
	for n := range c {
		all = append(all, n)
		results = append(results, n)
	}
	return all
}

func until(c chan int) []int {
	var all []int
	for {
		all = append(all, <-c)
		if len(all) == 10 {
			return all
		}
	}
}

func read(c chan int) error {
	for {
		n := <-c
		log = append(log, n)
		if n == 0 {
			return errors.New("end")
		}
	}
}

// Buffers and times.

func buffers(n int) {
	_ = make(chan int, 1_000_000) // want `a channel with a buffer of 1000000; what is in it is saved with each commit; .*info`
	_ = make(chan int, 1000)
	_ = make(chan int, n)
}

func times(n time.Duration) {
	time.NewTicker(10 * time.Millisecond) // want `a ticker of 10ms; the run is never at rest: on AWS an invocation stays`
	time.NewTicker(time.Minute)
	time.NewTicker(n)
	time.Sleep(time.Millisecond)
	time.Sleep(1500 * time.Millisecond)
	time.Sleep(2500 * time.Millisecond) // want `a wait of 2.5s; on AWS a wait of more than two seconds is kept to about a second; take whole seconds`
	<-time.After(3 * time.Second)
	context.WithTimeout(context.Background(), 10100*time.Millisecond) // want `a wait of 10.1s`
	context.WithTimeout(context.Background(), math.MaxInt64)
}

func polls(done func() bool) {
	for {
		time.Sleep(time.Second) // want `a sleep of 1s in a loop that never ends`
		done()
	}
}

func untilDone(done func() bool, c chan int) {
	for !done() {
		time.Sleep(time.Second)
	}
	for {
		time.Sleep(time.Second)
		<-c
	}
}
