// Sleepers measures the engine alone with processes that sleep, whose workers cost nothing: they are functions in the same operating-system process.
//
//	sleepers hold DIR N RATE BASE    begin N processes that sleep; print memory and processor time while all do; then die as by kill -9
//	sleepers wake DIR N RATE BASE    go on with them when it is BASE, a time in nanoseconds that must be far from now; print how late they wake
//	sleepers raw DIR N               put N records of the same size into Pebble, each of which waits for the disk
//
// One process is due at BASE; the first half from two seconds later on, so many a second; the others all at once when these are done.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store/pebble"
)

var began = time.Now()

// slots is how many processes are loaded at the same time.
const slots = 64

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sleepers:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 5 && (len(args) != 3 || args[0] != "raw") {
		return fmt.Errorf("usage: sleepers hold|wake DIR N RATE BASE, sleepers raw DIR N")
	}
	var numbers []int64
	for _, a := range args[2:] {
		n, err := strconv.ParseInt(a, 10, 64)
		if err != nil {
			return err
		}
		numbers = append(numbers, n)
	}
	if args[0] == "raw" {
		return raw(args[1], int(numbers[0]))
	}
	s, err := pebble.Open(args[1], nil)
	if err != nil {
		return err
	}
	b := &bench{plan: plan{n: int(numbers[0]), rate: numbers[1], base: time.Unix(0, numbers[2])}, store: s}
	switch args[0] {
	case "hold":
		return b.hold()
	case "wake":
		return errors.Join(b.wake(), s.Close())
	}
	return fmt.Errorf("unknown command %q", args[0])
}

// A plan says when processes 1 to n wake.
type plan struct {
	n    int
	rate int64 // processes a second
	base time.Time
}

func (l *plan) at(p exchange.ProcessID) time.Time {
	slow := l.base.Add(2 * time.Second)
	switch half := exchange.ProcessID(l.n / 2); {
	case p == 1:
		return l.base
	case p <= half:
		return slow.Add(time.Duration(p) * time.Second / time.Duration(l.rate))
	default:
		return slow.Add(time.Duration(half)*time.Second/time.Duration(l.rate) + 2*time.Second)
	}
}

// burst returns whether p is one of those that are due all at once.
func (l *plan) burst(p exchange.ProcessID) bool { return int(p) > l.n/2 }

type bench struct {
	plan
	store *pebble.Store
	shift time.Duration // of the clock
	begun atomic.Int64

	mu    sync.Mutex
	first time.Time       // when the process woke that is due first
	start time.Duration   // processor time until then
	lates []time.Duration // of the first half
	last  time.Time       // when the last of the burst woke
}

func (b *bench) now() time.Time { return time.Now().Add(b.shift) }

func (b *bench) open() (*engine.Engine, error) {
	e, err := engine.Open(context.Background(), engine.Options{Store: b.store, Run: "run", IdleAfter: 500 * time.Millisecond, Now: b.now})
	if err != nil {
		return nil, err
	}
	e.Attach(b, slots)
	return e, nil
}

// hold begins the processes.
func (b *bench) hold() error {
	before := heap()
	e, err := b.open()
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		_, err := e.Run(context.Background())
		ended <- err
	}()
	for b.begun.Load() < int64(b.n) {
		select {
		case err := <-ended:
			return fmt.Errorf("the run has ended: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	fmt.Println("begun", time.Since(began).Seconds(), "s")
	time.Sleep(4 * time.Second) // they are unloaded, and Pebble has come to rest
	fmt.Println("heap", float64(heap()-before)/float64(b.n), "bytes/process")
	fmt.Println("memory", float64(resident())/1e6, "MB", float64(usage().Maxrss)*1024/1e6, "MB-peak")
	cpu := cpuTime()
	time.Sleep(3 * time.Second)
	fmt.Println("asleep", (cpuTime()-cpu).Seconds()*1000/3, "ms/s")
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		return err
	}
	select {}
}

// wake goes on with the run until all have woken.
func (b *bench) wake() error {
	b.shift = time.Until(b.base)
	e, err := b.open()
	if err != nil {
		return err
	}
	cpu := cpuTime()
	if _, err := e.Run(context.Background()); err != nil {
		return err
	}
	cpu = cpuTime() - cpu
	slices.Sort(b.lates)
	ms := func(q float64) float64 { return b.lates[int(q*float64(len(b.lates)-1))].Seconds() * 1000 }
	fmt.Println("restart", b.first.Sub(began).Seconds()*1000, "ms-restart", b.start.Seconds()*1000, "ms-restart-cpu")
	fmt.Println("late", ms(0.5), "ms-p50", ms(0.99), "ms-p99", ms(1), "ms-max")
	fmt.Println("woken", float64(b.n-b.n/2)/b.last.Sub(b.at(exchange.ProcessID(b.n))).Seconds(), "woken/s")
	fmt.Println("processor", cpu.Seconds()*1e6/float64(b.n), "us/wake-up")
	fmt.Println("memory", float64(usage().Maxrss)*1024/1e6, "MB-peak")
	return nil
}

// woke notes that p has woken.
func (b *bench) woke(p exchange.ProcessID) error {
	late := b.now().Sub(b.at(p))
	if late < 0 {
		return fmt.Errorf("process %d woke %v too early", p, -late)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case p == 1:
		b.first, b.start = time.Now(), cpuTime()
	case b.burst(p):
		b.last = b.now()
	default:
		b.lates = append(b.lates, late)
	}
	return nil
}

// heap returns the bytes in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// resident returns the memory of this process at present, in bytes.
func resident() (n int64) {
	b, err := os.ReadFile("/proc/self/statm")
	if err == nil {
		var size int64
		fmt.Sscan(string(b), &size, &n)
	}
	return n * int64(os.Getpagesize())
}

func usage() (u syscall.Rusage) {
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u
}

func cpuTime() time.Duration {
	u := usage()
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
