package snap

import (
	"bytes"
	"errors"
	"hash/maphash"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	"unique"
	"unsafe"
)

type conn struct{ fd *os.File }
type handler struct {
	PC   int
	conn *conn
}

func (h *handler) SnapLabel() string { return "main.go:31 handler" }

func TestUnmovable(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer listener.Close()
	n := 1
	var oncef = sync.OnceFunc(func() { n++ })
	waiting := make(chan int)
	go func() { <-waiting }()
	time.Sleep(10 * time.Millisecond)
	defer close(waiting)
	seed := maphash.MakeSeed()
	sm := &sync.Map{}
	sm.Store("f", null)
	ch := make(chan any, 3)
	ch <- 1
	ch <- null
	type nested struct {
		arr [3]struct{ m map[string]any }
	}
	ne := &nested{}
	ne.arr[2].m = map[string]any{"a": 1, "b": []any{nil, &conn{null}}}

	tests := []struct {
		root any
		want string
	}{
		{&struct{ frames []any }{[]any{nil, &handler{conn: &conn{null}}}}, "frames -> [1] -> (*snap.handler) -> main.go:31 handler -> conn -> fd -> os.File"},
		{&struct{ w io.Writer }{null}, "w -> (*os.File) -> os.File: an open file"},
		{ne, `arr -> [2] -> m -> ["b"] -> ([]interface {}) -> [1] -> (*snap.conn) -> fd -> os.File`},
		{&struct{ l net.Listener }{listener}, "l -> (*net.TCPListener) -> fd -> net.netFD: a network connection"},
		{&struct{ f func() }{oncef}, "f -> func(): a closure of code that is not compiled: "},
		{&struct{ f func() }{func() { n++ }}, "f -> func(): a closure of code that is not compiled: github.com/harkgen/harkgen/rt/snap.TestUnmovable"},
		{&struct{ p unsafe.Pointer }{unsafe.Pointer(&n)}, "p -> unsafe.Pointer: nobody knows"},
		{&struct{ c *time.Timer }{time.AfterFunc(time.Hour, func() {})}, "c -> time.Timer: a timer of code that is not compiled"},
		{&struct{ c *time.Timer }{time.AfterFunc(time.Hour, func() { n++ })}, "a closure of code that is not compiled"},
		{&struct{ c time.Timer }{*time.NewTimer(time.Hour)}, "c -> initTimer -> time.Timer: a copy of a timer"},
		{&struct{ c chan int }{waiting}, "c -> chan int: a goroutine that is not compiled waits"},
		{&struct{ h unique.Handle[uint16] }{unique.Make[uint16](1)}, "h -> unique.Handle[uint16]: the program has no code to make it again"},
		{&struct{ s *maphash.Seed }{&seed}, "s -> maphash.Seed"},
		{&struct{ m *sync.Map }{sm}, "m -> (*os.File) -> os.File"},
		{&struct{ c chan any }{ch}, "c -> (buffered element 1) -> (*os.File) -> os.File"},
		{&struct{ m map[*os.File]int }{map[*os.File]int{null: 1}}, "m -> (key [*os.File]) -> os.File"},
	}
	for _, test := range tests {
		var b bytes.Buffer
		err := Save(&b, test.root)
		var u *UnmovableError
		if !errors.As(err, &u) {
			t.Errorf("got %v, want %s", err, test.want)
		} else if !strings.Contains(err.Error(), test.want) {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
	globalPath = null
	RegisterVar("globalPath", &globalPath)
	defer func() { globalPath = nil }()
	if err := Save(io.Discard, new(int)); err == nil || !strings.Contains(err.Error(), "globalPath -> (*os.File) -> os.File") {
		t.Error(err)
	}
}

var globalPath any

func TestZeroUnmovable(t *testing.T) {
	type root struct {
		_  os.File
		_  time.Timer
		_  unique.Handle[int]
		fs []os.File
	}
	q := load[root](t, save(t, &root{fs: make([]os.File, 1000)}))
	if len(q.fs) != 1000 {
		t.Error("wrong")
	}
}

func TestBuild(t *testing.T) {
	b := save(t, &node{val: 7})
	r := &node{val: 1}
	defer SetBuild(buildID)
	SetBuild("other")
	if err := Load(bytes.NewReader(b), int64(len(b)), r); !errors.Is(err, ErrBuild) || r.val != 1 {
		t.Error(err)
	}
}

func TestRoots(t *testing.T) {
	for _, root := range []any{nil, 1, (*int)(nil), node{}} {
		if Save(io.Discard, root) == nil || Load(bytes.NewReader(nil), 0, root) == nil {
			t.Errorf("accepted %v", root)
		}
	}
	b := save(t, new(int))
	if err := Load(bytes.NewReader(b), int64(len(b)), new(string)); err == nil {
		t.Error("loaded an int into a string")
	}
	for _, root := range []any{new(empty), new(int), new([3]string), &[]int{1}, new(any), new([0]int)} {
		b := save(t, root)
		if err := Load(bytes.NewReader(b), int64(len(b)), root); err != nil {
			t.Errorf("%T: %v", root, err)
		}
	}
	if err := Save(io.Discard, &globalInt); err == nil {
		t.Error("a registered variable as root")
	}
}

type failing struct{ n int }

func (f *failing) Write(b []byte) (int, error) {
	if f.n -= len(b); f.n < 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

func TestWriteError(t *testing.T) {
	for _, n := range []int{0, 10, 200000} {
		if err := Save(&failing{n}, &struct{ b []byte }{make([]byte, 1<<20)}); err != io.ErrShortWrite {
			t.Error(err)
		}
	}
}
