package rt

import (
	"sync"
	"testing"
	"unsafe"
)

// TestRecycle: a goroutine that gets the G of one that has ended inherits nothing of it.
func TestRecycle(t *testing.T) {
	var m sync.Mutex
	g := &G{stop: make(chan struct{}, 1)}
	g.faults, g.pins, g.dyn = true, 1, 2
	g.deadline.Store(3)
	g.holds(waitLock, unsafe.Pointer(&m))
	g.stop <- struct{}{}
	g.recycle()
	if g.faults || g.pins != 0 || g.dyn != 0 || g.deadline.Load() != 0 || g.held.one.lock != nil || len(g.stop) != 0 {
		t.Errorf("not blank: %+v", g)
	}
}
