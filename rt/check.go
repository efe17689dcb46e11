package rt

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// checkLayout verifies, once per process, what this package assumes about the Go runtime. It returns what does not hold.
func checkLayout() string {
	ch := make(chan int, 3)
	ch <- 1
	ch <- 2
	c := chanOf(any(ch))
	if c.qcount != 2 || c.dataqsiz != 3 || c.closed != 0 || c.timer != nil {
		return "layout of runtime.hchan"
	}
	close(ch)
	if c.closed == 0 {
		return "layout of runtime.hchan (closed)"
	}
	if chanOf(any(time.After(0))).timer == nil {
		return "layout of runtime.hchan (timer)"
	}
	send, recv := func(c chan int) { c <- 0 }, func(c chan int) { <-c }
	if !queuesUp(recv, send, waitRecv) || !queuesUp(send, recv, waitSend) {
		return "layout of runtime.hchan (queues)"
	}
	if !atomicLayout() {
		return "layout of the types of sync/atomic"
	}
	cond := sync.NewCond(&sync.Mutex{})
	m := memoryOf(cond)
	m.wait.Store(2)
	if cond.Signal(); m.l != cond.L || m.notify.Load() != 1 || m.checker != uintptr(unsafe.Pointer(&m.checker)) || unsafe.Sizeof(*m) != unsafe.Sizeof(*cond) {
		return "layout of sync.Cond"
	}
	var once sync.Once
	held := false
	if once.Do(func() { held = !onceOf(&once).m.TryLock() }); !held || !onceOf(&once).done.Load() || unsafe.Sizeof(once) != unsafe.Sizeof(onceMemory{}) {
		return "layout of sync.Once"
	}
	var rw sync.RWMutex
	rw.RLock()
	rw.RLock()
	n2, w2 := readers(&rw), writing(&rw)
	rw.RUnlock()
	rw.RUnlock()
	rw.Lock()
	if n2 != 2 || w2 || readers(&rw) != 0 || !writing(&rw) || !mutexLocked(&(*rwMemory)(unsafe.Pointer(&rw)).w) || unsafe.Sizeof(rw) != unsafe.Sizeof(rwMemory{}) {
		return "layout of sync.RWMutex"
	}
	var wg sync.WaitGroup
	wg.Add(3)
	n := groupCount(&wg)
	wg.Add(-3)
	if n != 3 || unsafe.Offsetof(struct{ f sync.WaitGroup }{}.f) != 0 {
		return "layout of sync.WaitGroup"
	}
	if panicking() || !panickingInPanic() {
		return "layout of runtime.g"
	}
	if !dynamicCall(wrapper) || !dynamicCall((&checker{}).wrapper) || dynamicCall(foreign) {
		return "frame pointers"
	}
	return ""
}

// queuesUp reports whether a goroutine that executes op, until its partner comes, shows as the end of the channel's queue.
func queuesUp(op, partner func(chan int), kind waitOp) bool {
	c := make(chan int)
	p := placeOf(chanOf(any(c)), kind)
	done := make(chan bool)
	go func() {
		op(c)
		close(done)
	}()
	p.await(time.Now().Add(patienceInOrder))
	queued := atomic.LoadPointer(p.end) != nil
	partner(c) // closing the channel would be a race with a sender
	<-done
	return p.before == nil && queued
}

// dynamicCall makes a dynamic call as generated code does, and reports whether Enter would see that.
//
//go:noinline
func dynamicCall(f func(dyn uintptr) bool) bool {
	var g G
	g.Dyn()
	return f(g.dyn)
}

// wrapper is like the wrapper of a coloured function.
//
//go:noinline
func wrapper(dyn uintptr) bool { return fakeEnter(dyn) }

// foreign is like uncompiled code that calls a wrapper.
//
//go:noinline
func foreign(dyn uintptr) bool { return wrapper(dyn) && dyn != 0 }

type checker struct{ _ int }

//go:noinline
func (*checker) wrapper(dyn uintptr) bool { return fakeEnter(dyn) }

//go:noinline
func fakeEnter(dyn uintptr) bool {
	pos, pc := caller(2)
	return pos == dyn || throughWrapper(dyn, pc)
}

func panickingInPanic() (yes bool) {
	defer func() {
		_ = recover()
		yes = panicking()
	}()
	panic("rt: self-check")
}
