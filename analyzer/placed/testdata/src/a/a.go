package a

import (
	"fmt"
	"log"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

func counter() {
	n := 0
	go func() { n++ }() // want `the goroutine of this go statement is local: it runs in this process; variable n \(a.go:14:2\) is assigned in it \(a.go:15:14\), and is read by others \(a.go:16:14\); what comes first is not known; hold one lock at both, or wait for the goroutine in between, or send the value on a channel \(warning: placed\)`
	fmt.Println(n)
}

func sleeper() {
	n := 0
	go func() { n = 1 }() // want `variable n .* is assigned in it .*, and is read by others`
	time.Sleep(time.Second)
	fmt.Println(n)
}

func waited() {
	n, done := 0, make(chan bool)
	go func() { n++; done <- true }()
	<-done
	fmt.Println(n)
}

func sometimesWaited(parallel bool) {
	n, done := 0, make(chan bool)
	if parallel {
		go func() { n++; done <- true }()
	}
	if parallel {
		<-done
	}
	fmt.Println(n)
}

func gate() {
	n, start := 0, make(chan bool)
	go func() { <-start; n++ }()
	n = 7
	close(start)
}

func locked(mu *sync.Mutex, m map[string]int) {
	go func() {
		mu.Lock()
		defer mu.Unlock()
		m["a"]++
	}()
	mu.Lock()
	m["b"]++
	mu.Unlock()
}

func unlocked(m map[string]int) {
	go func() { m["a"]++ }() // want `what m leads to \(a.go:62:15\) is written in it .*, and is written by others`
	m["b"] = 1
}

func maps() int {
	m := map[string]int{}
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() { m[fmt.Sprint(i)] = i }) // want `the goroutine of this call of sync.WaitGroup.Go is local: .*; a map .* is written in it .*, and is written by another goroutine of the same statement`
	}
	wg.Wait()
	return len(m)
}

func each() {
	for i := range 3 {
		n := i
		go func() { n++ }()
	}
}

type server struct {
	conns int
	name  string
	mu    sync.Mutex
}

func (s *server) start() {
	go s.run() // want `what s leads to .* is assigned in it .*, and is read by others`
	fmt.Println(s.conns)
}

func (s *server) run() { s.add(1) }

func (s *server) add(n int) { s.conns += n }

func (s *server) other() {
	go s.run()
	fmt.Println(s.name)
}

func (s *server) fine() {
	s.conns = 3
	go s.run()
}

func (s *server) guarded() {
	go func() {
		s.mu.Lock()
		s.conns++
		s.mu.Unlock()
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns++
}

func two() {
	n := new(int)
	go func() { *n = 1 }() // want `a value of type int .* is assigned in it .*, and is assigned by the goroutine that starts \(a.go:123:2\)`
	go func() { *n = 2 }()
}

func value() {
	n := 1
	go func() { fmt.Println(n) }() // want `variable n .* is read in it .*, and is assigned by others`
	n = 2
}

func poll() {
	stop := false
	go func() { // want `variable stop .* is read in it`
		for !stop {
		}
	}()
	stop = true
}

func said() {
	n := 0
	go func() { n++ }() //hark:go local
	fmt.Println(n)
}

func file() {
	f, err := os.Open("x")
	if err != nil {
		return
	}
	go func() { // want `the goroutine of this go statement is local: it runs in this process; what os.Open returns is shared in it \(a.go:148:19\), and an open file belongs to one process \(info: placed\)`
		f.Close()
	}()
}

func listener(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go serve(c)
	}
}

func dial() {
	c, err := net.Dial("tcp", "localhost:80")
	if err != nil {
		return
	}
	go serve(c) // want `what net.Dial returns is shared in it .*, and a network connection belongs to one process`
}

func serve(c net.Conn) { c.Close() }

func logs() {
	go func() { log.SetFlags(0) }() // want `the standard logger is used in it .*, and each process has its own`
}

func reads() {
	go func() { // want `standard input is used in it .*, and it is that of the process of main`
		var b [10]byte
		os.Stdin.Read(b[:])
	}()
}

func unknown(f func()) {
	n := 0
	go func() { n++ }()
	f()
	fmt.Println(n)
}

func acknowledged() {
	n := 0
	//hark:ok placed it is only a statistic
	go func() { n++ }()
	fmt.Println(n)
}

func either(parallel bool) {
	n := 0
	if parallel {
		go func() { n++ }()
	}
	if !parallel {
		n++
	}
}

func totals(xs []int) (total int) {
	go func() { total++ }() // want `variable total .* is assigned in it .*, and is assigned by others`
	for _, x := range xs {
		total += x
	}
	return total
}

func atomically() {
	n, turn := 0, int32(0)
	go func() {
		n = 1
		atomic.AddInt32(&turn, 1)
	}()
	if atomic.AddInt32(&turn, 1) == 2 {
		n = 2
	}
	fmt.Println(n)
}

func named() (n int) {
	n = 3
	go func() { fmt.Println(n) }()
	return n
}
