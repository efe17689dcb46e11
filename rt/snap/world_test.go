package snap

// This file defines world, a value with everything in it, and its check: what save_test.go sends through a snapshot.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type node struct {
	val  int
	next *node
}

type tree3 struct {
	left, right, parent *tree3
	name                string
}

type shape interface{ Area() float64 }
type square struct{ side float64 }
type circle struct {
	r    float64
	name string
	tags []string
}

func (s square) Area() float64  { return s.side * s.side }
func (c *circle) Area() float64 { return c.r * c.r * 3 }

type wrapper struct{ inner struct{ p *int } }
type padded struct {
	a byte
	p *int
	b uint16
	s string
	c byte
}
type iface16 struct {
	x any
}
type selfRef struct {
	me  *selfRef
	any any
	sl  []*selfRef
}
type conv1 struct{ p *int }
type conv2 conv1
type words [3]*int
type empty struct{}

type generic[T any] struct {
	v    T
	next *generic[T]
}

type counterEnv struct{ n *int }

func (e *counterEnv) fn() int { *e.n++; return *e.n }

type selfEnv struct {
	self func(int) int
	k    int
}

func (e *selfEnv) fn(x int) int {
	if x <= 0 {
		return e.k
	}
	return e.self(x-1) + 1
}

type config struct {
	N    int
	Tags []string
	sub  *config
}

var (
	globalConfig  = &config{N: 1, Tags: []string{"a", "b"}}
	globalTable   = []int{1, 2, 3}
	globalInt     int
	globalMap     map[string]int
	globalArray   [5]node
	globalString  = "start"
	errGlobal     = errors.New("global sentinel")
	errSentinel   = errors.New("sentinel")
	otherState    = &config{N: 100}
	externalState = &config{N: 7}
)

func topLevel(x int) int { return x + 1000 }

func init() {
	SetBuild("test")
	Begin()
	RegisterVar("globalConfig", &globalConfig)
	RegisterVar("globalTable", &globalTable)
	RegisterVar("globalInt", &globalInt)
	RegisterVar("globalMap", &globalMap)
	RegisterVar("globalArray", &globalArray)
	RegisterVar("globalString", &globalString)
	RegisterExternal("errSentinel", &errSentinel)
	RegisterExternal("errGlobal", &errGlobal)
	RegisterExternal("externalState", &externalState)
	RegisterExternal("context.Canceled", &context.Canceled)
	RegisterClosure("counter", (*counterEnv)(nil).fn, reflect.TypeFor[*counterEnv]())
	RegisterClosure("self", (*selfEnv)(nil).fn, reflect.TypeFor[*selfEnv]())
}

type world struct {
	Ints    []int
	A, B    []int // share an array
	C       []int // with capacity beyond its length
	Nil     []int
	Empty   []int
	P       *int // into Ints
	Q       *int // the same
	PP      **int
	List    *node
	Ring    *node
	Tree    *tree3
	S1, S2  string
	Sub     string
	Bytes   []byte
	Big     []float64
	M1, M2  map[string]int
	MPtr    map[*int]string
	MAny    map[any]any
	MNaN    map[float64]int
	MStruct map[struct {
		a int
		b string
	}]*node
	MMap   map[string]map[int][]string
	MNil   map[int]int
	MSelf  map[string]any
	Shape1 shape
	Shape2 shape
	Shape3 shape
	Nils   [3]any
	Any    []any
	Err1   error
	Err2   error
	Err3   error
	Err4   error
	Err5   error
	Fn     func() int
	Fn2    func() int
	Fn3    func(int) int
	Fn4    func(int) int
	FnNil  func()
	Ch     chan int
	ChR    <-chan int
	ChS    chan<- int
	ChP    chan *node
	ChNil  chan int
	ChU    chan string
	ChC    chan struct{}
	ChCh   chan chan int
	ChArr  chan [2]string
	Mu     sync.Mutex
	RW     sync.RWMutex
	RW2    sync.RWMutex
	WG     sync.WaitGroup
	Once   sync.Once
	Cond   *sync.Cond
	Pool   sync.Pool
	SM     sync.Map
	SMP    *sync.Map
	AI     atomic.Int64
	AP     atomic.Pointer[node]
	AV     atomic.Value
	T1     time.Time
	T2     time.Time
	T3     time.Time
	Loc    *time.Location
	Buf    bytes.Buffer
	SB     *strings.Builder
	BigInt *big.Int
	W      wrapper
	Pad    []padded
	Box    any
	Self   *selfRef
	C1     *conv1
	C2     *conv2
	ArrP   *[4]int
	ArrS   []int
	Words  []words
	Zero   *empty
	Zeros  []empty
	Zmap   map[empty]int
	G      *generic[[]string]
	Arena  []node
	Into   []*node
	GInt   *int
	GNode  *node
	GStr   *string
	Cfg    *config
	Other  *config
	Ext    *config
	ExtInt *int
	Stdout *os.File
	Out    io.Writer
	RT     reflect.Type
	RV     reflect.Value
	RV2    reflect.Value
	Made   any
	Cplx   complex128
	Arr2   [2][3][]int
	Arr3   [10]*int
	AnyArr any
	Funcs  map[string]func(int) int
	Iface1 iface16
	Deep   any
	Holder any
	Label  labeled
}

type labeled struct{ X int }

func (l *labeled) SnapLabel() string { return "label" }

func buildWorld() *world {
	w := &world{}
	w.Ints = []int{1, 2, 3, 4, 5, 6, 7, 8}
	w.A, w.B = w.Ints[:4], w.Ints[2:6:7]
	w.C = make([]int, 2, 10)
	w.C[:10][9] = 99
	w.Empty = []int{}
	w.P = &w.Ints[3]
	w.Q = w.P
	w.PP = &w.Q
	for i := range 1000 {
		w.List = &node{i, w.List}
	}
	w.Ring = &node{val: 1}
	w.Ring.next = &node{2, &node{3, w.Ring}}
	w.Tree = &tree3{name: "root"}
	w.Tree.left = &tree3{parent: w.Tree, name: "left"}
	w.Tree.right = &tree3{parent: w.Tree, name: "right"}
	w.S1 = strings.Repeat("hello", 10)
	w.S2 = w.S1
	w.Sub = w.S1[3:20]
	w.Bytes = []byte("some bytes\x00\xff")
	w.Big = make([]float64, 100000)
	for i := range w.Big {
		w.Big[i] = float64(i) / 3
	}
	w.M1 = map[string]int{}
	for i := range 500 {
		w.M1[fmt.Sprint("key", i)] = i
	}
	w.M2 = w.M1
	w.MPtr = map[*int]string{w.P: "P", &w.Ints[0]: "0", nil: "nil", &globalInt: "g"}
	w.MAny = map[any]any{1: "one", "two": 2, 3.5: nil, square{2}: w.P, w.P: "ptr", [2]string{"a", "b"}: 9, w.List: true, any(nil): 0, time.Second: 1}
	w.MNaN = map[float64]int{math.NaN(): 1, 1: 2}
	w.MNaN[math.NaN()] = 3
	w.MStruct = map[struct {
		a int
		b string
	}]*node{{1, "x"}: w.Ring, {2, "y"}: nil}
	w.MMap = map[string]map[int][]string{"a": {1: {"x", "y"}, 2: nil}, "nil": nil}
	w.MSelf = map[string]any{}
	w.MSelf["self"] = w.MSelf
	w.Shape1, w.Shape2 = square{3}, &circle{2, "c", []string{"t"}}
	w.Shape3 = w.Shape2
	w.Nils[1] = (*int)(nil)
	w.Any = []any{1, int8(2), "three", 4.5, []int{5}, map[int]int{6: 7}, w.P, nil, true, struct{}{}, [2]int{8, 9}, [1]*int{w.P}, [2]*int{w.P, w.Q}, uint64(math.MaxUint64), complex(1, 2), wrapper{struct{ p *int }{w.P}}}
	w.Err1 = io.EOF
	w.Err2 = errSentinel
	w.Err3 = fmt.Errorf("wrapped: %w", errSentinel)
	w.Err4 = errors.Join(io.EOF, w.Err3)
	w.Err5 = context.Canceled
	n := 10
	e := &counterEnv{&n}
	w.Fn, w.Fn2 = e.fn, (&counterEnv{&n}).fn
	se := &selfEnv{k: 5}
	se.self = se.fn
	w.Fn3, w.Fn4 = se.fn, topLevel
	w.Ch = make(chan int, 5)
	for i := range 4 { // wrap around
		w.Ch <- i
	}
	<-w.Ch
	<-w.Ch
	w.Ch <- 4
	w.Ch <- 5
	w.ChR, w.ChS = w.Ch, w.Ch
	w.ChP = make(chan *node, 2)
	w.ChP <- w.Ring
	w.ChU = make(chan string)
	w.ChC = make(chan struct{}, 3)
	w.ChC <- struct{}{}
	close(w.ChC)
	w.ChCh = make(chan chan int, 1)
	w.ChCh <- w.Ch
	w.ChArr = make(chan [2]string, 4)
	w.ChArr <- [2]string{w.S1, "static"}
	w.Mu.Lock()
	w.RW.RLock()
	w.RW.RLock()
	w.RW2.Lock()
	w.WG.Add(3)
	w.Once.Do(func() {})
	w.Cond = sync.NewCond(w.RW2.RLocker())
	w.Cond.Signal()
	w.Cond.Broadcast()
	w.Pool.Put(new(int))
	w.SM.Store("a", w.P)
	w.SM.Store(1, w.Ring)
	w.SM.Store(square{1}, "sq")
	w.SMP = &sync.Map{}
	for i := range 100 {
		w.SMP.Store(fmt.Sprint(i), i)
	}
	w.AI.Store(77)
	w.AP.Store(w.Ring)
	w.AV.Store(w.S1)
	w.T1 = time.Now()
	w.T2 = time.Date(2024, 2, 29, 1, 2, 3, 4, time.UTC)
	w.Loc = time.FixedZone("X", 3600)
	w.T3 = w.T1.In(w.Loc)
	w.Buf.WriteString("buffered text")
	w.Buf.Next(3)
	w.SB = &strings.Builder{}
	w.SB.WriteString("built")
	w.BigInt = new(big.Int).Exp(big.NewInt(7), big.NewInt(200), nil)
	w.W.inner.p = w.P
	w.Pad = []padded{{1, w.P, 2, "s", 3}, {4, nil, 5, w.S1, 6}}
	w.Box = circle{1, "boxed", []string{"b"}}
	w.Self = &selfRef{}
	w.Self.me = w.Self
	w.Self.any = w.Self
	w.Self.sl = []*selfRef{w.Self, nil}
	w.C1 = &conv1{w.P}
	w.C2 = (*conv2)(w.C1)
	w.ArrP = &[4]int{1, 2, 3, 4}
	w.ArrS = w.ArrP[1:3]
	w.Words = []words{{w.P}, {nil, w.Q}}
	w.Zero = &empty{}
	w.Zeros = make([]empty, 5)
	w.Zmap = map[empty]int{{}: 1}
	w.G = &generic[[]string]{v: []string{"g"}}
	w.G.next = w.G
	w.Arena = make([]node, 100)
	for i := range w.Arena {
		w.Arena[i] = node{i, &w.Arena[(i*7+1)%100]}
		w.Into = append(w.Into, &w.Arena[(i*13)%100])
	}
	globalInt, globalString = 42, w.S1
	globalConfig.N = 2
	globalConfig.Tags[1] = "changed"
	globalConfig.sub = &config{N: 3, sub: globalConfig}
	globalTable[2] = 33
	globalMap = map[string]int{"g": 1}
	globalArray[3] = node{3, &globalArray[1]}
	w.GInt, w.GNode, w.GStr = &globalInt, &globalArray[3], &globalString
	w.Cfg = globalConfig
	otherState.N = 200
	w.Other = otherState
	externalState.N = 8
	w.Ext, w.ExtInt = externalState, &externalState.N
	w.Stdout, w.Out = os.Stdout, os.Stderr
	w.RT = reflect.TypeFor[circle]()
	w.RV, w.RV2 = reflect.ValueOf(w.Ints), reflect.ValueOf(w.P)
	mt := reflect.StructOf([]reflect.StructField{{Name: "Xyz", Type: reflect.TypeFor[*int]()}, {Name: "M", Type: reflect.MapOf(reflect.TypeFor[int8](), reflect.TypeFor[*node]())}})
	mv := reflect.New(mt)
	mv.Elem().Field(0).Set(reflect.ValueOf(w.P))
	w.Made = mv.Interface()
	w.Cplx = complex(1, -2)
	w.Arr2[1][2] = w.Ints[1:2]
	w.Arr3[9] = w.P
	w.AnyArr = [7]string{3: w.Sub}
	w.Funcs = map[string]func(int) int{"top": topLevel, "self": w.Fn3}
	w.Iface1.x = iface16{iface16{w.P}}
	for range 10000 {
		w.Deep = iface16{w.Deep}
	}
	w.Holder = &w.Label
	w.Label.X = 5
	return w
}

func (w *world) check(t *testing.T) {
	ok := func(name string, cond bool) {
		t.Helper()
		if !cond {
			t.Errorf("%s is wrong", name)
		}
	}
	ok("Ints", reflect.DeepEqual(w.Ints, []int{1, 2, 3, 4, 5, 6, 7, 8}))
	ok("A", len(w.A) == 4 && cap(w.A) == 8 && &w.A[0] == &w.Ints[0])
	ok("B", len(w.B) == 4 && cap(w.B) == 5 && &w.B[0] == &w.Ints[2])
	ok("C", len(w.C) == 2 && cap(w.C) == 10 && w.C[:10][9] == 99)
	ok("Nil", w.Nil == nil && w.Empty != nil && len(w.Empty) == 0)
	ok("P", w.P == &w.Ints[3] && w.Q == w.P && w.PP == &w.Q)
	i := 999
	for n := w.List; n != nil; n = n.next {
		if n.val != i {
			t.Fatalf("list: %d, want %d", n.val, i)
		}
		i--
	}
	ok("List", i == -1)
	ok("Ring", w.Ring.next.next.next == w.Ring && w.Ring.next.next.val == 3)
	ok("Tree", w.Tree.left.parent == w.Tree && w.Tree.right.parent == w.Tree && w.Tree.right.name == "right")
	ok("S", w.S1 == strings.Repeat("hello", 10) && w.S2 == w.S1 && w.Sub == w.S1[3:20])
	ok("S shared", data(w.S1) == data(w.S2) && data(w.S1)+3 == data(w.Sub))
	ok("Bytes", string(w.Bytes) == "some bytes\x00\xff")
	ok("Big", len(w.Big) == 100000 && w.Big[99999] == 99999.0/3)
	ok("M1", len(w.M1) == 500 && w.M1["key77"] == 77)
	w.M2["new"] = 1
	ok("M2", w.M1["new"] == 1)
	delete(w.M1, "new")
	ok("MPtr", len(w.MPtr) == 4 && w.MPtr[w.P] == "P" && w.MPtr[&w.Ints[0]] == "0" && w.MPtr[nil] == "nil" && w.MPtr[&globalInt] == "g")
	ok("MAny", len(w.MAny) == 9 && w.MAny[1] == "one" && w.MAny["two"] == 2 && w.MAny[square{2}] == w.P && w.MAny[w.P] == "ptr" && w.MAny[[2]string{"a", "b"}] == 9 && w.MAny[w.List] == true && w.MAny[time.Second] == 1)
	sum := 0
	for _, v := range w.MNaN {
		sum += v
	}
	ok("MNaN", len(w.MNaN) == 3 && sum == 6)
	ok("MStruct", len(w.MStruct) == 2 && w.MStruct[struct {
		a int
		b string
	}{1, "x"}] == w.Ring)
	ok("MMap", w.MMap["a"][1][1] == "y" && len(w.MMap) == 2 && w.MMap["nil"] == nil && w.MNil == nil)
	ok("MSelf", reflect.ValueOf(w.MSelf["self"]).UnsafePointer() == reflect.ValueOf(w.MSelf).UnsafePointer())
	ok("Shape", w.Shape1.Area() == 9 && w.Shape2.Area() == 12 && w.Shape3 == w.Shape2 && w.Shape2.(*circle).tags[0] == "t")
	ok("Nils", w.Nils[0] == nil && w.Nils[1] == (*int)(nil) && w.Nils[1] != nil)
	want := []any{1, int8(2), "three", 4.5, []int{5}, map[int]int{6: 7}, w.P, nil, true, struct{}{}, [2]int{8, 9}, [1]*int{w.P}, [2]*int{w.P, w.Q}, uint64(math.MaxUint64), complex(1, 2), wrapper{struct{ p *int }{w.P}}}
	ok("Any", reflect.DeepEqual(w.Any, want) && w.Any[6] == w.P && w.Any[11].([1]*int)[0] == w.P && w.Any[15].(wrapper).inner.p == w.P)
	ok("Err", w.Err1 == io.EOF && w.Err2 == errSentinel && errors.Is(w.Err3, errSentinel) && errors.Is(w.Err4, io.EOF) && errors.Is(w.Err4, errSentinel) && w.Err3.Error() == "wrapped: sentinel" && w.Err5 == context.Canceled)
	ok("Fn", w.Fn() == 11 && w.Fn2() == 12 && w.Fn() == 13)
	*reflectEnv(w.Fn) = 10
	ok("Fn3", w.Fn3(4) == 9 && w.Fn4(1) == 1001 && w.FnNil == nil)
	ok("Ch", len(w.Ch) == 4 && cap(w.Ch) == 5 && w.ChR == (<-chan int)(w.Ch) && w.ChS == (chan<- int)(w.Ch))
	for _, x := range []int{2, 3, 4, 5} {
		y := <-w.ChR
		ok("Ch element", y == x)
		w.ChS <- x
	}
	n := <-w.ChP
	ok("ChP", n == w.Ring && cap(w.ChP) == 2)
	w.ChP <- n
	ok("ChU", w.ChNil == nil && w.ChU != nil && cap(w.ChU) == 0)
	ok("ChC", len(w.ChC) == 1 && cap(w.ChC) == 3)
	ch := <-w.ChCh
	ok("ChCh", ch == w.Ch)
	w.ChCh <- ch
	a := <-w.ChArr
	ok("ChArr", a == [2]string{w.S1, "static"} && cap(w.ChArr) == 4)
	w.ChArr <- a
	func() {
		defer func() { ok("ChC closed", recover() != nil) }()
		close(w.ChC)
	}()
	ok("Mu", !w.Mu.TryLock())
	w.Mu.Unlock()
	ok("Mu", w.Mu.TryLock())
	ok("RW", !w.RW.TryLock() && w.RW.TryRLock())
	w.RW.RUnlock()
	w.RW.RUnlock()
	w.RW.RUnlock()
	ok("RW", w.RW.TryLock())
	w.RW.Unlock()
	w.RW.RLock()
	w.RW.RLock()
	ok("RW2", !w.RW2.TryRLock())
	w.RW2.Unlock()
	w.RW2.Lock()
	w.WG.Add(-3)
	w.WG.Wait()
	w.WG.Add(3)
	w.Once.Do(func() { t.Error("Once runs again") })
	w.Cond.Signal()
	ok("Pool", w.Pool.New == nil)
	v, _ := w.SM.Load("a")
	ok("SM", v == w.P)
	v, _ = w.SM.Load(1)
	ok("SM", v == w.Ring)
	v, _ = w.SM.Load(square{1})
	ok("SM", v == "sq")
	v, _ = w.SMP.Load("57")
	ok("SMP", v == 57)
	ok("A", w.AI.Load() == 77 && w.AP.Load() == w.Ring && w.AV.Load() == w.S1)
	ok("T", w.T1.Location() == time.Local && w.T1.Equal(w.T3) && w.T3.Location() == w.Loc && w.T3.Location().String() == "X" && time.Since(w.T1) >= 0 && time.Since(w.T1) < time.Hour)
	ok("T2", w.T2.String() == "2024-02-29 01:02:03.000000004 +0000 UTC")
	ok("Buf", w.Buf.String() == "fered text" && w.SB.String() == "built")
	w.SB.WriteString("")
	ok("BigInt", w.BigInt.Cmp(new(big.Int).Exp(big.NewInt(7), big.NewInt(200), nil)) == 0)
	ok("W", w.W.inner.p == w.P && reflect.DeepEqual(w.Pad, []padded{{1, w.P, 2, "s", 3}, {4, nil, 5, w.S1, 6}}) && w.Pad[0].p == w.P)
	ok("Box", reflect.DeepEqual(w.Box, circle{1, "boxed", []string{"b"}}))
	ok("Self", w.Self.me == w.Self && w.Self.any == w.Self && w.Self.sl[0] == w.Self)
	ok("C", w.C2 == (*conv2)(w.C1) && w.C1.p == w.P)
	ok("Arr", &w.ArrS[0] == &w.ArrP[1] && cap(w.ArrS) == 3 && w.ArrP[3] == 4)
	ok("Words", w.Words[0][0] == w.P && w.Words[1][1] == w.P && len(w.Words) == 2)
	ok("Zero", w.Zero != nil && len(w.Zeros) == 5 && w.Zmap[empty{}] == 1)
	ok("G", w.G.next == w.G && w.G.v[0] == "g")
	for i := range w.Arena {
		ok("Arena", w.Arena[i].val == i && w.Arena[i].next == &w.Arena[(i*7+1)%100] && w.Into[i] == &w.Arena[(i*13)%100])
	}
	ok("globals", globalInt == 42 && globalString == w.S1 && globalConfig.N == 2 && globalConfig.Tags[1] == "changed" && globalConfig.sub.sub == globalConfig && globalTable[2] == 33 && globalMap["g"] == 1 && globalArray[3].next == &globalArray[1])
	ok("into globals", w.GInt == &globalInt && w.GNode == &globalArray[3] && w.GStr == &globalString && w.Cfg == globalConfig)
	ok("Other", w.Other == otherState && w.Other.N == 200)
	ok("Ext", w.Ext == externalState && w.ExtInt == &externalState.N)
	ok("Stdout", w.Stdout == os.Stdout && w.Out == os.Stderr)
	ok("RT", w.RT == reflect.TypeFor[circle]())
	ok("RV", w.RV.Index(3).Addr().Interface() == w.P && w.RV2.Elem().Int() == 4)
	ok("Made", reflect.ValueOf(w.Made).Elem().Field(0).Interface() == w.P)
	ok("Cplx", w.Cplx == complex(1, -2) && &w.Arr2[1][2][0] == &w.Ints[1] && w.Arr3[9] == w.P && w.AnyArr == [7]string{3: w.Sub})
	ok("Funcs", w.Funcs["top"](1) == 1001 && w.Funcs["self"](1) == 6)
	ok("Iface1", w.Iface1.x.(iface16).x.(iface16).x == w.P)
	depth := 0
	for x := w.Deep; x != nil; x = x.(iface16).x {
		depth++
	}
	ok("Deep", depth == 10000)
	ok("Holder", w.Holder == &w.Label && w.Label.X == 5)
}

// churn lets the collector find out what is not what it seems.
func churn() {
	var keep [][]*int
	for i := range 20 {
		for range 200 {
			x := make([]*int, 50)
			for j := range x {
				x[j] = new(int)
				*x[j] = -1
			}
			if i%4 == 0 {
				keep = append(keep, x)
			}
		}
		runtime.GC()
	}
	runtime.KeepAlive(keep)
}

// made returns a pointer to a value of a type made at run time.
func made() any {
	return reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "X", Type: reflect.ArrayOf(3, reflect.TypeFor[*part]())},
		{Name: "F", Type: reflect.FuncOf([]reflect.Type{reflect.TypeFor[part]()}, nil, false)},
	})).Interface()
}
