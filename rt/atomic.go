package rt

import (
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/snap"
)

// This file defines the operations of package sync/atomic in programs whose goroutines may be in several processes.
//
// Where the memory is shared it is the exchange that does the operation, in one order with all that processes share. What comes of it is told with the reply,
// so the memory of this process has it before the goroutine goes on. Everywhere else the operation is Go's own.

// An atomicWord is what the functions of package sync/atomic work on.
type atomicWord interface {
	~int32 | ~int64 | ~uint32 | ~uint64 | ~uintptr
}

// Each of these is the word in a value of package sync/atomic, which is its first and only memory. checkLayout verifies it.
func Int32Word(x *atomic.Int32) *int32       { return (*int32)(unsafe.Pointer(x)) }
func Int64Word(x *atomic.Int64) *int64       { return (*int64)(unsafe.Pointer(x)) }
func Uint32Word(x *atomic.Uint32) *uint32    { return (*uint32)(unsafe.Pointer(x)) }
func Uint64Word(x *atomic.Uint64) *uint64    { return (*uint64)(unsafe.Pointer(x)) }
func UintptrWord(x *atomic.Uintptr) *uintptr { return (*uintptr)(unsafe.Pointer(x)) }

func boolWord(x *atomic.Bool) *uint32 { return (*uint32)(unsafe.Pointer(x)) }

// atomicLayout reports whether the types of package sync/atomic are as the functions above take them.
func atomicLayout() bool {
	for _, x := range []any{new(atomic.Int32), new(atomic.Int64), new(atomic.Uint32), new(atomic.Uint64), new(atomic.Uintptr), new(atomic.Bool), new(atomic.Pointer[int]), new(atomic.Value)} {
		t := reflect.TypeOf(x).Elem()
		f, ok := t.FieldByName("v")
		if !ok || f.Offset != 0 || f.Type.Size() != t.Size() {
			return false
		}
	}
	return unsafe.Sizeof(atomic.Bool{}) == 4
}

// A sharedWord is shared memory, and where in it something is.
type sharedWord struct {
	t   *snap.Thing
	off int
}

// atomicPlace returns where in shared memory the size bytes at p are. If they are not shared it is nothing, or g has conceded: a loop may do nothing but this.
func (g *G) atomicPlace(p unsafe.Pointer, size uintptr) (at sharedWord, shared bool) {
	if word.Load() == 0 || g == nil || p == nil {
		return sharedWord{}, false
	}
	if s := g.p.share; s != nil {
		s.mu.Lock()
		at.t, at.off = s.link.MemoryAt(p, size)
		s.mu.Unlock() // what follows may take the lock of the process, which comes first
		if at.t != nil {
			return at, true
		}
	}
	if g.Before() {
		g.Concede(Ready())
	}
	return at, false
}

// askAtomic asks for operation op on what is at a place; set says more of it. Who cannot wait need not where nobody wants the result.
func (g *G) askAtomic(at sharedWord, op exchange.AtomicOp, wants bool, set func(*ask)) *exchange.Reply {
	make := func() *ask {
		a := &ask{op: exchange.Op{Kind: exchange.OpAtomic, Object: exchange.ObjectID(at.t.ID), Offset: uint32(at.off), Atomic: op}}
		set(a)
		return a
	}
	if g.pins != 0 && !wants {
		g.p.put(make())
		return nil
	}
	return g.ask("sync/atomic", make)
}

// askWord asks for an operation on a word.
func (g *G) askWord(at sharedWord, size uintptr, op exchange.AtomicOp, n, old int64, wants bool) exchange.Reply {
	r := g.askAtomic(at, op, wants, func(a *ask) { a.op.Size, a.op.N, a.op.Old = uint8(size), n, old })
	if r == nil {
		return exchange.Reply{}
	}
	return *r
}

// conceded reports whether g has conceded.
func (g *G) conceded() bool { return g != nil && g.suspending }

func half[T atomicWord](p *T) *uint32  { return (*uint32)(unsafe.Pointer(p)) }
func whole[T atomicWord](p *T) *uint64 { return (*uint64)(unsafe.Pointer(p)) }

// AtomicLoad is atomic.LoadInt64(p), and the like.
func AtomicLoad[T atomicWord](g *G, p *T) T {
	size := unsafe.Sizeof(*p)
	if at, ok := g.atomicPlace(unsafe.Pointer(p), size); ok {
		return T(g.askWord(at, size, exchange.AtomicLoad, 0, 0, true).N)
	}
	if g.conceded() {
		return 0
	}
	if size == 4 {
		return T(atomic.LoadUint32(half(p)))
	}
	return T(atomic.LoadUint64(whole(p)))
}

// AtomicStore is atomic.StoreInt64(p, v), and the like.
func AtomicStore[T atomicWord](g *G, p *T, v T) {
	size := unsafe.Sizeof(*p)
	if at, ok := g.atomicPlace(unsafe.Pointer(p), size); ok {
		g.askWord(at, size, exchange.AtomicStore, int64(v), 0, false)
	} else if g.conceded() {
		return
	} else if size == 4 {
		atomic.StoreUint32(half(p), uint32(v))
	} else {
		atomic.StoreUint64(whole(p), uint64(v))
	}
}

// update does op with v on the word at p, natively small or large. Unless wants, nobody wants the result, and who cannot wait need not.
func update[T atomicWord](g *G, p *T, op exchange.AtomicOp, v T, wants bool, small func(*uint32, uint32) uint32, large func(*uint64, uint64) uint64) T {
	size := unsafe.Sizeof(*p)
	if at, ok := g.atomicPlace(unsafe.Pointer(p), size); ok {
		return T(g.askWord(at, size, op, int64(v), 0, wants).N)
	}
	if g.conceded() {
		return 0
	}
	if size == 4 {
		return T(small(half(p), uint32(v)))
	}
	return T(large(whole(p), uint64(v)))
}

// AtomicAdd is atomic.AddInt64(p, d), and the like.
func AtomicAdd[T atomicWord](g *G, p *T, d T) T {
	return update(g, p, exchange.AtomicAdd, d, true, atomic.AddUint32, atomic.AddUint64)
}

// AtomicAddOnly is AtomicAdd without the result.
func AtomicAddOnly[T atomicWord](g *G, p *T, d T) {
	update(g, p, exchange.AtomicAdd, d, false, atomic.AddUint32, atomic.AddUint64)
}

// AtomicSwap is atomic.SwapInt64(p, v), and the like.
func AtomicSwap[T atomicWord](g *G, p *T, v T) T {
	return update(g, p, exchange.AtomicSwap, v, true, atomic.SwapUint32, atomic.SwapUint64)
}

// AtomicAnd is atomic.AndInt64(p, mask), and the like.
func AtomicAnd[T atomicWord](g *G, p *T, mask T) T {
	return update(g, p, exchange.AtomicAnd, mask, true, atomic.AndUint32, atomic.AndUint64)
}

// AtomicOr is atomic.OrInt64(p, mask), and the like.
func AtomicOr[T atomicWord](g *G, p *T, mask T) T {
	return update(g, p, exchange.AtomicOr, mask, true, atomic.OrUint32, atomic.OrUint64)
}

// AtomicCompareAndSwap is atomic.CompareAndSwapInt64(p, old, v), and the like.
func AtomicCompareAndSwap[T atomicWord](g *G, p *T, old, v T) bool {
	size := unsafe.Sizeof(*p)
	if at, ok := g.atomicPlace(unsafe.Pointer(p), size); ok {
		return g.askWord(at, size, exchange.AtomicCompareAndSwap, int64(v), int64(old), true).OK
	}
	if g.conceded() {
		return false
	}
	if size == 4 {
		return atomic.CompareAndSwapUint32(half(p), uint32(old), uint32(v))
	}
	return atomic.CompareAndSwapUint64(whole(p), uint64(old), uint64(v))
}

func bit(v bool) uint32 {
	if v {
		return 1
	}
	return 0
}

// AtomicBoolLoad is x.Load().
func AtomicBoolLoad(g *G, x *atomic.Bool) bool { return AtomicLoad(g, boolWord(x)) != 0 }

// AtomicBoolStore is x.Store(v).
func AtomicBoolStore(g *G, x *atomic.Bool, v bool) { AtomicStore(g, boolWord(x), bit(v)) }

// AtomicBoolSwap is x.Swap(v).
func AtomicBoolSwap(g *G, x *atomic.Bool, v bool) bool {
	return AtomicSwap(g, boolWord(x), bit(v)) != 0
}

// AtomicBoolCompareAndSwap is x.CompareAndSwap(old, v).
func AtomicBoolCompareAndSwap(g *G, x *atomic.Bool, old, v bool) bool {
	return AtomicCompareAndSwap(g, boolWord(x), bit(old), bit(v))
}
