package rt

import (
	"sync"
	"unsafe"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file defines the operations of sync.Map in programs whose goroutines may be in several processes.
//
// A sync.Map that is shared has a lock in the exchange. Who has it does the operation on the map of its own process, natively; the reply that has given it the
// lock has told what others have done, and what it has done is part of the batch that unlocks. So each operation is atomic, as in Go.

// onMap does f, an operation on m, as only one process at a time does. It reports false if g has conceded.
func (g *G) onMap(m *sync.Map, f func()) bool {
	t := g.lockThing(unsafe.Pointer(m))
	if t == nil {
		if g != nil && g.Before() {
			g.Concede(Ready())
			return false
		}
		f()
		return true
	}
	r := g.ask("sync.Map", func() *ask {
		return &ask{op: exchange.Op{Kind: exchange.OpLock, Object: exchange.ObjectID(t.ID), Mode: exchange.Exclusive}}
	})
	if r == nil {
		return false
	}
	defer g.tell(t, exchange.Op{Kind: exchange.OpUnlock, Mode: exchange.Exclusive}) // also if the key cannot be hashed
	f()
	return true
}

// MapLoad is m.Load(k).
func MapLoad(g *G, m *sync.Map, k any) (v any, ok bool) {
	g.onMap(m, func() { v, ok = m.Load(k) })
	return v, ok
}

// MapStore is m.Store(k, v).
func MapStore(g *G, m *sync.Map, k, v any) { g.onMap(m, func() { m.Store(k, v) }) }

// MapLoadOrStore is m.LoadOrStore(k, v).
func MapLoadOrStore(g *G, m *sync.Map, k, v any) (actual any, loaded bool) {
	g.onMap(m, func() { actual, loaded = m.LoadOrStore(k, v) })
	return actual, loaded
}

// MapLoadAndDelete is m.LoadAndDelete(k).
func MapLoadAndDelete(g *G, m *sync.Map, k any) (v any, loaded bool) {
	g.onMap(m, func() { v, loaded = m.LoadAndDelete(k) })
	return v, loaded
}

// MapDelete is m.Delete(k).
func MapDelete(g *G, m *sync.Map, k any) { g.onMap(m, func() { m.Delete(k) }) }

// MapSwap is m.Swap(k, v).
func MapSwap(g *G, m *sync.Map, k, v any) (old any, loaded bool) {
	g.onMap(m, func() { old, loaded = m.Swap(k, v) })
	return old, loaded
}

// MapCompareAndSwap is m.CompareAndSwap(k, old, v).
func MapCompareAndSwap(g *G, m *sync.Map, k, old, v any) (swapped bool) {
	g.onMap(m, func() { swapped = m.CompareAndSwap(k, old, v) })
	return swapped
}

// MapCompareAndDelete is m.CompareAndDelete(k, old).
func MapCompareAndDelete(g *G, m *sync.Map, k, old any) (deleted bool) {
	g.onMap(m, func() { deleted = m.CompareAndDelete(k, old) })
	return deleted
}

// MapClear is m.Clear().
func MapClear(g *G, m *sync.Map) { g.onMap(m, m.Clear) }

// mapRangeFrame is the frame of a Range.
type mapRangeFrame struct {
	Frame
	m     *sync.Map
	f     func(k, v any) bool
	pairs []any // keys and values that are left
}

const (
	mapReading = iota + 1
	mapCalling
)

var _ = Register[mapRangeFrame]("sync.(*Map).Range",
	Point{PC: mapReading, Pos: "sync/map.go", Op: "sync.Map"}, Point{PC: mapCalling, Pos: "sync/map.go", Op: "calls the function"})

// MapRange is m.Range(f), over what m holds when it is called; f may suspend.
func MapRange(g *G, m *sync.Map, f func(k, v any) bool) {
	pc, pairs := mapReading, []any(nil)
	if g.restoring() {
		r := Pop[mapRangeFrame](g)
		pc, m, f, pairs = r.PC, r.m, r.f, r.pairs
	}
	if pc == mapReading {
		read := func() {
			m.Range(func(k, v any) bool {
				pairs = append(pairs, k, v)
				return true
			})
		}
		if !g.onMap(m, read) {
			g.Push(&mapRangeFrame{Frame{PC: mapReading}, m, f, nil})
			return
		}
	}
	for ; len(pairs) > 0; pairs = pairs[2:] {
		g.Dyn()
		more := f(pairs[0], pairs[1])
		g.EndDyn()
		if g.suspending {
			g.Push(&mapRangeFrame{Frame{PC: mapCalling}, m, f, pairs})
			return
		}
		if !more {
			return
		}
	}
}
