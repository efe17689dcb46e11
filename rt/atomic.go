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

// askAtomic asks for operation op on what is at a place; set says more of it. Who cannot wait need not for a store.
func (g *G) askAtomic(at sharedWord, op exchange.AtomicOp, set func(*ask)) *exchange.Reply {
	make := func() *ask {
		a := &ask{op: exchange.Op{Kind: exchange.OpAtomic, Object: exchange.ObjectID(at.t.ID), Offset: uint32(at.off), Atomic: op}}
		set(a)
		return a
	}
	if g.pins != 0 && (op == exchange.AtomicStore || op == exchange.AtomicStoreValue) {
		g.p.put(make())
		return nil
	}
	return g.ask("sync/atomic", make)
}

// askWord asks for an operation on a word.
func (g *G) askWord(at sharedWord, size uintptr, op exchange.AtomicOp, n, old int64) exchange.Reply {
	r := g.askAtomic(at, op, func(a *ask) { a.op.Size, a.op.N, a.op.Old = uint8(size), n, old })
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
		return T(g.askWord(at, size, exchange.AtomicLoad, 0, 0).N)
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
		g.askWord(at, size, exchange.AtomicStore, int64(v), 0)
	} else if g.conceded() {
		return
	} else if size == 4 {
		atomic.StoreUint32(half(p), uint32(v))
	} else {
		atomic.StoreUint64(whole(p), uint64(v))
	}
}

// AtomicAdd is atomic.AddInt64(p, d), and the like.
func AtomicAdd[T atomicWord](g *G, p *T, d T) T {
	size := unsafe.Sizeof(*p)
	if at, ok := g.atomicPlace(unsafe.Pointer(p), size); ok {
		return T(g.askWord(at, size, exchange.AtomicAdd, int64(d), 0).N)
	}
	if g.conceded() {
		return 0
	}
	if size == 4 {
		return T(atomic.AddUint32(half(p), uint32(d)))
	}
	return T(atomic.AddUint64(whole(p), uint64(d)))
}

// AtomicAddOnly is AtomicAdd without the result, which who cannot wait can do.
func AtomicAddOnly[T atomicWord](g *G, p *T, d T) {
	size := unsafe.Sizeof(*p)
	if g != nil && g.pins != 0 {
		if at, ok := g.atomicPlace(unsafe.Pointer(p), size); ok {
			g.p.put(&ask{op: exchange.Op{Kind: exchange.OpAtomic, Object: exchange.ObjectID(at.t.ID), Offset: uint32(at.off), Atomic: exchange.AtomicAdd, Size: uint8(size), N: int64(d)}})
			return
		}
	}
	AtomicAdd(g, p, d)
}

// AtomicSwap is atomic.SwapInt64(p, v), and the like.
func AtomicSwap[T atomicWord](g *G, p *T, v T) T {
	size := unsafe.Sizeof(*p)
	if at, ok := g.atomicPlace(unsafe.Pointer(p), size); ok {
		return T(g.askWord(at, size, exchange.AtomicSwap, int64(v), 0).N)
	}
	if g.conceded() {
		return 0
	}
	if size == 4 {
		return T(atomic.SwapUint32(half(p), uint32(v)))
	}
	return T(atomic.SwapUint64(whole(p), uint64(v)))
}

// AtomicCompareAndSwap is atomic.CompareAndSwapInt64(p, old, v), and the like.
func AtomicCompareAndSwap[T atomicWord](g *G, p *T, old, v T) bool {
	size := unsafe.Sizeof(*p)
	if at, ok := g.atomicPlace(unsafe.Pointer(p), size); ok {
		return g.askWord(at, size, exchange.AtomicCompareAndSwap, int64(v), int64(old)).OK
	}
	if g.conceded() {
		return false
	}
	if size == 4 {
		return atomic.CompareAndSwapUint32(half(p), uint32(old), uint32(v))
	}
	return atomic.CompareAndSwapUint64(whole(p), uint64(old), uint64(v))
}

// AtomicAnd is atomic.AndInt64(p, mask), and the like.
func AtomicAnd[T atomicWord](g *G, p *T, mask T) T {
	size := unsafe.Sizeof(*p)
	if at, ok := g.atomicPlace(unsafe.Pointer(p), size); ok {
		return T(g.askWord(at, size, exchange.AtomicAnd, int64(mask), 0).N)
	}
	if g.conceded() {
		return 0
	}
	if size == 4 {
		return T(atomic.AndUint32(half(p), uint32(mask)))
	}
	return T(atomic.AndUint64(whole(p), uint64(mask)))
}

// AtomicOr is atomic.OrInt64(p, mask), and the like.
func AtomicOr[T atomicWord](g *G, p *T, mask T) T {
	size := unsafe.Sizeof(*p)
	if at, ok := g.atomicPlace(unsafe.Pointer(p), size); ok {
		return T(g.askWord(at, size, exchange.AtomicOr, int64(mask), 0).N)
	}
	if g.conceded() {
		return 0
	}
	if size == 4 {
		return T(atomic.OrUint32(half(p), uint32(mask)))
	}
	return T(atomic.OrUint64(whole(p), uint64(mask)))
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
