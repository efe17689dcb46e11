package snap

// This file defines contexts that processes share.
//
// A context is memory of which processes share a part: what it is derived from, its deadline. Of the rest - the Done channel, the contexts derived from it, the timer -
// each process has its own; such fields have the tag hark_share:"own". The lock among them, with the tag hark_share:"context", has the id by which the context is known:
// it is the thing that is cancelled. Whoever makes the Link cancels, and sets up what has come (Contexts).
//
// The Done channel, where it goes from process to process alone, is written as that of its context.

import (
	"reflect"
	"slices"
	"unsafe"
)

// ContextHooks are what the codec has to know of contexts.
type ContextHooks struct {
	Owner func(ch unsafe.Pointer) any  // the context whose Done channel it is, a pointer to its memory; nil if it is none's
	Done  func(ctx any) unsafe.Pointer // its Done channel
}

// SetContexts sets the hooks. They are called while the codec works, and do not call it.
func (l *Link) SetContexts(h ContextHooks) { l.hooks = h }

// mark gives the ops of a field what its tag says. It reports whether each process has its own.
func (c *compiler) mark(tag reflect.StructTag, ops []op) (own bool) {
	switch tag.Get("hark_share") {
	case "own":
		for i := range ops {
			ops[i].own = true
		}
		return true
	case "context":
		for i := range ops {
			ops[i].lock = ThingContext
		}
	}
	return false
}

// Contexts returns the contexts that have come since the last call, in the order in which they have.
func (l *Link) Contexts() []*Thing {
	c := l.contexts
	l.contexts = nil
	return c
}

// Around returns a pointer to the memory that t, a context, is a part of; nil if it is gone.
func (l *Link) Around(t *Thing) any {
	mu.Lock()
	defer mu.Unlock()
	if m := l.around(uintptr(t.Ptr())); m != nil {
		return m.Ref()
	}
	return nil
}

// around returns the shared memory in which p lies.
func (l *Link) around(p uintptr) *Thing {
	base, _, _ := findObject(p, 0, 0)
	for _, m := range l.byBase[base] {
		if at := uintptr(m.Ptr()); p != 0 && at != 0 && m.Kind == ThingMemory && at <= p && p < at+m.Type.Size() {
			return m
		}
	}
	return nil
}

// ContextAt makes the context shared whose lock is at p, in shared memory; nil if it is not in any.
func (l *Link) ContextAt(p unsafe.Pointer) *Thing {
	mu.Lock()
	defer mu.Unlock()
	if l.around(uintptr(p)) == nil {
		return nil
	}
	return l.share(ThingContext, nil, 0, p)
}

// done writes a reference to the Done channel of the context *ctx.
func (e *encoder) done(ctx any) {
	v := reflect.ValueOf(ctx)
	e.special(specialDone)
	e.thing(e.link.share(ThingMemory, v.Type().Elem(), 1, v.UnsafePointer()))
}

// done reads what the done of the encoder has written.
func (d *decoder) done() unsafe.Pointer {
	p := d.thing(nil, nil)
	t := d.link.byAddr[uintptr(p)]
	if t == nil || t.Kind != ThingMemory || d.link.hooks.Done == nil || !hasContext(t.Type) {
		corrupt("Done channel of what is no context")
	}
	return d.link.hooks.Done(t.Ref())
}

// hasContext reports whether a t has a context in it.
func hasContext(t reflect.Type) bool {
	p, _ := progOf(t)
	return slices.ContainsFunc(p.ops, func(o op) bool { return o.lock == ThingContext })
}
