package snap

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"
)

// linkParent and linkContext look like the contexts of package context, as it is compiled along.
type linkParent interface{ parent() *linkContext }

type linkContext struct {
	linkParent

	mu       sync.Mutex          `hark_share:"context"`
	done     any                 `hark_share:"own"`
	children map[linkParent]bool `hark_share:"own"`
	cause    error               `hark_share:"own"`
	timers   [6]*time.Timer      `hark_share:"own"`
	deadline time.Time
	user     map[string]*linkContext
}

func (c *linkContext) parent() *linkContext { return c }

func (c *linkContext) channel() chan struct{} {
	if c.done == nil {
		c.done = make(chan struct{})
	}
	return c.done.(chan struct{})
}

// contextSide is a side that knows the Done channels of these contexts.
func contextSide(t *testing.T, n uint64, contexts ...*linkContext) side {
	s := newSide(t, n)
	s.SetContexts(ContextHooks{
		Owner: func(ch unsafe.Pointer) any {
			for _, c := range contexts {
				if d := c.channel(); *(*unsafe.Pointer)(unsafe.Pointer(&d)) == ch {
					return c
				}
			}
			return nil
		},
		Done: func(ctx any) unsafe.Pointer {
			contexts = append(contexts, ctx.(*linkContext)) // what has a Done channel is kept
			d := ctx.(*linkContext).channel()
			return *(*unsafe.Pointer)(unsafe.Pointer(&d))
		},
	})
	return s
}

// TestLinkContext: of a context what it is derived from and its deadline are shared; each process has the rest of its own.
func TestLinkContext(t *testing.T) {
	root := &linkContext{}
	child := &linkContext{linkParent: root, deadline: time.Unix(5, 0), cause: errors.New("mine"), children: map[linkParent]bool{}}
	child.user = map[string]*linkContext{"root": root}
	child.timers[3] = time.AfterFunc(time.Hour, func() {}) // this could not go to another process
	defer child.timers[3].Stop()
	root.children = map[linkParent]bool{child: true}
	a, b := contextSide(t, 0, root, child), contextSide(t, 1)
	var got *linkContext
	b.receive(a.send(&child), &got)
	want(t, "nothing has come", len(b.Contexts()) == 0)
	b.bringAll(a)
	come := b.Contexts()
	want(t, "two have", len(come) == 2 && len(b.Contexts()) == 0)
	for _, x := range come {
		c, ok := b.Around(x).(*linkContext)
		want(t, "what is around", ok && x.Kind == ThingContext && x.Ptr() == unsafe.Pointer(&c.mu) && b.LockAt(unsafe.Pointer(&c.mu)) == x)
	}
	up := got.parent()
	want(t, "itself", up == got)
	parent := got.linkParent.(*linkContext)
	want(t, "shared", got.deadline.Equal(child.deadline) && got.user["root"] == parent)
	want(t, "own", got.cause == nil && got.children == nil && got.done == nil && got.timers[3] == nil && parent.children == nil)
	want(t, "ids", b.LockAt(unsafe.Pointer(&parent.mu)).ID == a.LockAt(unsafe.Pointer(&root.mu)).ID)

	// What is its own is not overwritten, and no change.
	got.cause, got.done = errors.New("theirs"), make(chan struct{})
	region := a.At(unsafe.Pointer(child))
	before := b.content(region.ID)
	b.bring(a, region.ID)
	want(t, "still there", got.cause.Error() == "theirs" && got.done != nil)
	got.cause = nil
	want(t, "no change", region.Diff(before, b.content(region.ID)) == nil)

	// It comes back as itself.
	var back *linkContext
	a.receive(b.send(&got), &back)
	want(t, "back", back == child && child.timers[3] != nil)
	want(t, "found by its lock", a.ContextAt(unsafe.Pointer(&root.mu)).Kind == ThingContext && a.ContextAt(unsafe.Pointer(new(sync.Mutex))) == nil)
	runtime.KeepAlive(got)
}

// TestLinkDone: a Done channel is that of the context that has it.
func TestLinkDone(t *testing.T) {
	c := &linkContext{}
	a, b := contextSide(t, 0, c), contextSide(t, 1)
	var done <-chan struct{} = c.channel()
	type channels struct {
		first, second <-chan struct{}
		other         chan struct{}
	}
	var got channels
	sent := channels{done, done, make(chan struct{})}
	b.receive(a.send(&sent), &got)
	b.bringAll(a)
	come := b.Contexts()
	want(t, "a context has come", len(come) == 1)
	mine := b.Around(come[0]).(*linkContext)
	want(t, "its channel", got.first == (<-chan struct{})(mine.channel()) && got.second == got.first && got.other != mine.channel())
	d := mine.channel()
	want(t, "not shared", b.At(*(*unsafe.Pointer)(unsafe.Pointer(&d))) == nil && b.At(*(*unsafe.Pointer)(unsafe.Pointer(&got.other))) != nil)
	runtime.KeepAlive(mine)
}
