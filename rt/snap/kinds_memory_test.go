package snap

// This file lists kinds of the language itself: memory, maps, interfaces, functions, channels.

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// want reports what is not so.
func want(t *testing.T, what string, is bool) {
	t.Helper()
	if !is {
		t.Errorf("not so: %s", what)
	}
}

type sharer struct {
	m   map[string]*int
	s   []*int
	any any
	c   chan *int
	f   func() int
	p   *int
	pp  **int
	arr [3]*int
}

var _ = check("aliasing", func(r *sharer) {
	x := 5
	*r = sharer{map[string]*int{"k": &x}, []*int{nil, &x}, &x, make(chan *int, 1), (&counterEnv{&x}).fn, &x, nil, [3]*int{2: &x}}
	r.pp = &r.p
	r.c <- &x
}, func(t *testing.T, r *sharer) {
	c := <-r.c
	want(t, "one variable", r.m["k"] == r.p && r.s[1] == r.p && r.any == any(r.p) && c == r.p && *r.pp == r.p && r.arr[2] == r.p)
	want(t, "the closure counts in it", r.f() == 6 && *r.p == 6)
	*r.pp = new(int)
	want(t, "pointer to pointer", *r.p == 0)
})

type loops struct {
	slice []any
	m     map[string]any
	c     chan any
	p     *any
	ring  [3]*node
	self  *loops
}

var _ = check("cycles", func(r *loops) {
	r.slice = make([]any, 2)
	r.slice[1] = r.slice
	r.m = map[string]any{"slice": r.slice}
	r.m["m"] = r.m
	r.c = make(chan any, 2)
	r.c <- r.c
	r.c <- r.m
	var x any
	x = &x
	r.p = &x
	for i := range r.ring {
		r.ring[i] = &node{val: i}
	}
	for i := range r.ring {
		r.ring[i].next = r.ring[(i+1)%3]
	}
	r.self = r
}, func(t *testing.T, r *loops) {
	want(t, "slice", &r.slice[1].([]any)[0] == &r.slice[0])
	want(t, "map", reflect.ValueOf(r.m["m"]).UnsafePointer() == reflect.ValueOf(r.m).UnsafePointer() && &r.m["slice"].([]any)[0] == &r.slice[0])
	want(t, "channel", <-r.c == any(r.c))
	want(t, "map in channel", reflect.ValueOf(<-r.c).UnsafePointer() == reflect.ValueOf(r.m).UnsafePointer())
	want(t, "interface", *r.p == any(r.p))
	want(t, "ring", r.ring[0].next.next.next == r.ring[0] && r.ring[1].next == r.ring[2])
	want(t, "root", r.self == r)
})

type outer struct {
	head string
	in   struct {
		arr [4]struct {
			a byte
			n node
		}
		tail *int
	}
	node
	last byte
}

type interior struct {
	deep  *int // the only pointers into two objects
	last  *byte
	o     *outer
	field *string
	elem  *node
	next  **node
	emb   *node
	whole *[4]struct {
		a byte
		n node
	}
	tail []struct {
		a byte
		n node
	}
	self *byte
	b    [3]byte
}

var _ = check("interior pointers", func(r *interior) {
	alone, alone2 := &outer{}, &outer{last: 9}
	alone.in.arr[2].n.val = 7
	r.deep, r.last = &alone.in.arr[2].n.val, &alone2.last
	r.o = &outer{head: "head"}
	r.o.in.arr[3].n.val = 33
	r.field, r.elem, r.next, r.emb = &r.o.head, &r.o.in.arr[3].n, &r.o.in.arr[1].n.next, &r.o.node
	r.whole, r.tail = &r.o.in.arr, r.o.in.arr[2:3]
	r.self = &r.b[1]
}, func(t *testing.T, r *interior) {
	want(t, "lonely fields", *r.deep == 7 && *r.last == 9)
	want(t, "field", r.field == &r.o.head && *r.field == "head")
	want(t, "element", r.elem == &r.o.in.arr[3].n && r.elem.val == 33 && r.next == &r.o.in.arr[1].n.next)
	want(t, "embedded", r.emb == &r.o.node && r.whole == &r.o.in.arr)
	want(t, "slice of a field", &r.tail[0] == &r.o.in.arr[2] && cap(r.tail) == 2)
	want(t, "into the root", r.self == &r.b[1])
	*r.next = r.elem
	want(t, "write", r.o.in.arr[1].n.next == r.elem)
})

type slicing struct {
	all, a, b, c       []int
	end, none, nothing []int
	strs               []string
	bytes, tail        []byte
	arr                *[8]int
	ofArr              []int
	grid               [][]int
}

var _ = check("overlapping slices", func(r *slicing) {
	r.all = make([]int, 10, 20)
	for i := range 20 {
		r.all[:20][i] = i
	}
	r.a, r.b, r.c = r.all[2:5], r.all[4:8:9], r.all[15:15:18]
	r.end, r.none, r.nothing = r.all[10:10:10], []int{}, nil
	hidden := make([]string, 3, 6)
	hidden[:6][5] = "beyond the length"
	r.strs = hidden[1:3]
	r.bytes = []byte("0123456789")
	r.tail = r.bytes[5:]
	r.arr = &[8]int{1, 2, 3, 4, 5, 6, 7, 8}
	r.ofArr = r.arr[1:3]
	flat := make([]int, 12)
	for i := range 3 {
		r.grid = append(r.grid, flat[4*i:4*i+4])
	}
}, func(t *testing.T, r *slicing) {
	want(t, "shared", &r.a[0] == &r.all[2] && &r.b[0] == &r.all[4] && cap(r.b) == 5 && cap(r.all) == 20 && cap(r.a) == 18)
	r.a = append(r.a, 100)
	want(t, "append within the capacity", r.all[5] == 100 && r.b[1] == 100)
	r.b = append(append(r.b, 200), 300)
	want(t, "append beyond the capacity", r.all[8] == 200 && r.all[9] == 9)
	r.c = append(r.c, 400)
	want(t, "beyond the length", r.all[:20][15] == 400 && cap(r.c) == 3 && r.all[:20][19] == 19)
	want(t, "empty", r.end != nil && len(r.end) == 0 && r.none != nil && r.nothing == nil)
	want(t, "strings", r.strs[:5][4] == "beyond the length")
	r.tail[0] = 'x'
	want(t, "bytes", string(r.bytes) == "01234x6789")
	r.ofArr = append(r.ofArr, 9)
	want(t, "of array", r.arr[3] == 9 && cap(r.ofArr) == 7)
	r.grid[0] = append(r.grid[0], 5)
	want(t, "rows of one array", r.grid[1][0] == 5)
})

type nothing struct{}

type trailing struct {
	n int
	z nothing
}

type zeroes struct {
	p      *nothing
	arr    *[0]int
	s      []nothing
	m      map[nothing]nothing
	c      chan nothing
	any    any
	m2     map[string]nothing
	tr     trailing
	pz     *nothing // of tr
	f      func()
	nilled *int
	set    map[[0]string]int
}

var _ = check("values without size", func(r *zeroes) {
	*r = zeroes{
		p: &nothing{}, arr: &[0]int{}, s: make([]nothing, 3, 5), m: map[nothing]nothing{{}: {}}, c: make(chan nothing, 4), any: nothing{},
		m2: map[string]nothing{"a": {}}, tr: trailing{n: 1}, set: map[[0]string]int{{}: 5},
	}
	r.pz = &r.tr.z
	r.c <- nothing{}
	r.c <- nothing{}
}, func(t *testing.T, r *zeroes) {
	_, in := r.m[nothing{}]
	_, in2 := r.m2["a"]
	want(t, "pointers", r.p != nil && r.arr != nil && r.pz != nil && r.nilled == nil && r.f == nil)
	want(t, "slices and maps", len(r.s) == 3 && cap(r.s) == 5 && in && in2 && r.set[[0]string{}] == 5)
	want(t, "channel and interface", len(r.c) == 2 && cap(r.c) == 4 && r.any == any(nothing{}))
	r.s = append(r.s, nothing{}, nothing{}, nothing{})
	want(t, "append", len(r.s) == 6)
})

type mapKey struct {
	a  int
	p  *int
	s  string
	f  float64
	i  any
	_  int
	ar [2]string
}

type bigValue struct {
	_    [300]byte
	more *node
}

type mapping_ struct {
	byPtr    map[*int]*int
	byAny    map[any]any
	byNaN    map[float64]string
	byZero   map[float64]int
	byCNaN   map[complex128]int
	byStruct map[mapKey]int
	byChan   map[chan int]int
	byArray  map[[3]string][]int
	byIface  map[error]string
	byFlag   map[bool]int
	byBig    map[[40]int]bigValue
	x        *int
	c        chan int
	inner    map[string]map[string]*node
	same     map[string]map[string]*node
	deleted  map[int]int
	emptied  map[string]int
	nilMap   map[string]int
	elem     map[string]struct{ a, b *int }
}

var _ = check("maps", func(r *mapping_) {
	x, y := 1, 2
	r.x, r.c = &x, make(chan int)
	r.byPtr = map[*int]*int{&x: &y, &y: &x, nil: nil}
	r.byAny = map[any]any{nil: 0, 1: "int", int8(1): "int8", "s": &x, &x: 5, [2]any{1, "a"}: 6, mapKey{a: 1, i: "x"}: 7, r.c: 8, math.NaN(): 9, reflect.TypeFor[int](): 10}
	r.byNaN = map[float64]string{math.NaN(): "a", 1: "one", math.Inf(1): "inf"}
	r.byNaN[math.NaN()] = "b"
	r.byZero = map[float64]int{math.Copysign(0, -1): 1}
	r.byCNaN = map[complex128]int{complex(math.NaN(), 1): 1, complex(1, math.NaN()): 2, 1: 3}
	r.byStruct = map[mapKey]int{{1, &x, "s", 0.5, &y, 0, [2]string{"p", "q"}}: 1, {i: 5}: 2}
	r.byChan = map[chan int]int{r.c: 3, nil: 4}
	r.byArray = map[[3]string][]int{{"a", "b", "c"}: {1, 2}}
	r.byIface = map[error]string{errSentinel: "sentinel", nil: "nil"}
	r.byFlag = map[bool]int{true: 1}
	r.byBig = map[[40]int]bigValue{{39: 1}: {more: &node{val: 3}}}
	r.inner = map[string]map[string]*node{"a": {"b": {val: 8}}, "nil": nil}
	r.same = r.inner
	r.deleted = map[int]int{}
	for i := range 1000 {
		r.deleted[i] = i * i
	}
	for i := range 1000 {
		if i%7 != 0 {
			delete(r.deleted, i)
		}
	}
	r.emptied = map[string]int{"a": 1}
	clear(r.emptied)
	r.elem = map[string]struct{ a, b *int }{"e": {&x, &x}}
}, func(t *testing.T, r *mapping_) {
	y := r.byPtr[r.x]
	want(t, "pointers", len(r.byPtr) == 3 && *y == 2 && r.byPtr[y] == r.x)
	k := mapKey{a: 1, i: "x"}
	want(t, "interfaces", len(r.byAny) == 10 && r.byAny[nil] == 0 && r.byAny[1] == "int" && r.byAny[int8(1)] == "int8" && r.byAny["s"] == any(r.x) &&
		r.byAny[r.x] == 5 && r.byAny[[2]any{1, "a"}] == 6 && r.byAny[k] == 7 && r.byAny[r.c] == 8 && r.byAny[reflect.TypeFor[int]()] == 10)
	nans := ""
	for k, v := range r.byNaN {
		if k != k {
			nans += v
		}
	}
	want(t, "NaN", (nans == "ab" || nans == "ba") && len(r.byNaN) == 4 && r.byNaN[math.Inf(1)] == "inf")
	for k := range r.byZero {
		want(t, "-0", math.Signbit(k) && r.byZero[0] == 1)
	}
	want(t, "complex NaN", len(r.byCNaN) == 3 && r.byCNaN[1] == 3)
	want(t, "structs", r.byStruct[mapKey{1, r.x, "s", 0.5, y, 0, [2]string{"p", "q"}}] == 1 && r.byStruct[mapKey{i: 5}] == 2)
	want(t, "channels", r.byChan[r.c] == 3 && r.byChan[nil] == 4)
	want(t, "arrays", slices.Equal(r.byArray[[3]string{"a", "b", "c"}], []int{1, 2}))
	want(t, "errors", r.byIface[errSentinel] == "sentinel" && r.byIface[nil] == "nil" && r.byFlag[true] == 1)
	want(t, "large", r.byBig[[40]int{39: 1}].more.val == 3)
	r.same["new"] = map[string]*node{}
	want(t, "one map", r.inner["new"] != nil && r.inner["a"]["b"].val == 8 && r.inner["nil"] == nil && len(r.inner) == 3)
	delete(r.same, "new")
	sum := 0
	for k, v := range r.deleted {
		want(t, "after deletions", v == k*k && k%7 == 0)
		sum++
	}
	want(t, "after deletions", sum == 143)
	for i := range 5000 {
		r.deleted[i] = i * i
	}
	want(t, "grown", len(r.deleted) == 5000 && r.deleted[4999] == 4999*4999)
	maps.DeleteFunc(r.deleted, func(k, _ int) bool { return k%7 != 0 || k >= 1000 })
	want(t, "empty", r.emptied != nil && len(r.emptied) == 0 && r.nilMap == nil)
	r.emptied["z"] = 1
	delete(r.emptied, "z")
	want(t, "elements", r.elem["e"].a == r.x && r.elem["e"].b == r.x)
})

type getter[T any] interface{ get() T }

type duo[K comparable, V any] struct {
	k K
	v V
}

func (p duo[K, V]) get() V { return p.v }

func localTypes() (a, b any) {
	type inside struct{ x int }
	type generic = duo[inside, *inside]
	return inside{3}, &generic{inside{4}, &inside{5}}
}

type named func(int) int

type interfaces struct {
	local, generic any
	get            getter[int]
	get2           getter[[]string]
	foreign        []error
	nilPtr         error
	anon           any
	nested         any
	arr            any
	zero           any
	fn, ch, m      any
	boxes          [2]any // share
	str            fmt.Stringer
}

var _ = check("interfaces", func(r *interfaces) {
	r.local, r.generic = localTypes()
	r.get, r.get2 = duo[string, int]{"k", 8}, &duo[bool, []string]{true, []string{"x"}}
	_, err := os.Open("/does/not/exist")
	r.foreign = []error{errors.New("text"), err, fmt.Errorf("a %w and %w", err, errSentinel), &fs.PathError{Op: "op", Path: "p", Err: fs.ErrClosed}}
	r.nilPtr = (*fs.PathError)(nil)
	r.anon = struct {
		A int
		b *node
	}{1, &node{val: 2}}
	r.nested = []any{[]any{map[string]any{"k": []any{1, "s", nil}}}}
	r.arr = [3]any{1, 2, "x"}
	r.zero = [0]int{}
	r.fn, r.ch, r.m = named(topLevel), make(chan<- int), map[named0]int{5: 5}
	big := any([5]int{1, 2, 3, 4, 5})
	r.boxes = [2]any{big, big}
	r.str = reflect.ValueOf(7)
}, func(t *testing.T, r *interfaces) {
	local, generic := localTypes()
	want(t, "local", r.local == local && reflect.TypeOf(r.generic) == reflect.TypeOf(generic) && reflect.DeepEqual(r.generic, generic))
	_, isPair := r.get.(duo[string, int])
	want(t, "generic", isPair && r.get.get() == 8 && r.get2.get()[0] == "x")
	var pe *fs.PathError
	want(t, "errors", r.foreign[0].Error() == "text" && errors.Is(r.foreign[1], fs.ErrNotExist) && errors.As(r.foreign[2], &pe) && errors.Is(r.foreign[2], errSentinel) && pe == r.foreign[1])
	want(t, "sentinel in a foreign error", r.foreign[3].(*fs.PathError).Err.Error() == "file already closed")
	want(t, "nil pointer", r.nilPtr != nil && r.nilPtr.(*fs.PathError) == nil)
	want(t, "anonymous", r.anon.(struct {
		A int
		b *node
	}).b.val == 2)
	want(t, "nested", fmt.Sprint(r.nested) == "[[map[k:[1 s <nil>]]]]" && r.arr == any([3]any{1, 2, "x"}) && r.zero == any([0]int{}))
	_, isChan := r.ch.(chan<- int)
	want(t, "reference types", r.fn.(named)(1) == 1001 && isChan && r.m.(map[named0]int)[5] == 5)
	want(t, "boxes", r.boxes[0] == r.boxes[1] && r.boxes[0].([5]int)[4] == 5 && r.str.(reflect.Value).Int() == 7)
})

type named0 int8

func twice[T any](f func(T) T) func(T) T { return nil }

type functions struct {
	static, generic any
	method          func(square) float64
	ptrMethod       func(*circle) float64
	iface           func(shape) float64
	foreign         func(string) string
	foreignMethod   func(*strings.Builder) string
	lit             func() string
	bound, again    func() int
	rec             func(int) int
	inMap           map[string]func(int) int
	nilFn           func()
	named           named
	table           [2]struct{ f func(int) int }
	variadic        func(...any) string
	ptr             *func() int
}

var _ = check("functions", func(r *functions) {
	n := 1
	e := &counterEnv{&n}
	se := &selfEnv{k: 2}
	se.self = se.fn
	*r = functions{
		static: topLevel, generic: twice[int], method: square.Area, ptrMethod: (*circle).Area, iface: shape.Area, foreign: strings.ToUpper,
		foreignMethod: (*strings.Builder).String, lit: func() string { return "literal" }, bound: e.fn, again: e.fn, rec: se.fn,
		inMap: map[string]func(int) int{"top": topLevel, "rec": se.fn, "nil": nil}, named: topLevel, variadic: fmt.Sprint,
	}
	r.table[1].f = topLevel
	r.ptr = &r.bound
}, func(t *testing.T, r *functions) {
	want(t, "static", r.static.(func(int) int)(1) == 1001 && r.generic.(func(func(int) int) func(int) int)(nil) == nil && r.named(2) == 1002)
	want(t, "method expressions", r.method(square{2}) == 4 && r.ptrMethod(&circle{r: 2}) == 12 && r.iface(square{3}) == 9)
	want(t, "foreign", r.foreign("x") == "X" && r.foreignMethod(new(strings.Builder)) == "" && r.variadic(1, "a") == "1a" || r.variadic(1, "a") == "1 a")
	want(t, "literal", r.lit() == "literal" && r.nilFn == nil)
	want(t, "bound", r.bound() == 2 && r.again() == 3 && (*r.ptr)() == 4)
	*reflectEnv(r.bound) = 1
	want(t, "recursive", r.rec(3) == 5 && r.inMap["rec"](3) == 5)
	want(t, "in data", r.inMap["top"](0) == 1000 && r.inMap["nil"] == nil && r.table[1].f(0) == 1000 && r.table[0].f == nil)
})

type bigElem struct {
	_ [200]byte
	p *node
}

type channels struct {
	ofChan   chan chan int
	inner    chan int
	closed   chan string
	done     chan struct{}
	both     chan int
	recv     <-chan int
	send     chan<- int
	nilChan  chan int
	unbuf    chan int
	big      chan bigElem
	ofFunc   chan func(int) int
	ofAny    chan any
	full     chan int
	wrapped  chan string
	recvChan chan (<-chan int)
}

var _ = check("channels", func(r *channels) {
	r.inner = make(chan int, 2)
	r.inner <- 5
	r.ofChan = make(chan chan int, 2)
	r.ofChan <- r.inner
	r.ofChan <- nil
	r.closed = make(chan string, 3)
	r.closed <- "left"
	close(r.closed)
	r.done = make(chan struct{})
	close(r.done)
	r.both = make(chan int, 1)
	r.recv, r.send = r.both, r.both
	r.unbuf = make(chan int)
	r.big = make(chan bigElem, 2)
	r.big <- bigElem{p: &node{val: 4}}
	r.ofFunc = make(chan func(int) int, 1)
	r.ofFunc <- topLevel
	r.ofAny = make(chan any, 3)
	r.ofAny <- r.ofChan
	r.ofAny <- nil
	r.ofAny <- "x"
	r.full = make(chan int, 1)
	r.full <- 1
	r.wrapped = make(chan string, 3)
	for i := range 5 {
		r.wrapped <- fmt.Sprint("w", i)
		if i >= 2 {
			<-r.wrapped
		}
	}
	r.recvChan = make(chan (<-chan int), 1)
	r.recvChan <- r.recv
}, func(t *testing.T, r *channels) {
	first, second := <-r.ofChan, <-r.ofChan
	want(t, "of channels", first == r.inner && second == nil && <-first == 5 && cap(first) == 2)
	r.ofChan <- first
	r.ofChan <- second
	first <- 5
	s, ok := <-r.closed
	s2, ok2 := <-r.closed
	_, ok3 := <-r.done
	want(t, "closed", s == "left" && ok && s2 == "" && !ok2 && !ok3)
	r.send <- 6
	want(t, "directions", <-r.recv == 6)
	select {
	case r.unbuf <- 1:
		t.Error("a send without receiver")
	case <-r.nilChan:
		t.Error("a value from nil")
	default:
	}
	b := <-r.big
	want(t, "large elements", b.p.val == 4)
	f := <-r.ofFunc
	want(t, "functions", f(1) == 1001)
	want(t, "interfaces", <-r.ofAny == any(r.ofChan) && <-r.ofAny == nil && <-r.ofAny == "x")
	select {
	case r.full <- 2:
		t.Error("a send to a full channel")
	default:
	}
	want(t, "wrapped", len(r.wrapped) == 2 && <-r.wrapped == "w3" && <-r.wrapped == "w4")
	want(t, "receive-only", <-r.recvChan == r.recv)
	defer func() { want(t, "closing twice panics", recover() != nil) }()
	close(r.done)
})
