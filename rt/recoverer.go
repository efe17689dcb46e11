package rt

// Recover stands for `defer recover()` among the pending calls of a function: recover cannot be called for it.
var Recover Thunk = &recoverThunk{}

type recoverThunk struct{ _ byte } // of some size, so that its address is its own

func (*recoverThunk) Run(*G) {}

// A Recoverer is a Thunk whose callee recovers: it is deferred itself, as recover works only in the deferred function.
type Recoverer interface {
	Thunk
	Deferred(g *G, d *Defers)
}

// mayRecover is a Thunk that calls a func value or a method of an interface, whose callee may call recover. It is not the native deferred
// call itself, so RunDeferred recovers for it:
//
//	func (h handler) done() {           func hark_handler_done(g *rt.G, h handler) {
//		if r := recover(); ...      becomes     raised := g.TakeRaised()
//	}                                           if r := raised.Recover(); ...
//
// and panics again if the callee did not.
type mayRecover interface {
	Thunk
	MayRecover()
}

// A Raised is a panic that RunDeferred has recovered, for the function that it calls.
type Raised struct {
	g         *G
	d         *Defers
	value     any
	recovered bool
}

// Recover is recover in a function that was handed r; nil when there is nothing to recover.
func (r *Raised) Recover() any {
	if r == nil || r.recovered {
		return nil
	}
	r.recovered = true
	r.d.recovered(r.g)
	r.g, r.d = nil, nil // it may be part of a frame now
	return r.value
}

// runRaised makes the call t of d, in which v may be recovered.
func (g *G) runRaised(d *Defers, t Thunk, v any) {
	r := &Raised{g: g, d: d, value: v}
	g.raised = r
	t.Run(g)
	g.raised, g.handed = nil, nil
	if !r.recovered {
		panic(v)
	}
}

// hand is called by every wrapper. Only the one that the thunk itself calls is the deferred function; direct says whether it may be.
func (g *G) hand(direct bool) {
	g.handed = nil
	if direct {
		g.handed = g.raised
	}
	g.raised = nil
}

// Deferred is called by the wrapper of a function that recovers: the lowered function takes what Enter has handed to the wrapper.
func (g *G) Deferred() { g.armed = g.handed }

// TakeRaised returns the panic that the calling function may recover, nil if it was not deferred.
func (g *G) TakeRaised() *Raised {
	r := g.armed
	g.armed = nil
	return r
}
