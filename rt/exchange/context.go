package exchange

import (
	"cmp"
	"maps"
	"slices"
)

// This file defines contexts: what is shared of a context.Context that can be cancelled.
//
// That is one fact, which only ever becomes true: it is cancelled, and why. Whoever knows a context is told at once, by a reply that no goroutine has asked
// for: it may be waiting for just that, or look at it now and then without asking anybody.

// A context is a context.Context that can be cancelled.
type context struct {
	header
	parent   ObjectID              // whose cancellation cancels it; 0: none, or it is cancelled
	children map[ObjectID]*context // those that are not cancelled
	done     bool
	why      Value    // if done: the error and the cause
	watchers []*known // all who know it, until it is done
}

func (c *context) kind() ObjectKind { return KindContext }

func (c *context) refs(visit func(*Value)) { visit(&c.why) }

// shareContext makes a context. One whose parent has been cancelled is, too.
func (x *Exchange) shareContext(p *process, h header, s *Share) string {
	c := &context{header: h, done: s.Closed, why: s.Content}
	var parent *context
	if s.Parent != 0 && !c.done {
		var ok bool
		if parent, ok = find[*context](x, s.Parent); !ok {
			return noSuch
		}
	}
	x.objects[c.id] = c
	x.know(p, c)
	switch {
	case parent == nil:
	case parent.done:
		x.cancelContext(c, parent.why)
	default:
		parent.adopt(c)
	}
	return ""
}

func (c *context) adopt(child *context) {
	if c.children == nil {
		c.children = map[ObjectID]*context{}
	}
	c.children[child.id] = child
	child.parent = c.id
}

// cancelContext cancels c and what is derived from it. Of several cancellations the first counts.
func (x *Exchange) cancelContext(c *context, why Value) { // rule: cancel-context
	hear := map[ProcessID]*process{}
	x.cancelAll(c, why, hear)
	for _, p := range slices.SortedFunc(maps.Values(hear), func(a, b *process) int { return cmp.Compare(a.id, b.id) }) { // rule: news
		x.reply(p, Reply{Kind: ReplyNews})
	}
}

// cancelAll cancels c and what is derived from it, and adds to hear who has to be told.
func (x *Exchange) cancelAll(c *context, why Value, hear map[ProcessID]*process) {
	if c.done {
		return
	}
	c.done, c.why = true, why
	for _, k := range c.watchers {
		k.list = none
		k.enter(stale)
		hear[k.p.id] = k.p
	}
	c.watchers = nil
	x.orphan(c)
	for _, child := range c.children {
		x.cancelAll(child, why, hear)
	}
	c.children = nil
}

// orphan takes c from its parent.
func (x *Exchange) orphan(c *context) {
	if parent, ok := find[*context](x, c.parent); ok {
		delete(parent.children, c.id)
	}
	c.parent = 0
}

// drop takes c, which is garbage, out of the tree.
func (x *Exchange) dropContext(c *context) {
	x.orphan(c)
	for _, child := range c.children {
		child.parent = 0
	}
}

// upToDate implements told.
func (c *context) upToDate() *[]*known { return &c.watchers }

// since implements told.
func (c *context) since(stores []Stored, _ *known) []Stored {
	return append(stores, Stored{Object: c.id, Version: 1, Value: c.why})
}

// saw implements told. One who knows a context from its beginning sees it, too.
func (c *context) saw(k *known) {
	if k.seen = 1; !c.done {
		k.seen = 0
		k.enter(fresh)
	}
}
