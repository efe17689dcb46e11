// What a goroutine in a process of its own cannot do: use package variables that hold what a library keeps to one process, and unsafe memory.
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
	if new(sync.Mutex).TryLock() { // ERROR "sync.Mutex\\).TryLock is used by a goroutine"
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
	hits.Add(1)                                  // ERROR "sync/atomic.Int64\\).Add is used by a goroutine that runs in a process of its own"
	atomic.AddInt64(new(int64), 1)               // ERROR "sync/atomic.AddInt64"
	seen.Store(1, 2)                             // ERROR "sync.Map\\).Store"
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

func main() {
	out := make(chan int)
	go worker(out, new(atomic.Int64), new(sync.Map))
	go local() //hark:go local
	var wg sync.WaitGroup
	logger.SetPrefix("x")
	wg.Go(func() { logger.Print(2) })                   // ERROR "variable logger"
	f := func() { quiet.Print(table); logger.Print(3) } // ERROR "variable logger"
	wg.Go(f)
	<-out
	wg.Wait()
	fmt.Println(counter)
}
