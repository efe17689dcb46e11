package snap

// This file lists locks, atomics, times, errors and reflection.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unique"
	"unsafe"
	"weak"

	"github.com/harkgen/harkgen/rt/snap/netaddr"
)

type locks struct {
	free, held   sync.Mutex
	rwFree       sync.RWMutex
	read, write  *sync.RWMutex
	once, undone sync.Once
	wg           sync.WaitGroup
	cond         *sync.Cond
	locker       sync.Locker
	rlocker      sync.Locker
	pool         *sync.Pool
	many         [3]sync.Mutex
	byName       map[string]*sync.Mutex
}

func newPoolItem() any { return "new" }

var _ = check("locks", func(r *locks) {
	r.held.Lock()
	r.read, r.write = &sync.RWMutex{}, &sync.RWMutex{}
	r.read.RLock()
	r.read.RLock()
	r.write.Lock()
	r.once.Do(func() {})
	r.wg.Add(2)
	r.cond = sync.NewCond(&r.many[1])
	r.locker, r.rlocker = &r.held, r.read.RLocker()
	r.pool = &sync.Pool{New: newPoolItem}
	r.pool.Put(new(string))
	r.many[2].Lock()
	r.byName = map[string]*sync.Mutex{"held": &r.held}
}, func(t *testing.T, r *locks) {
	want(t, "mutexes", r.free.TryLock() && !r.held.TryLock() && !r.many[2].TryLock() && r.many[0].TryLock() && r.byName["held"] == &r.held)
	r.locker.Unlock()
	want(t, "unlocked through the interface", r.held.TryLock())
	want(t, "readers", r.rwFree.TryLock() && !r.read.TryLock() && r.read.TryRLock() && !r.write.TryRLock() && !r.write.TryLock())
	r.rlocker.Unlock()
	r.read.RUnlock()
	r.read.RUnlock()
	want(t, "no readers", r.read.TryLock())
	r.write.Unlock()
	want(t, "no writer", r.write.TryRLock())
	n := 0
	r.once.Do(func() { n++ })
	r.undone.Do(func() { n += 10 })
	want(t, "once", n == 10)
	done := make(chan bool)
	go func() { r.wg.Wait(); close(done) }()
	r.wg.Done()
	select {
	case <-done:
		t.Error("the wait group was at 1")
	case <-time.After(10 * time.Millisecond):
	}
	r.wg.Done()
	<-done
	want(t, "lock of the condition", r.cond.L == sync.Locker(&r.many[1]))
	r.cond.L.Lock()
	go func() { r.cond.L.Lock(); r.cond.Signal(); r.cond.L.Unlock() }()
	r.cond.Wait()
	want(t, "pool", r.pool.Get() != nil && r.pool.New != nil && r.pool.New() == "new")
})

type atomics struct {
	b    atomic.Bool
	i32  atomic.Int32
	i64  atomic.Int64
	u32  atomic.Uint32
	u64  atomic.Uint64
	up   atomic.Uintptr
	p    atomic.Pointer[node]
	none atomic.Pointer[node]
	v    atomic.Value
	v0   atomic.Value
	_    byte
	i64b atomic.Int64
	n    *node
	sm   sync.Map
	smP  *sync.Map
}

var _ = check("atomics and sync.Map", func(r *atomics) {
	r.n = &node{val: 3}
	r.b.Store(true)
	r.i32.Store(-1)
	r.i64.Store(-1 << 40)
	r.u32.Store(1 << 31)
	r.u64.Store(1 << 63)
	r.up.Store(9)
	r.p.Store(r.n)
	r.v.Store(r.n)
	r.i64b.Store(5)
	r.sm.Store("n", r.n)
	r.sm.Store(r.n, "by pointer")
	r.sm.Store("gone", 1)
	r.sm.Delete("gone")
	r.sm.Store(netip.MustParseAddr("::1"), 6)
	r.smP = &r.sm
}, func(t *testing.T, r *atomics) {
	want(t, "numbers", r.b.Load() && r.i32.Add(1) == 0 && r.i64.Load() == -1<<40 && r.u32.Load() == 1<<31 && r.u64.Load() == 1<<63 && r.up.Load() == 9 && r.i64b.Load() == 5)
	want(t, "pointers", r.p.Load() == r.n && r.none.Load() == nil && r.p.CompareAndSwap(r.n, r.n) && r.v.Load() == any(r.n) && r.v0.Load() == nil)
	v, _ := r.smP.Load("n")
	w, _ := r.sm.Load(r.n)
	x, _ := r.sm.Load(netip.MustParseAddr("::1"))
	_, gone := r.sm.Load("gone")
	want(t, "sync.Map", v == any(r.n) && w == "by pointer" && x == 6 && !gone)
	func() {
		defer func() { want(t, "an atomic.Value keeps its type", recover() != nil) }()
		r.v.Store("another type")
	}()
	_, loaded := r.sm.LoadOrStore("new", 1)
	r.sm.Delete("new")
	want(t, "LoadOrStore", !loaded && r.sm.CompareAndSwap("n", r.n, r.n))
	r.i32.Add(-1)
})

type times struct {
	zero, now, later, utc, local, fixed, berlin, stripped time.Time
	loc                                                   *time.Location
	ptr                                                   *time.Time
	byTime                                                map[time.Time]string
	boxed                                                 any
	d                                                     time.Duration
	mo                                                    time.Month
}

var _ = check("times", func(r *times) {
	r.now = time.Now()
	r.later = r.now.Add(3 * time.Second)
	r.stripped = r.now.Round(0)
	r.utc, r.local = time.Date(2024, 2, 29, 1, 2, 3, 4, time.UTC), time.Date(2024, 2, 29, 1, 2, 3, 4, time.Local)
	r.loc = time.FixedZone("X", 3600)
	r.fixed = r.now.In(r.loc)
	if b, err := time.LoadLocation("Europe/Berlin"); err == nil {
		r.berlin = r.utc.In(b)
	}
	r.ptr = &r.now
	r.byTime = map[time.Time]string{r.now: "now", r.stripped: "stripped", r.utc: "utc"}
	r.boxed = r.now
	r.d, r.mo = time.Minute, time.March
}, func(t *testing.T, r *times) {
	want(t, "zero", r.zero.IsZero() && r.d.String() == "1m0s" && r.mo.String() == "March")
	since := time.Since(r.now)
	wall := time.Now().Round(0).Sub(r.stripped)
	want(t, "time goes on", since >= 0 && since < time.Hour && (since-wall).Abs() < 100*time.Millisecond)
	want(t, "differences are exact", r.later.Sub(r.now) == 3*time.Second && r.later.After(r.now) && r.now.Equal(r.stripped))
	want(t, "identity", r.now != r.stripped && *r.ptr == r.now && r.boxed == any(r.now))
	want(t, "keys", len(r.byTime) == 3 && r.byTime[r.now] == "now" && r.byTime[r.stripped] == "stripped" && r.byTime[r.utc] == "utc")
	want(t, "zones", r.utc.Location() == time.UTC && r.now.Location() == time.Local && r.local.Location() == time.Local && r.fixed.Location() == r.loc && r.loc.String() == "X")
	want(t, "printing", r.utc.String() == "2024-02-29 01:02:03.000000004 +0000 UTC" && r.fixed.Equal(r.now))
	if !r.berlin.IsZero() {
		want(t, "Berlin", r.berlin.Hour() == 2 && r.berlin.AddDate(0, 5, 0).Hour() == 2 && r.berlin.AddDate(0, 5, 0).UTC().Hour() == 0)
	}
})

type durables struct {
	timer, past, stopped *time.Timer
	ticker               *time.Ticker
	after                <-chan time.Time
	start                time.Time
}

var _ = check("timers", func(r *durables) {
	r.start = time.Now()
	r.timer, r.past, r.stopped, r.ticker = time.NewTimer(time.Hour), time.NewTimer(time.Nanosecond), time.NewTimer(time.Hour), time.NewTicker(time.Hour)
	r.after = time.After(time.Nanosecond)
	r.stopped.Stop()
}, func(t *testing.T, r *durables) {
	in := time.Until(time.Unix(0, TimerDue(r.timer)))
	want(t, "due in an hour from the start", (in-time.Until(r.start.Add(time.Hour))).Abs() < 100*time.Millisecond)
	<-r.past.C
	<-r.after
	want(t, "stopped", !r.stopped.Stop())
	r.stopped.Reset(time.Millisecond)
	want(t, "started again", !(<-r.stopped.C).IsZero())
	r.ticker.Reset(time.Millisecond)
	<-r.ticker.C
	<-r.ticker.C
	want(t, "stop", r.timer.Stop() && !r.timer.Reset(time.Hour))
	r.ticker.Stop()
})

type failures struct {
	sentinel, eof, wrapped, joined, double error
	pathErr                                error
	custom                                 *ownError
	nested                                 error
	cause, heap                            error
}

type ownError struct {
	code int
	err  error
}

func (e *ownError) Error() string { return fmt.Sprint("own ", e.code, ": ", e.err) }
func (e *ownError) Unwrap() error { return e.err }

var _ = check("errors", func(r *failures) {
	r.sentinel, r.eof = errSentinel, io.EOF
	r.wrapped = fmt.Errorf("wrapped: %w", errSentinel)
	r.joined = errors.Join(io.EOF, r.wrapped, nil)
	r.double = fmt.Errorf("%w and %w", io.EOF, errGlobal)
	r.pathErr = &fs.PathError{Op: "open", Path: "x", Err: io.EOF}
	r.custom = &ownError{5, r.joined}
	r.nested = fmt.Errorf("outer: %w", r.custom)
	r.cause = context.Canceled
	r.heap = fmt.Errorf("wrapped: %w", errHeap)
}, func(t *testing.T, r *failures) {
	want(t, "identity", r.sentinel == errSentinel && r.eof == io.EOF && r.cause == context.Canceled)
	want(t, "wrapped", errors.Is(r.wrapped, errSentinel) && errors.Unwrap(r.wrapped) == errSentinel && r.wrapped.Error() == "wrapped: sentinel")
	want(t, "joined", errors.Is(r.joined, io.EOF) && errors.Is(r.joined, errSentinel) && errors.Is(r.double, errGlobal) && r.joined.Error() == "EOF\nwrapped: sentinel")
	var pe *fs.PathError
	var oe *ownError
	want(t, "as", errors.As(r.pathErr, &pe) && pe.Err == io.EOF && errors.As(r.nested, &oe) && oe == r.custom && errors.Is(r.nested, io.EOF))
	want(t, "unregistered sentinel", errors.Unwrap(r.heap) == errHeap)
	want(t, "one object", oe.err == r.joined)
})

type mirrors struct {
	t, made, iface, fn reflect.Type
	val, addr, elem    reflect.Value
	str, method, zero  reflect.Value
	byType             map[reflect.Type]int
	x                  int
	field              reflect.StructField
	kind               reflect.Kind
}

var _ = check("reflection", func(r *mirrors) {
	r.t, r.iface, r.fn = reflect.TypeFor[duo[string, *node]](), reflect.TypeFor[shape](), reflect.TypeFor[func(int) string]()
	r.made = reflect.MapOf(reflect.TypeFor[[7]string](), reflect.SliceOf(r.t))
	r.x = 5
	r.val, r.addr, r.str = reflect.ValueOf(square{2}), reflect.ValueOf(&r.x), reflect.ValueOf("text")
	r.elem = r.addr.Elem()
	r.method = reflect.ValueOf(topLevel)
	r.byType = map[reflect.Type]int{r.t: 1, r.made: 2}
	r.field, _ = reflect.TypeFor[node]().FieldByName("next")
	r.kind = reflect.Map
}, func(t *testing.T, r *mirrors) {
	want(t, "types", r.t == reflect.TypeFor[duo[string, *node]]() && r.iface == reflect.TypeFor[shape]() && r.fn == reflect.TypeFor[func(int) string]())
	want(t, "made", r.made == reflect.MapOf(reflect.TypeFor[[7]string](), reflect.SliceOf(r.t)) && r.byType[r.t] == 1 && r.byType[r.made] == 2)
	want(t, "made is usable", reflect.MakeMap(r.made).Len() == 0)
	want(t, "values", r.val.Interface() == any(square{2}) && r.addr.Interface() == any(&r.x) && r.str.String() == "text" && !r.zero.IsValid())
	r.elem.SetInt(6)
	want(t, "settable", r.x == 6 && r.elem.CanAddr() && r.method.Call([]reflect.Value{reflect.ValueOf(1)})[0].Int() == 1001)
	want(t, "field", r.field.Type == reflect.TypeFor[*node]() && r.kind.String() == "map")
	r.elem.SetInt(5)
})

func init() {
	RegisterHandle(netaddr.Handle())
	for _, f := range []func(){handleOf[string], handleOf[duo[string, int]], handleOf[handleUser], handleOf[any], handleOf[[2]float64], handleOf[int8]} {
		f()
	}
}

func handleOf[T comparable]() {
	RegisterHandle(reflect.TypeFor[T](), func(p unsafe.Pointer) unsafe.Pointer {
		h := unique.Make(*(*T)(p))
		return *(*unsafe.Pointer)(unsafe.Pointer(&h))
	})
}

type handleUser struct {
	name unique.Handle[string]
	more any
	arr  [6]any
}

func newHandleUser() handleUser {
	deep := duo[any, unique.Handle[string]]{[1]any{unique.Make[any](unique.Make("deep"))}, unique.Make("value")}
	return handleUser{unique.Make("name"), unique.Make([2]float64{1, 2}), [6]any{5: deep}}
}

type uniques struct {
	s, s2  unique.Handle[string]
	p      unique.Handle[duo[string, int]]
	nested unique.Handle[handleUser]
	any    unique.Handle[any]
	small  unique.Handle[int8]
	empty  unique.Handle[nothing]
	none   unique.Handle[string]
	byName map[unique.Handle[string]]int
	byAny  map[any]int
	ptr    *unique.Handle[string]
	list   []unique.Handle[string]
	c      chan unique.Handle[string]
	sm     sync.Map
	addr   netip.Addr
	zone   netip.AddrPort
	byAddr map[netip.Addr]string
}

var _ = check("unique.Handle", func(r *uniques) {
	r.s, r.p, r.nested = unique.Make("some string"), unique.Make(duo[string, int]{"k", 1}), unique.Make(newHandleUser())
	r.s2, r.ptr = r.s, &r.s
	r.any, r.small, r.empty = unique.Make[any](unique.Make("in any")), unique.Make[int8](5), unique.Make(nothing{})
	r.byName = map[unique.Handle[string]]int{r.s: 1, unique.Make("b"): 2}
	r.byAny = map[any]int{r.s: 3, r.nested: 4, newHandleUser(): 5}
	r.list = []unique.Handle[string]{r.s, {}, unique.Make("c")}
	r.c = make(chan unique.Handle[string], 1)
	r.c <- unique.Make("d")
	r.sm.Store(unique.Make("e"), unique.Make("f"))
	r.addr = netip.MustParseAddr("192.0.2.1")
	r.zone = netip.MustParseAddrPort("[fe80::1%eth1]:443")
	r.byAddr = map[netip.Addr]string{r.addr: "four", r.zone.Addr(): "zone", netip.IPv6Loopback(): "six", {}: "none"}
}, func(t *testing.T, r *uniques) {
	want(t, "equal to one made here", r.s == unique.Make("some string") && r.s2 == r.s && *r.ptr == r.s && r.s.Value() == "some string")
	want(t, "structs", r.p == unique.Make(duo[string, int]{"k", 1}) && r.small == unique.Make[int8](5) && r.empty == unique.Make(nothing{}))
	want(t, "handles in handles", r.nested == unique.Make(newHandleUser()) && r.any == unique.Make[any](unique.Make("in any")))
	want(t, "zero", r.none == unique.Handle[string]{} && r.none != r.s)
	want(t, "keys", r.byName[unique.Make("some string")] == 1 && r.byName[unique.Make("b")] == 2 && r.byAny[r.s] == 3 && r.byAny[unique.Make(newHandleUser())] == 4 && r.byAny[newHandleUser()] == 5)
	h := <-r.c
	r.c <- h
	f, _ := r.sm.Load(unique.Make("e"))
	want(t, "in data", r.list[0] == r.s && r.list[1] == unique.Handle[string]{} && r.list[2] == unique.Make("c") && h == unique.Make("d") && f == any(unique.Make("f")))
	want(t, "addresses", r.addr == netip.MustParseAddr("192.0.2.1") && r.zone == netip.MustParseAddrPort("[fe80::1%eth1]:443") && r.zone.Addr().Zone() == "eth1")
	want(t, "by address", r.byAddr[netip.MustParseAddr("192.0.2.1")] == "four" && r.byAddr[netip.MustParseAddr("fe80::1%eth1")] == "zone" && r.byAddr[netip.MustParseAddr("::1")] == "six" && r.byAddr[netip.Addr{}] == "none")
})

type weaks struct {
	kept          *outer
	p, q          weak.Pointer[outer]
	inner         weak.Pointer[node]
	lost, lost2   weak.Pointer[node]
	another, none weak.Pointer[node]
	global        weak.Pointer[config]
	byKey         map[weak.Pointer[node]]string
	boxed         any
	elem          weak.Pointer[int]
	ints          []int
	timer         *time.Timer
	weakTimer     weak.Pointer[time.Timer]
	self          weak.Pointer[weaks]
	ext           weak.Pointer[config]
}

var _ = check("weak.Pointer", func(r *weaks) {
	r.kept = &outer{head: "kept"}
	r.p, r.q, r.inner = weak.Make(r.kept), weak.Make(r.kept), weak.Make(&r.kept.node)
	n, m := &node{val: 1}, &node{val: 2}
	r.lost, r.another = weak.Make(n), weak.Make(m)
	r.lost2 = r.lost
	r.global = weak.Make(globalConfig)
	r.byKey = map[weak.Pointer[node]]string{r.lost: "lost", r.inner: "inner", r.none: "none"}
	r.boxed = r.p
	r.ints = []int{1, 2, 3}
	r.elem = weak.Make(&r.ints[1])
	r.timer = time.NewTimer(time.Hour)
	r.weakTimer, r.self, r.ext = weak.Make(r.timer), weak.Make(r), weak.Make(externalState)
}, func(t *testing.T, r *weaks) {
	want(t, "kept", r.p.Value() == r.kept && r.p == r.q && r.p == weak.Make(r.kept) && r.boxed == any(r.p) && r.kept.head == "kept")
	want(t, "interior", r.inner.Value() == &r.kept.node && r.inner == weak.Make(&r.kept.node) && r.elem.Value() == &r.ints[1] && *r.elem.Value() == 2)
	want(t, "lost", r.lost.Value() == nil && r.lost == r.lost2 && r.lost != r.another && r.lost != r.none && r.none == weak.Pointer[node]{})
	want(t, "keys", r.byKey[r.lost2] == "lost" && r.byKey[r.inner] == "inner" && r.byKey[r.none] == "none" && len(r.byKey) == 3)
	want(t, "variables", r.global.Value() == globalConfig && r.ext.Value() == externalState)
	want(t, "timer", r.weakTimer.Value() == r.timer && r.self.Value() == r)
})
