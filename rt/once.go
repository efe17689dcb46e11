package rt

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// This file defines sync.Once.Do with a function that may suspend. Like Go's own it holds the lock of the Once meanwhile, on which
// other callers wait.

// onceMemory mirrors sync.Once. checkLayout verifies it.
type onceMemory struct {
	done atomic.Bool
	m    sync.Mutex
}

func onceOf(o *sync.Once) *onceMemory { return (*onceMemory)(unsafe.Pointer(o)) }

// onceFrame is the frame of a Do. It has the operands: on a resume, a caller through a func value has none.
type onceFrame struct {
	Frame
	o *sync.Once
	f func()
}

const (
	onceLocking = iota + 1
	onceCalling
)

var _ = Register[onceFrame]("sync.(*Once).Do",
	Point{PC: onceLocking, Pos: "sync/once.go", Op: "sync.Mutex.Lock"}, Point{PC: onceCalling, Pos: "sync/once.go", Op: "calls the function"})

// OnceDo is o.Do(f).
func OnceDo(g *G, o *sync.Once, f func()) {
	pc := onceLocking
	m := onceOf(o)
	if g.restoring() {
		r := Pop[onceFrame](g)
		pc, o, f = r.PC, r.o, r.f
		m = onceOf(o)
	} else if m.done.Load() {
		return
	}
	if pc == onceLocking { // who has begun to lock goes on with it: another process may have given it the lock
		if Lock(g, &m.m); g.suspending {
			g.Push(&onceFrame{Frame{PC: onceLocking}, o, f})
			return
		}
		if m.done.Load() {
			UnlockG(g, &m.m)
			return
		}
	}
	defer func() {
		if !g.suspending { // returned, or panics, or Goexit
			m.done.Store(true)
			UnlockG(g, &m.m)
		}
	}()
	g.Dyn()
	f()
	g.EndDyn()
	if g.suspending {
		g.Push(&onceFrame{Frame{PC: onceCalling}, o, f})
	}
}
