package snap

// This file tests maps and channels whose entries must wait until other memory is there.

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"
	"unsafe"
)

type bufOwner struct {
	buf [64]byte
	p   *bufOwner
}

type namedMap map[string]int

type lateRoot struct {
	// Keys that lie in an object which is filled later, with an entry before and one after.
	ByPart map[string]int
	Owner  *bufOwner

	Any    map[any]int
	ByElem map[string]sync.Map
	Elems  chan sync.Map
	Closed chan sync.Map
	Inner  map[int]map[any]map[string]any

	Named   namedMap
	Unnamed map[string]int
	Timer   *time.Timer
	C       <-chan time.Time
}

func TestLate(t *testing.T) {
	r := &lateRoot{ByPart: map[string]int{}, Owner: &bufOwner{}, Any: map[any]int{}}
	for i := range r.Owner.buf {
		r.Owner.buf[i] = byte('0' + i)
	}
	r.Owner.p = r.Owner
	r.ByPart["0"], r.ByPart["z"] = 1, 3
	r.ByPart[unsafe.String(&r.Owner.buf[3], 40)] = 2
	for i := range 20 {
		r.Any[stableKey{i, fmt.Sprint("a long text that is an object of its own ", i), nil}] = i
		r.Any[[2]any{i, &r.Owner.buf[i]}] = i
	}
	r.ByElem, r.Elems, r.Closed = map[string]sync.Map{}, make(chan sync.Map, 3), make(chan sync.Map, 1)
	for i, k := range []string{"x", "y"} {
		var m sync.Map
		m.Store(stableKey{a: i}, k)
		reflect.ValueOf(r.ByElem).SetMapIndex(reflect.ValueOf(k), reflect.ValueOf(&m).Elem())
		reflect.ValueOf(r.Elems).Send(reflect.ValueOf(&m).Elem())
		if i == 0 {
			reflect.ValueOf(r.Closed).Send(reflect.ValueOf(&m).Elem())
		}
	}
	close(r.Closed)
	r.Inner = map[int]map[any]map[string]any{1: {"k": {"self": r}}, 2: {2.5: nil, r.Owner: {}}}
	r.Unnamed = map[string]int{"one": 1}
	r.Named = r.Unnamed
	r.Timer = time.NewTimer(time.Hour)
	r.C = r.Timer.C

	q := load[lateRoot](t, save(t, r))
	churn()
	if len(q.ByPart) != 3 || q.ByPart[string(q.Owner.buf[3:43])] != 2 || q.ByPart["z"] != 3 || q.Owner.p != q.Owner {
		t.Errorf("ByPart: %v", q.ByPart)
	}
	for i := range 20 {
		if q.Any[stableKey{i, fmt.Sprint("a long text that is an object of its own ", i), nil}] != i || q.Any[[2]any{i, &q.Owner.buf[i]}] != i {
			t.Errorf("Any: %v", q.Any)
		}
	}
	check := func(what string, i int, m *sync.Map) {
		if v, _ := m.Load(stableKey{a: i}); v != []string{"x", "y"}[i] {
			t.Errorf("%s %d: %v", what, i, v)
		}
	}
	for i, k := range []string{"x", "y"} {
		m := new(sync.Map)
		reflect.ValueOf(m).Elem().Set(reflect.ValueOf(q.ByElem).MapIndex(reflect.ValueOf(k)))
		check("ByElem", i, m)
		v, _ := reflect.ValueOf(q.Elems).Recv()
		reflect.ValueOf(m).Elem().Set(v)
		check("Elems", i, m)
	}
	if v, ok := reflect.ValueOf(q.Closed).Recv(); !ok {
		t.Error("Closed is empty")
	} else {
		m := new(sync.Map)
		reflect.ValueOf(m).Elem().Set(v)
		check("Closed", 0, m)
	}
	if _, ok := reflect.ValueOf(q.Closed).Recv(); ok || cap(q.Elems) != 3 {
		t.Error("Closed is not closed")
	}
	if q.Inner[1]["k"]["self"] != q || q.Inner[2][q.Owner] == nil || len(q.Inner[2]) != 2 {
		t.Errorf("Inner: %v", q.Inner)
	}
	q.Named["two"] = 2
	if q.Unnamed["two"] != 2 || q.Unnamed["one"] != 1 {
		t.Error("one map became two")
	}
	if q.C != q.Timer.C || !q.Timer.Stop() {
		t.Error("the timer is not what feeds the channel")
	}
}

type sharing struct {
	First  string // met before what it shares memory with
	Bytes  []byte
	Middle string
	P      *byte
	Text   string
	Words  []string
	Large  []byte
	Deep   string
	Tail   *byte
}

// TestSharedStrings: short strings share memory with what is not a string.
func TestSharedStrings(t *testing.T) {
	b := []byte("some bytes")
	at := func(b []byte, i, n int) string { return unsafe.String(&b[i], n) }
	text := []byte("text of which one pointer is kept")
	large := make([]byte, 100_000)
	r := &sharing{First: at(b, 5, 5), Bytes: b, Middle: at(b, 0, 6), P: &text[5], Text: at(text, 5, 9), Large: large, Deep: at(large, 70_000, 3), Tail: &large[70_001]}
	for i := range 100 {
		r.Words = append(r.Words, fmt.Sprint("word", i))
	}
	c := save(t, r)
	q := load[sharing](t, c)
	churn()
	q.Bytes[5] = 'B'
	*q.P = 'O'
	*q.Tail = 'x'
	if q.First != "Bytes" || q.Middle != "some B" || q.Text != "Of which " || q.Deep != "\x00x\x00" || q.Large[70_001] != 'x' || q.Words[99] != "word99" {
		t.Errorf("%q %q %q %q", q.First, q.Middle, q.Text, q.Deep)
	}
	p := (*[9]byte)(unsafe.Pointer(q.P)) // what the string made part of it
	if string(p[:]) != "Of which " {
		t.Errorf("%q", p)
	}
}
