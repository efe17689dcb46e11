package rt

// A Recoverer is a Thunk whose callee recovers: it is deferred itself, as recover works only in the deferred function.
type Recoverer interface {
	Thunk
	Deferred(g *G, d *Defers)
}
