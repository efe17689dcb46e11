package snap

import (
	"errors"
	"runtime"
	"testing"
)

// A meddler is a writer that changes what is being saved, as a finalizer may.
type meddler struct{ change func() }

func (m *meddler) Write(b []byte) (int, error) {
	if m.change != nil && len(b) > 1<<10 { // not the header
		m.change()
		m.change = nil
	}
	return len(b), nil
}

// TestChanged: memory that changes while it is written makes an error, and the next save is good.
func TestChanged(t *testing.T) {
	type root struct {
		m     map[any]int // what they hold is written after first, how much it is before
		c     chan *node
		_     [1 << 17]byte // first
		p     *node         // found before first is written, written after it
		other map[any]int
		any   any
		s     []*int
	}
	tests := map[string]func(r *root){
		"pointer":   func(r *root) { r.p = &node{val: 2} },
		"interior":  func(r *root) { r.p.next = &node{val: 2} },
		"interface": func(r *root) { r.any = &node{} },
		"slice":     func(r *root) { r.s = append(r.s, new(int)) },
		"map":       func(r *root) { r.m["b"] = 2 },
		"new map":   func(r *root) { r.other = map[any]int{"c": 1} },
		"channel":   func(r *root) { r.c <- r.p },
		"finalizer": func(r *root) {
			done := make(chan bool)
			runtime.SetFinalizer(&node{val: 1}, func(n *node) {
				r.p.next = n // it lives again
				close(done)
			})
			runtime.GC()
			<-done
		},
	}
	for name, change := range tests {
		r := &root{p: &node{val: 1}, m: map[any]int{"a": 1}, c: make(chan *node, 2), any: 1}
		if err := Save(&meddler{func() { change(r) }}, r); !errors.Is(err, ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
		if q := load[root](t, save(t, r)); q.p.val != r.p.val || len(q.m) != len(r.m) || len(q.c) != len(r.c) {
			t.Errorf("%s: the next save is wrong", name)
		}
	}
}
