package snap

import (
	"fmt"
	"math/rand"
	"testing"
	"time"
	"unsafe"
)

// TestSuffixes: overlapping slices cost what is new in each.
func TestSuffixes(t *testing.T) {
	type root struct {
		up, down [][]*int
		mid      [][]*int
	}
	const n = 30_000
	var r root
	all := make([]*int, n)
	for i := range all {
		all[i] = new(int)
	}
	for i := range all {
		r.up = append(r.up, all[:i+1:i+1])
		r.down = append(r.down, all[i:])
		r.mid = append(r.mid, all[n/2-i/2:n/2+i/2:n/2+i/2])
	}
	start := time.Now()
	b := save(t, &r)
	if d := time.Since(start); d > time.Minute {
		t.Errorf("took %v", d)
	}
	q := load[root](t, b)
	if cap(q.down[0]) != n || &q.up[n-1][n-1] != &q.down[n-1][0] || &q.mid[10][0] != &q.down[0][n/2-5] {
		t.Error("slices do not share")
	}
}

type part struct {
	a, b int
	in   struct {
		x *int
		y [10]string
		z [3]int32
	}
	self *part
}

// TestInterior: random pointers into random things, in any order, with or without the whole.
func TestInterior(t *testing.T) {
	for seed := range int64(300) {
		testInterior(t, rand.New(rand.NewSource(seed)))
	}
}

func testInterior(t *testing.T, rnd *rand.Rand) {
	type root struct {
		refs []any
		add  []uintptr // where refs lead, relative to the object
		obj  []int
	}
	r := &root{}
	put := func(v any, p, base unsafe.Pointer, obj int) {
		r.refs = append(r.refs, v)
		r.add = append(r.add, uintptr(p)-uintptr(base))
		r.obj = append(r.obj, obj)
	}
	for obj := range 3 {
		parts := make([]part, 1+rnd.Intn(40))
		base := unsafe.Pointer(&parts[0])
		for i := range parts {
			parts[i].a, parts[i].self = i, &parts[rnd.Intn(len(parts))]
			parts[i].in.y[3] = fmt.Sprint(i)
		}
		for range rnd.Intn(40) {
			p := &parts[rnd.Intn(len(parts))]
			switch rnd.Intn(9) {
			case 0:
				put(p, unsafe.Pointer(p), base, obj)
			case 1:
				put(&p.b, unsafe.Pointer(&p.b), base, obj)
			case 2:
				put(&p.in, unsafe.Pointer(&p.in), base, obj)
			case 3:
				put(&p.in.y, unsafe.Pointer(&p.in.y), base, obj)
			case 4:
				put(p.in.y[2:7:8], unsafe.Pointer(&p.in.y[2]), base, obj)
			case 5:
				put(&p.in.z[1], unsafe.Pointer(&p.in.z[1]), base, obj)
			case 6:
				i := rnd.Intn(len(parts))
				j := i + rnd.Intn(len(parts)-i)
				put(parts[i:j:j], unsafe.Pointer(&parts[i]), base, obj)
			case 7:
				put(&p.self, unsafe.Pointer(&p.self), base, obj)
			case 8:
				put(&p.in.x, unsafe.Pointer(&p.in.x), base, obj)
			}
		}
	}
	q := load[root](t, save(t, r))
	checkInterior(t, r.refs, q.refs)
}

// checkInterior checks that pointers into one object keep their distance if they did overlap.
func checkInterior(t *testing.T, a, b []any) {
	t.Helper()
	word := func(x any) uintptr {
		e := (*eface)(unsafe.Pointer(&x))
		if p, n := progOf(typeOfDesc(e.tab)); p.isDirect(n) {
			return uintptr(e.data)
		}
		return uintptr((*sliceHeader)(e.data).data)
	}
	for i := range a {
		p, isPart := a[i].(*part)
		if !isPart {
			continue
		}
		for j := range a {
			d := word(a[j]) - uintptr(unsafe.Pointer(p))
			if s, ok := a[j].([]part); ok && cap(s) == 0 {
				continue // has no identity
			}
			if d < unsafe.Sizeof(part{}) {
				if got := word(b[j]) - word(b[i]); got != d {
					t.Fatalf("%T in %T: offset %d, want %d", a[j], a[i], got, d)
				}
			}
		}
		if q := b[i].(*part); q.a != p.a || q.in.y[3] != p.in.y[3] || q.self.a != p.self.a {
			t.Fatal("content differs")
		}
	}
}

// TestArenaOrder: a million pointers into one array whose slice is found last, first, or not at all.
func TestArenaOrder(t *testing.T) {
	type root struct {
		first []node
		ptrs  []*int
		last  []node
	}
	n := 200_000
	for mode := range 3 {
		a := make([]node, n)
		r := &root{}
		for _, i := range rand.New(rand.NewSource(1)).Perm(n) {
			a[i].val = i
			r.ptrs = append(r.ptrs, &a[i].val)
		}
		switch mode {
		case 0:
			r.first = a
		case 1:
			r.last = a
		}
		start := time.Now()
		q := load[root](t, save(t, r))
		if d := time.Since(start); d > time.Minute {
			t.Errorf("mode %d took %v", mode, d)
		}
		for i, p := range q.ptrs {
			if *p != *r.ptrs[i] {
				t.Fatal("wrong value")
			}
			if mode < 2 && p != &[][]node{q.first, q.last}[mode][*p].val {
				t.Fatal("pointer is not into the array")
			}
		}
	}
}

func TestUnsafeWords(t *testing.T) {
	type root struct {
		f []float64
		b []byte
		s string
		i *int32
	}
	r := &root{f: make([]float64, 100)}
	for i := range r.f {
		r.f[i] = float64(i)
	}
	r.b = unsafe.Slice((*byte)(unsafe.Pointer(&r.f[50])), 400)
	r.f = r.f[:60:60]
	r.s = unsafe.String((*byte)(unsafe.Add(unsafe.Pointer(&r.f[10]), 3)), 10)
	r.i = (*int32)(unsafe.Pointer(&r.f[20]))
	q := load[root](t, save(t, r))
	if q.f[59] != 59 || uintptr(unsafe.Pointer(&q.b[0]))-uintptr(unsafe.Pointer(&q.f[0])) != 400 || q.s != r.s || len(q.b) != 400 || unsafe.Pointer(q.i) != unsafe.Pointer(&q.f[20]) {
		t.Error("wrong")
	}
}

func TestDeepList(t *testing.T) {
	type root struct{ l *node }
	n := 1_000_000
	r := &root{benchList(n).(*node)}
	q := load[root](t, save(t, r))
	for l := q.l; l != nil; l = l.next {
		if n--; l.val != n {
			t.Fatal("wrong value")
		}
	}
	if n != 0 {
		t.Fatal("wrong length")
	}
}

func TestTinyObjects(t *testing.T) {
	type root struct {
		p []*int32
		s []string
		b []*bool
	}
	r := &root{}
	for i := range 10000 {
		x, y := int32(i), i%3 == 0
		r.p = append(r.p, &x)
		r.s = append(r.s, fmt.Sprint(i))
		r.b = append(r.b, &y)
	}
	q := load[root](t, save(t, r))
	for i := range q.p {
		if *q.p[i] != int32(i) || q.s[i] != fmt.Sprint(i) || *q.b[i] != (i%3 == 0) {
			t.Fatal("wrong value")
		}
	}
}
