package rt

// This file defines deferred calls in coloured functions.
//
//	defer f(x)             t := &thunk{x}; d.Add(t); defer rt.RunDeferred(g, &d, t)
//	               becomes
//	return                 d.Return(); return
//
// The calls are native, so that panic, recover and Goexit are Go's own. What a snapshot needs is the list of those that
// are still to run: the Defers, a local of the function, saved by value in its frame.
//
//   - While the goroutine unwinds for a suspension the native calls do nothing: they stay in the list.
//   - On the resume the function registers the pending ones again (Restore).
//   - During a normal return a deferred call may suspend. The native calls after it then do nothing, and the epilogue, which was
//     deferred first and so runs last, sees Suspended and pushes a frame whose point is the return.
//   - While panicking, or in Goexit, the stack below cannot be rebuilt: the goroutine is pinned during the call.
//   - When the call has recovered, Go drops the stack below and lets the function return once the call has. So it is a normal return from there on, and where
//     processes share something the rest of the call may suspend. (Elsewhere it need not, and a panic in it is reported together with the first, as Go does.)
//     That a panic was recovered in Goexit, which goes on then, changes nothing of the latter.

// Defers are the pending deferred calls of one function.
type Defers struct {
	pending   []Thunk // oldest first
	native    int     // how many of them, the oldest, are native deferred calls of the function
	returning bool    // the function returns normally
	suspended bool    // a deferred call has suspended
	pinned    bool    // the call in progress holds a pin
}

// Add enters a deferred call.
func (d *Defers) Add(t Thunk) {
	d.pending = append(d.pending, t)
	d.native++
}

// AddOuter enters a deferred call from the body of a range over a function: it belongs to the function that has the loop.
func (d *Defers) AddOuter(t Thunk) { d.pending = append(d.pending, t) }

// Outer returns what AddOuter has entered since the last time. The function with the loop defers each, oldest first.
func (d *Defers) Outer() []Thunk {
	ts := d.pending[d.native:]
	d.native = len(d.pending)
	return ts
}

// CatchOuter is deferred before the call that is a range over a function, for when it panics or exits: the function with the loop has
// not deferred the calls of the body itself then.
func CatchOuter(g *G, d *Defers) {
	if g.suspending || d.native == len(d.pending) {
		return
	}
	recovers := false
	for _, t := range d.Outer() {
		if r, ok := t.(Recoverer); ok {
			recovers = true
			defer r.Deferred(g, d)
		} else {
			defer RunDeferred(g, d, t)
		}
	}
	if !recovers {
		return
	}
	// Only the panic of this very frame can be recovered by what it defers.
	if r := recover(); r != nil {
		panic(r)
	}
}

// Pending returns the deferred calls that have not finished, oldest first.
func (d *Defers) Pending() []Thunk { return d.pending }

// Restore is called with the Defers of a popped frame. The caller defers each of the returned calls, oldest first.
func (d *Defers) Restore(*G) []Thunk {
	// The frame's copy shares the array, and could be pushed again.
	d.pending = append([]Thunk(nil), d.pending...)
	d.native = len(d.pending)
	d.returning, d.suspended, d.pinned = false, false, false
	return d.pending
}

// Return is called before a normal return: the deferred calls that follow may suspend.
func (d *Defers) Return() { d.returning = true }

// Suspended reports whether a deferred call has suspended, so that the epilogue has to push the frame.
func (d *Defers) Suspended(*G) bool {
	s := d.suspended
	d.suspended = false
	return s
}

// RunDeferred is the native deferred call for t.
func RunDeferred(g *G, d *Defers, t Thunk) {
	if !d.Enter(g, t) {
		return
	}
	defer d.Leave(g, t)
	if _, ok := t.(mayRecover); ok && panicking() {
		if v := recover(); v != nil { // nil: Goexit
			g.runRaised(d, t, v)
			return
		}
	}
	t.Run(g)
}

// Enter is the first half of RunDeferred, for a generated function that is deferred itself because it calls recover:
//
//	if !d.Enter(g, t) { return }
//	defer d.Leave(g, t)
//
// It reports whether the call is to be made.
func (d *Defers) Enter(g *G, _ Thunk) bool {
	if g.suspending {
		return false
	}
	g.dyn = 0 // of a dynamic call that has panicked
	if !d.returning || panicking() {
		g.pin()
		d.pinned = true
	}
	return true
}

// Recovered is called with what recover has returned in the call, and returns it.
func (d *Defers) Recovered(g *G, v any) any {
	if v != nil {
		d.recovered(g)
	}
	return v
}

// recovered makes a normal return of what follows.
func (d *Defers) recovered(g *G) {
	if d.pinned && word.Load()&bitShare != 0 && !exiting() {
		d.pinned, d.returning = false, true
		g.unpin()
	}
}

// Leave ends what Enter began, however the call has ended. If it has suspended it stays pending.
func (d *Defers) Leave(g *G, t Thunk) {
	if d.pinned {
		d.pinned = false
		g.unpin()
	}
	if g.suspending {
		d.suspended = true
		return
	}
	for i := len(d.pending) - 1; i >= 0; i-- {
		if d.pending[i] == t {
			d.pending[i] = nil
			d.pending = append(d.pending[:i], d.pending[i+1:]...)
			d.native--
			return
		}
	}
}
