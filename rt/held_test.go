package rt_test

import (
	"sync"
	"testing"

	"github.com/harkgen/harkgen/rt"
)

// TestHeld: what a goroutine is listed to hold after others have released it, in every way.
func TestHeld(t *testing.T) {
	var m, n, other sync.Mutex
	var rw sync.RWMutex
	g, h := new(rt.G), new(rt.G)
	hold := func(g *rt.G, ms ...*sync.Mutex) {
		for _, m := range ms {
			if rt.Lock(g, m); !g.Holds(m) {
				t.Error("locked, but not listed")
			}
		}
	}
	check := func(what string, g *rt.G, want ...any) {
		t.Helper()
		got := g.Held()
		if len(got) != len(want) {
			t.Fatalf("%s: holds %d locks, want %d", what, len(got), len(want))
		}
		for _, l := range want {
			if !g.Holds(l) {
				t.Errorf("%s: %T is missing", what, l)
			}
		}
	}

	hold(g, &m, &n, &other)
	check("three", g, &m, &n, &other)
	rt.UnlockG(g, &n)
	check("the middle one is released", g, &m, &other)
	rt.UnlockG(g, &m)
	check("then the first", g, &other)

	rt.UnlockG(h, &other)
	check("released by another goroutine", g)
	hold(h, &other)
	check("which locks it then", h, &other)
	check("the first one", g)
	rt.Unlock(&other)
	check("released where there is no g", h)
	hold(g, &other)
	check("and locked again", g, &other)
	rt.UnlockG(g, &other)

	hold(g, &m)
	m.Unlock()
	check("released by code that is not compiled", g)

	rt.RLock(g, &rw)
	rt.RLock(g, &rw)
	rt.RLock(h, &rw)
	check("twice for reading", g, &rw, &rw)
	rt.RUnlockG(g, &rw)
	check("once released", g, &rw)
	rt.RUnlockG(g, &rw)
	rt.RUnlockG(h, &rw)
	rt.RWLock(h, &rw)
	check("for writing", h, &rw)
	rt.RWUnlockG(h, &rw)
	check("released", h)

	// A lock that always comes back from another goroutine must not fill the list, nor those that never come back.
	for range 10000 {
		rt.Lock(g, &m)
		rt.UnlockG(h, &m)
	}
	check("handed over", g)
	for range 10000 {
		rt.Lock(g, new(sync.Mutex))
	}
	if k := len(g.Held()); k == 0 || k > 100 {
		t.Errorf("lists %d locks of 10000", k)
	}
}
