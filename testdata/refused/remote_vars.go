// What goroutines in processes of their own cannot do: use package variables that hold what a library keeps to one process, unsafe memory, and what package
// sync does where it is not called directly.
// flags: -placement remote

package main

import (
	"fmt"
	"log"
	"os"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

var (
	counter int
	table   = map[string]int{}
	results = make(chan int)
	mu      sync.Mutex
	limit   = 10 // nothing writes it, so each process has the same
	names   = []string{"a", "b"}
	logger  = log.New(os.Stderr, "", 0)
	quiet   = log.New(os.Stderr, "", 0) // nothing changes it
)

type total struct{ n int }

// String is called by package fmt.
func (t total) String() string { return logger.Prefix() } // ERROR "variable logger is used by a goroutine that runs in a process of its own \\(go statement at .*remote_vars.go:[0-9]+\\); it holds a log.Logger, whose package uses it in one process only; give the goroutine one of its own, or mark the go statement //hark:go local"

type box[T any] struct{ v T }

func (b box[T]) count() int { return len(logger.Prefix()) } // ERROR "variable logger"

func deep(out chan<- int) {
	counter++
	mu.Lock()
	mu.Unlock()
	if new(sync.Mutex).TryLock() {
		return
	}
	out <- len(names)
}

func worker(out chan int, hits *atomic.Int64, seen *sync.Map) {
	for i := range limit {
		out <- i
	}
	deep(out)
	results <- 1
	hits.Add(1)
	atomic.AddInt64(new(int64), 1)
	seen.Store(1, 2)
	fmt.Println(*(*int)(unsafe.Pointer(&limit))) // ERROR "unsafe"
	xs := []int{2, 1}
	sort.Slice(xs, func(i, j int) bool { return logger.Flags() > 0 }) // ERROR "variable logger"
	time.AfterFunc(1, func() { logger.Print(1) })                     // ERROR "variable logger"
	fmt.Println(total{1}, box[int]{1}.count())
	if len(xs) > 2 {
		os.Exit(1)
	}
	runtime.Goexit()
}

func local() { counter++ }

type rw interface {
	sync.Locker
	RLock()
}

type embeds struct{ sync.Mutex }

// elsewhere is not called by a goroutine of another process, but may share with one.
func elsewhere(n *atomic.Int32, l rw, m sync.Locker) {
	add := n.Add
	add(1)
	var a interface{ Add(int32) int32 } = n
	a.Add(1)                    // ERROR "sync/atomic.Int32\\).Add is used through an interface, in a program with goroutines in processes of their own"
	l.RLock()                   // ERROR "sync.RWMutex\\).RLock is used through an interface"
	m.Lock()                    // ERROR "sync.Mutex\\).Lock of an embedded lock is used through an interface"
	f := (*sync.WaitGroup).Done // ERROR "sync.WaitGroup\\).Done is used as a value"
	f(new(sync.WaitGroup))
	load := atomic.LoadInt32 // ERROR "sync/atomic.LoadInt32 is used as a value"
	_ = load
}

func main() {
	out := make(chan int)
	go worker(out, new(atomic.Int64), new(sync.Map))
	go local() //hark:go local
	elsewhere(new(atomic.Int32), new(sync.RWMutex), new(embeds))
	var wg sync.WaitGroup
	logger.SetPrefix("x")
	wg.Go(func() { logger.Print(2) })                   // ERROR "variable logger"
	f := func() { quiet.Print(table); logger.Print(3) } // ERROR "variable logger"
	wg.Go(f)
	<-out
	wg.Wait()
	fmt.Println(counter)
}
