package snap

// This file tests values that go between processes. Two Links in one process stand for two processes: nothing that one has made is known to the other but by
// its id. TestLinkProcesses does it with two.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"
)

// ids gives out ids for a process.
func ids(process uint64) func() uint64 {
	n := process << 32
	return func() uint64 { n++; return n }
}

// A side is a process in a test.
type side struct {
	t *testing.T
	*Link
}

func newSide(t *testing.T, n uint64) side { return side{t, NewLink(ids(n))} }

// send encodes *v.
func (s side) send(v any) []byte {
	s.t.Helper()
	x, err := s.Encode(v)
	if err != nil {
		s.t.Fatal(err)
	}
	return x.Data
}

func (s side) receive(b []byte, v any) {
	s.t.Helper()
	if err := s.Decode(b, v); err != nil {
		s.t.Fatal(err)
	}
	stir()
}

// content is that of thing id.
func (s side) content(id uint64) *Content {
	s.t.Helper()
	c, err := s.Content(s.Thing(id))
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// bring makes the content of thing id at s that of it at from.
func (s side) bring(from side, id uint64) {
	s.t.Helper()
	if err := s.Apply(s.Thing(id), from.content(id).Raw, from.content(id).Slots); err != nil {
		s.t.Fatal(err)
	}
	stir()
}

// bringAll brings all memory that s knows.
func (s side) bringAll(from side) {
	done := map[uint64]bool{}
	for more := true; more; {
		more = false
		for id, t := range s.byID {
			if t.Kind.IsMemory() && !done[id] && from.Thing(id) != nil {
				done[id], more = true, true
				s.bring(from, id)
				break
			}
		}
	}
}

type linkJob struct {
	name string
	out  chan<- int
	tree *btree
}

func TestLinkCopies(t *testing.T) {
	a, b := newSide(t, 0), newSide(t, 1)
	out := make(chan int, 3)
	sent := linkJob{"a long name of a job, which is not inline", out, benchTree(100).(*btree)}
	var got linkJob
	b.receive(a.send(&sent), &got)
	want(t, "copy", got.name == sent.name && got.tree != sent.tree && got.tree.left.val == sent.tree.left.val && cap(got.out) == 3)
	x := a.At(*(*unsafe.Pointer)(unsafe.Pointer(&out)))
	want(t, "channel", x != nil && x.Kind == ThingChan && b.Thing(x.ID).Ptr() == *(*unsafe.Pointer)(unsafe.Pointer(&got.out)))
	fresh := a.Fresh()
	want(t, "fresh", len(fresh) == 1 && fresh[0] == x && len(a.Fresh()) == 0)

	// It comes back as what it was.
	got.name = "back"
	var back linkJob
	a.receive(b.send(&got), &back)
	want(t, "back", back.out == sent.out && back.tree != sent.tree && len(b.Fresh()) == 0)

	var none, no linkJob
	b.receive(a.send(&none), &no)
	want(t, "nil", no == none)
}

type linkCounter struct {
	mu sync.Mutex
	n  int
	by map[string]*int
	wg *sync.WaitGroup
}

// TestLinkLocked: memory around a lock is shared, with all that it leads to.
func TestLinkLocked(t *testing.T) {
	a, b := newSide(t, 0), newSide(t, 1)
	one := 1
	c := &linkCounter{n: 5, by: map[string]*int{"one": &one}, wg: new(sync.WaitGroup)}
	var d *linkCounter
	b.receive(a.send(&c), &d)
	want(t, "locks", b.LockAt(unsafe.Pointer(&d.mu)) == nil) // the content has not come
	b.bringAll(a)
	lock, here := a.LockAt(unsafe.Pointer(&c.mu)), b.LockAt(unsafe.Pointer(&d.mu))
	want(t, "memory and lock at one address", lock.Kind == ThingMutex && here.ID == lock.ID && here.Kind == ThingMutex)
	want(t, "content", d.n == 5 && *d.by["one"] == 1 && d.by["one"] != &one && b.LockAt(unsafe.Pointer(d.wg)).Kind == ThingWaitGroup)

	// b changes it, a gets it.
	d.n, *d.by["one"] = 6, 7
	two := 2
	d.by["two"] = &two
	c.mu.Lock() // the memory of the lock itself is not content
	a.bring(b, a.At(unsafe.Pointer(c)).ID)
	want(t, "number", c.n == 6 && one == 1 && !c.mu.TryLock())
	a.bringAll(b)
	want(t, "map", one == 7 && c.by["one"] == &one && *c.by["two"] == 2)
	runtime.KeepAlive(d)
}

// TestLinkShare: what the operands of a go statement lead to is shared: both sides see one array, and stable content means that nothing has changed.
func TestLinkShare(t *testing.T) {
	type thunk struct {
		results []int
		part    []int
		i       *int
		self    *linkedSelf
	}
	a, b := newSide(t, 0), newSide(t, 1)
	i := 7
	th := &thunk{results: make([]int, 10), i: &i, self: new(linkedSelf)}
	th.self.p, th.part = th.self, th.results[3:5]
	if err := a.Share(th); err != nil {
		t.Fatal(err)
	}
	n := len(a.Fresh())
	want(t, "three things", n == 3)
	var got thunk
	b.receive(a.send(th), &got)
	b.bringAll(a)
	want(t, "array", len(got.results) == 10 && len(got.part) == 2 && &got.part[0] == &got.results[3] && *got.i == 7 && got.self.p == got.self)
	arr := a.At(unsafe.Pointer(&th.results[0]))
	before := b.content(arr.ID)
	want(t, "stable", arr.Diff(before, a.content(arr.ID)) == nil && arr.Diff(before, b.content(arr.ID)) == nil)
	got.results[4] = 44
	th.results[5] = 55 // both sides change it
	change := arr.Diff(before, b.content(arr.ID))
	want(t, "changed", len(change) == 1 && change[0].Offset == 32 && len(change[0].Value.Data) == 8)
	if err := a.Apply(arr, nil, change); err != nil {
		t.Fatal(err)
	}
	want(t, "merged", th.part[1] == 44 && th.results[5] == 55)
	if err := a.Share(th); err != nil || len(a.Fresh()) != 0 {
		t.Error("shared again", err)
	}
}

// A linkEnv is what the test says is constant; a linkLockedEnv has a lock in it nevertheless.
type linkEnv struct {
	i    *int
	next *linkEnv
	name string
}

type linkLockedEnv struct {
	mu sync.Mutex
	i  *int
}

// TestLinkConstant: what nobody writes to is copied, and what it leads to is shared.
func TestLinkConstant(t *testing.T) {
	Constant(reflect.TypeFor[linkEnv]())
	Constant(reflect.TypeFor[linkLockedEnv]())
	a, b := newSide(t, 0), newSide(t, 1)
	i := 7
	sent := struct {
		e *linkEnv
		l *linkLockedEnv
	}{&linkEnv{i: &i, name: "x"}, &linkLockedEnv{i: &i}}
	sent.e.next = sent.e
	if err := a.Share(&sent); err != nil {
		t.Fatal(err)
	}
	fresh := a.Fresh()
	want(t, "the number and what has a lock", len(fresh) == 2 && a.At(unsafe.Pointer(&i)) != nil && a.At(unsafe.Pointer(sent.l)) != nil)
	got := sent
	b.receive(a.send(&sent), &got)
	b.bringAll(a)
	want(t, "copy", got.e != sent.e && got.e.next == got.e && got.e.name == "x" && *got.e.i == 7 && got.l.i == got.e.i && b.At(unsafe.Pointer(got.e)) == nil)
	runtime.KeepAlive(sent)
}

// TestLinkPlain: the difference of memory without references is found without a content of it, which may belong to others.
func TestLinkPlain(t *testing.T) {
	type pair struct {
		a int32
		b uint8
	}
	a := newSide(t, 0)
	pairs, mixed := make([]pair, 1000), make([]*int, 2)
	for _, v := range []any{&pairs, &mixed} {
		if err := a.Share(v); err != nil {
			t.Fatal(err)
		}
	}
	thing := a.At(unsafe.Pointer(&pairs[0]))
	known := a.content(thing.ID)
	theirs := known.Raw
	known.Borrowed = true
	pieces, ok := thing.PlainDiff(known)
	want(t, "the same", ok && pieces == nil)
	pairs[3].a, pairs[900].b = 1, 2
	pieces, ok = thing.PlainDiff(known)
	want(t, "two variables", ok && reflect.DeepEqual(pieces, thing.Diff(known, a.content(thing.ID))) && len(pieces) == 2 && pieces[1].Offset == 900*8+4 && len(pieces[1].Value.Data) == 1)
	for _, x := range pieces {
		known.Change(x)
	}
	pieces, ok = thing.PlainDiff(known)
	want(t, "known", ok && pieces == nil && theirs[3*8] == 0 && known.Raw[3*8] == 1)
	other := a.At(unsafe.Pointer(&mixed[0]))
	_, ok = other.PlainDiff(a.content(other.ID))
	want(t, "not with references", !ok)
}

// TestLinkSlots: what refers to something is changed slot by slot, and what is put there becomes shared.
func TestLinkSlots(t *testing.T) {
	type row struct {
		name string
		at   time.Time
		next *row
		mu   sync.Mutex
		vals [6]any
	}
	type root struct{ rows []row }
	a, b := newSide(t, 0), newSide(t, 1)
	r := &root{make([]row, 3)}
	zone := time.FixedZone("X", 3600)
	for i := range r.rows {
		r.rows[i].name, r.rows[i].at, r.rows[i].next = strings.Repeat("n", 10*i), time.Now().In(zone), &r.rows[(i+1)%3]
		r.rows[i].vals[5] = i
	}
	if err := a.Share(r); err != nil {
		t.Fatal(err)
	}
	var q root
	b.receive(a.send(r), &q)
	b.bringAll(a)
	same := func(what string) {
		t.Helper()
		for i := range r.rows {
			x, y := &r.rows[i], &q.rows[i]
			want(t, what, x.name == y.name && x.at.Equal(y.at) && x.at.Location().String() == y.at.Location().String() &&
				y.next == &q.rows[(i+1)%3] && x.vals == y.vals && a.LockAt(unsafe.Pointer(&x.mu)).ID == b.LockAt(unsafe.Pointer(&y.mu)).ID)
		}
	}
	same("first")
	id := a.At(unsafe.Pointer(&r.rows[0])).ID
	before := b.content(id)
	extra := &row{name: "extra"}
	q.rows[1].name, q.rows[1].at, q.rows[2].vals[0] = "changed by b", q.rows[1].at.Add(time.Hour), extra
	r.rows[0].name = "changed by a"
	p := b.Thing(id).Diff(before, b.content(id))
	want(t, "slots", len(p) == 3 && len(b.Fresh()) > 0)
	if err := a.Apply(a.Thing(id), nil, p); err != nil {
		t.Fatal(err)
	}
	x := b.At(unsafe.Pointer(extra))
	want(t, "extra is shared", x != nil && a.Thing(x.ID) != nil && r.rows[2].vals[0] == (*row)(a.Thing(x.ID).Ptr()))
	q.rows[0].name = "changed by a"
	q.rows[2].vals[0], r.rows[2].vals[0] = nil, nil
	same("both")
	bad := []Piece{{Offset: 1 << 20}}
	if err := a.Apply(a.Thing(id), nil, bad); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
}

// TestLinkForget: what nothing leads to any more is forgotten; what leads to it is not.
func TestLinkForget(t *testing.T) {
	a, b := newSide(t, 0), newSide(t, 1)
	type pair struct{ kept, dropped *btree }
	p := &pair{&btree{val: 1}, &btree{val: 2, left: &btree{val: 3}}}
	if err := a.Share(p); err != nil {
		t.Fatal(err)
	}
	var q pair
	b.receive(a.send(p), &q)
	b.bringAll(a)
	want(t, "all known", len(a.byID) == 3 && len(b.byID) == 3 && q.dropped.left.val == 3)
	want(t, "nothing to forget", a.Forget(true) == nil && b.Forget(true) == nil)
	left := q.dropped.left
	p.dropped, q.dropped = nil, nil
	stir()
	want(t, "forgotten", a.Forget(false) == nil && len(a.Forget(true)) == 2 && len(a.byID) == 1 && len(b.Forget(true)) == 1 && len(b.byID) == 2)
	x := b.At(unsafe.Pointer(left))
	b.receive(b.send(&left), &q.dropped)
	want(t, "the rest is the same", x != nil && q.dropped == left)
	var again *btree
	a.receive(b.send(&left), &again)
	made := a.Made()
	want(t, "comes back without content", again != nil && len(made) == 1 && made[0] == a.Thing(x.ID) && again.val == 0)
	runtime.KeepAlive(p)
}

type linkedSelf struct{ p *linkedSelf }

// TestLinkMap: the content of a map has stable bytes, and replaces what there was.
func TestLinkMap(t *testing.T) {
	a, b := newSide(t, 0), newSide(t, 1)
	type holder struct{ m map[string][]int }
	h := &holder{map[string][]int{}}
	for i := range 100 {
		h.m[strings.Repeat("k", i)] = []int{i}
	}
	if err := a.Share(h); err != nil {
		t.Fatal(err)
	}
	var g holder
	b.receive(a.send(h), &g)
	b.bringAll(a)
	want(t, "entries", len(g.m) == 100 && g.m["kkk"][0] == 3)
	id := a.At(*(*unsafe.Pointer)(unsafe.Pointer(&h.m))).ID
	want(t, "stable", a.Thing(id).Diff(a.content(id), b.content(id)) == nil)
	delete(g.m, "k")
	g.m["new"] = nil
	a.bring(b, id)
	_, ok := h.m["k"]
	want(t, "replaced", len(h.m) == 100 && !ok && h.m["new"] == nil && h.m["kkk"][0] == 3)
}

type linkFunc struct {
	f  func() int
	ch []chan error
	e  error
}

func (c *linkCounter) count() int { return c.n }

func TestLinkKinds(t *testing.T) {
	RegisterClosure("link count", (*linkCounter)(nil).count, reflect.TypeFor[*linkCounter]())
	a, b := newSide(t, 0), newSide(t, 1)
	sentErr := errors.New("sent")
	v := linkFunc{f: (&linkCounter{n: 3}).count, ch: []chan error{make(chan error), nil}, e: errors.Join(sentErr, errSentinelOfTest)}
	var got linkFunc
	b.receive(a.send(&v), &got)
	b.bringAll(a)
	want(t, "closure", got.f() == 3)
	want(t, "channels", got.ch[0] != nil && got.ch[1] == nil && len(got.ch) == 2)
	want(t, "errors", got.e.Error() == v.e.Error() && errors.Is(got.e, errSentinelOfTest))

	// A lock in a value that is sent is a copy.
	type byValue struct {
		mu sync.Mutex
		n  int
	}
	x := byValue{n: 1}
	x.mu.Lock()
	var y byValue
	b.receive(a.send(&x), &y)
	want(t, "copy of a lock", y.n == 1 && !y.mu.TryLock())
}

var errSentinelOfTest = errors.New("sentinel") // static data

// TestLinkSyncMap: what is in a sync.Map is shared, its entries are one slot, with the lock by which processes take turns.
func TestLinkSyncMap(t *testing.T) {
	type counted struct{ n int }
	type table struct {
		name string
		m    sync.Map
	}
	a, b := newSide(t, 0), newSide(t, 1)
	x := &table{name: "t"}
	p, k := &counted{1}, &counted{2}
	x.m.Store("p", p)
	x.m.Store(k, "a text that is longer than a short one")
	x.m.Store(3, nil)
	v := struct {
		t *table
		p *counted
	}{x, p}
	got := v
	got.t, got.p = nil, nil
	b.receive(a.send(&v), &got)
	b.bringAll(a)
	load := func(k any) any { v, _ := got.t.m.Load(k); return v }
	want(t, "pointer", load("p") == any(got.p) && got.p.n == 1)
	found := false
	got.t.m.Range(func(k, v any) bool {
		if c, ok := k.(*counted); ok {
			found = c.n == 2 && v == "a text that is longer than a short one"
		}
		return true
	})
	want(t, "pointer as a key", found)
	_, nothing := got.t.m.Load(3)
	want(t, "nil", nothing && load(3) == nil)
	lock := a.LockAt(unsafe.Pointer(&x.m))
	want(t, "lock", lock != nil && lock.Kind == ThingSyncMap && b.LockAt(unsafe.Pointer(&got.t.m)).ID == lock.ID)

	id := a.At(unsafe.Pointer(x)).ID
	old := a.content(id)
	want(t, "the same again", a.Thing(id).Diff(old, a.content(id)) == nil && a.Thing(id).Diff(old, b.content(id)) == nil)
	got.t.m.Delete("p")
	got.t.m.Store("q", got.p)
	want(t, "may have changed", !b.Thing(id).Unchanged())
	diff := b.Thing(id).Diff(old, b.content(id))
	want(t, "one slot", len(diff) == 1 && diff[0].Slot)
	if err := a.Apply(a.Thing(id), nil, diff); err != nil {
		t.Fatal(err)
	}
	stir()
	_, still := x.m.Load("p")
	q, _ := x.m.Load("q")
	want(t, "changed", !still && q == any(p))
	if err := a.Apply(a.Thing(id), nil, []Piece{{diff[0].Offset, Value{Data: []byte{1}}, true}}); err == nil {
		t.Error("a bad content was taken")
	}
}

func TestLinkRefused(t *testing.T) {
	a := newSide(t, 0)
	pipe, _ := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for what, v := range map[string]any{
		"lock":    &struct{ x any }{struct{ mu sync.Mutex }{}},
		"logger":  &struct{ l *log.Logger }{log.New(new(bytes.Buffer), "", 0)},
		"pointer": &struct{ l *slog.Logger }{slog.New(slog.NewTextHandler(new(bytes.Buffer), nil))},
		"pipe":    &pipe,
		"context": &ctx,
	} {
		_, err := a.Encode(v)
		for _, x := range a.Fresh() {
			if err == nil && x.Kind.IsMemory() {
				_, err = a.Content(x)
			}
		}
		var u *UnmovableError
		if !errors.As(err, &u) {
			t.Errorf("%s: %v", what, err)
		}
	}
	level := &struct{ l *slog.LevelVar }{new(slog.LevelVar)} // atomic memory of a library
	if err := a.Share(level); err != nil {
		t.Error(err)
	}
	for _, x := range a.Fresh() {
		var u *UnmovableError
		if _, err := a.Content(x); !errors.As(err, &u) {
			t.Errorf("atomic: %v", err)
		}
	}
	type part struct{ s []int }
	all := make([]int, 10)
	p := &part{all[2:4:4]}
	if err := a.Share(p); err != nil {
		t.Fatal(err)
	}
	p.s = all
	if _, err := a.Encode(p); err == nil || !strings.Contains(err.Error(), "a part of its memory is shared already") {
		t.Error(err)
	}
	var got linkJob
	if err := a.Decode(nil, &got); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
	b := a.send(&linkJob{name: "x"})
	var wrong linkFunc
	if err := a.Decode(b, &wrong); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
	runtime.KeepAlive(p)
}
