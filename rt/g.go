package rt

import (
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
)

// A G is a goroutine of the program. It outlives the native goroutines that execute it.
type G struct {
	// Read by generated code at every call.
	suspending bool // unwinding: functions push their frames and return
	resuming   bool // frames are left to be popped, or chaos counts entries

	fresh freshness // progress since the last resume
	pins  int32     // frames on the stack that cannot be suspended

	state    atomic.Uint64 // odd while parked; grows with each Park and Unpark, so that equal means "has not moved"
	since    int64         // ticks when the wait began: the order of waiters
	stop     chan struct{} // capacity 1: token of a stop
	wake     chan struct{} // capacity 1: token of a waiter table, made on first use
	alarm    *time.Timer   // made on first use
	deadline atomic.Int64  // UnixNano of the Sleep in progress, 0 = none
	turn     turn          // step of a Cond.Wait in progress
	ticket   uint32        // its place

	// Where it goes on.
	id     int64
	root   Thunk
	frames []slot // innermost first
	waits  []Wait // what it waited for when it conceded

	// Bookkeeping.
	p       *process
	idx     int            // in process.gs, under process.mu
	down    bool           // no native goroutine, under process.mu
	native  atomic.Uintptr // getg() of the native goroutine
	slotted bool           // registered in known, else in spilled
	visit   visitState     // of a point under chaos
	adopted bool           // stands for a native goroutine that is not ours
	dyn     uintptr        // position of the frame that is about to make a dynamic call, 0 = none
	leave   func()         // unpin as a func value, made once
	faults  bool           // debug.SetPanicOnFault, which belongs to the native goroutine
	entry   waiter         // in a waiter table
	held    heldList       // locks

	blocked atomic.Pointer[block] // while pinned and parked

	chosen     any // what Choose has received: a pointer to it
	chosenOK   bool
	favour     bool            // the last select that could choose has taken what the process owns
	cancelling bool            // the operation is being given up
	asked      bool            // an operation on something shared waits for its reply
	reply      *exchange.Reply // which has come; under process.mu until g takes it

	raised, handed, armed *Raised // on its way to a deferred function; see mayRecover
}

// freshness says how far a G has come since it was resumed.
type freshness uint8

const (
	settled   freshness = iota // has finished or parked in an operation since the resume
	attempted                  // is in, or past, its first operation
	resumed                    // has not reached an operation
)

// A Thunk is a call with its operands: what a go or defer statement has evaluated.
type Thunk interface{ Run(g *G) }

// Suspending reports whether the goroutine is being suspended: the caller pushes its frame and returns.
func (g *G) Suspending() bool { return g.suspending }

// Resuming reports whether the caller is being called again to go on from its frame, or is to be counted by chaos: see Entry.
func (g *G) Resuming() bool { return g.resuming }

// restoring is Resuming for functions of this package, which chaos does not count.
func (g *G) restoring() bool { return len(g.frames) > 0 }

// ID returns the number of the goroutine, which stays the same for its whole life. Main has 1.
func (g *G) ID() int64 { return g.id }

// Park says that the goroutine is about to block. The operation has been tried in vain.
func (g *G) Park() {
	if g.fresh != settled {
		g.settle()
	} else {
		g.since = ticks()
	}
	g.state.Store((g.state.Load() + 2) | 1)
}

// Unpark says that the goroutine runs again, or has conceded.
func (g *G) Unpark() { g.state.Store((g.state.Load() + 2) &^ 1) }

// parked may be asked by any goroutine.
func (g *G) parked() bool { return g.state.Load()&1 != 0 }

// Stop returns the channel that delivers the request to concede. It is nil, and so never ready, for a pinned goroutine.
func (g *G) Stop() <-chan struct{} {
	if g.pins != 0 {
		return nil
	}
	return g.stop
}

// A block is what a pinned goroutine waits for, natively.
type block struct {
	state uint64 // G.state then: it counts only while that is the same
	waits []Wait
}

// Pinned reports whether the goroutine cannot be suspended.
func (g *G) Pinned() bool { return g.pins != 0 }

// Block says what a pinned goroutine, which has parked, waits for.
func (g *G) Block(w ...Wait) { g.blocked.Store(&block{g.state.Load(), w}) }

// Concede gives up the operation in progress, which has had no effect. The goroutine waits for one of w.
func (g *G) Concede(w ...Wait) {
	g.waits = append(g.waits[:0], w...)
	g.suspending = true
	if !g.parked() && g.fresh != attempted {
		g.since = ticks()
	}
}

// Before is asked before an operation is tried. It reports whether to concede instead.
func (g *G) Before() bool { return word.Load() != 0 && g.before() }

func (g *G) before() bool {
	switch g.fresh {
	case resumed:
		g.fresh = attempted
		return false
	case attempted:
		g.settle()
	}
	if g.pins != 0 {
		return false
	}
	w := word.Load()
	if w&bitStop != 0 {
		return true
	}
	if w&bitChaos == 0 {
		return false
	}
	if w&bitVisit != 0 {
		if w&bitPoll == 0 {
			word.Or(bitPoll)
		}
		if !g.p.visits.operation() {
			return false
		}
	}
	return g.p.chaosOp()
}

// Poll is asked on the back edges of loops: a stop has been asked for, so Yield and leave. It makes no call, so that a loop keeps
// its variables in registers. The resume goes on after it.
func (g *G) Poll() bool { return word.Load()&(bitStop|bitPoll) != 0 && g.pins == 0 }

// Yield concedes at a Poll.
func (g *G) Yield() {
	if word.Load()&bitStop == 0 {
		g.visit = polled
	}
	if g.fresh != settled {
		g.settle()
	}
	g.Concede(Ready())
}

// settle records that g has made its attempt since the resume; see invariant 6.
func (g *G) settle() {
	g.fresh = settled
	g.p.settle()
}

// pin forbids suspension until unpin.
func (g *G) pin() {
	if g.pins++; g.pins == 1 {
		g.p.pinned.Add(1)
	}
}

func (g *G) unpin() {
	if g.pins--; g.pins == 0 {
		g.blocked.Store(nil)
		g.p.pinned.Add(-1)
	}
}

// main is the life of one native goroutine of g.
func (g *G) main() {
	enlist(g)
	returned := false
	defer func() { g.exit(returned) }()
	for {
		g.resuming = len(g.frames) > 0 || word.Load()&bitVisit != 0
		if g.faults {
			debug.SetPanicOnFault(true)
		}
		g.root.Run(g)
		if !g.suspending {
			returned = true
			return
		}
		g.suspending = false
		g.faults = debug.SetPanicOnFault(false)
		if g.passes() {
			continue
		}
		delist(g)
		if g.p.concede(g) {
			returned = true
			g = nil // it belongs to the monitor now
			return
		}
		enlist(g) // the stop had been called off
	}
}

// exit is the last deferred call of a native goroutine. After a panic it leaves everything alone: the runtime is about to end the
// program, and would be outrun if the G's end looked like a deadlock.
func (g *G) exit(returned bool) {
	if g == nil {
		return
	}
	delist(g)
	if !returned && calledBy("runtime.gopanic") {
		g.p.crashing.Store(true)
		g.p.tracePanic(g)
		return
	}
	g.p.end(g, returned)
}
