package rt

import (
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// stack makes a native of lines "function pos", innermost first.
func stack(g uintptr, lines ...string) native {
	n := native{id: 7, g: g}
	for _, l := range lines {
		f, pos, _ := strings.Cut(l, " ")
		n.stack = append(n.stack, nativeFrame{strings.Replace(f, "RT.", ours+".", 1), pos})
	}
	return n
}

func TestCall(t *testing.T) {
	const root = "RT.(*G).main vendor/rt/g.go:180"
	for _, test := range []struct {
		name string
		n    native
		want call
		text string // what the line begins with, for goroutine 3
	}{
		{"go statement", stack(1, "net/http.(*Server).Serve net/http/server.go:34", "net/http.ListenAndServe net/http/server.go:36", "main.(*hark_main_t1).Run app/hark.go:26", root),
			call{callee: "net/http.ListenAndServe"}, "goroutine 3 has been in net/http.ListenAndServe for 11s; the run cannot be saved"},
		{"function", stack(1, "net/http.ListenAndServe net/http/server.go:36", "main.serve /src/main.go:11", "main.(*hark_main_t1).Run app/hark.go:26", root),
			call{callee: "net/http.ListenAndServe", pos: "/src/main.go:11"}, "/src/main.go:11: goroutine 3 has been in net/http.ListenAndServe for 11s; "},
		{"deferred", stack(1, "os.(*File).Sync os/file.go:1", "main.(*hark_f_t2).Run app/hark.go:26", "RT.RunDeferred vendor/rt/defers.go:9", "main.hark_f /src/main.go:5", root),
			call{callee: "os.(*File).Sync", thunk: "main.hark_f_t2"}, "goroutine 3 has been in os.(*File).Sync"},
		{"back", stack(1, "RT.Recv[...] vendor/rt/chan.go:12", "main.hark_T_String /src/main.go:12", "main.T.String app/hark.go:45", "fmt.(*pp).handleMethods fmt/print.go:674", "fmt.Println fmt/print.go:315", "main.hark_main /src/main.go:22", root),
			call{callee: "fmt.Println", pos: "/src/main.go:22", back: "main.T.String", at: "/src/main.go:12"},
			"/src/main.go:22: goroutine 3 has been in fmt.Println for 11s, which has called main.T.String, which is at /src/main.go:12; "},
		{"panic", stack(1, "RT.Recv[...] vendor/rt/chan.go:12", "main.hark_main_func1 /src/main.go:12", "main.(*hark_main_t1).Run app/hark.go:45", "RT.RunDeferred vendor/rt/defers.go:9", "panic runtime/panic.go:9", "main.hark_main /src/main.go:22", root),
			call{callee: "panic", pos: "/src/main.go:22", back: "main.main.func1", at: "/src/main.go:12"},
			"/src/main.go:22: goroutine 3 panics, and a call that it has deferred has been at /src/main.go:12 for 11s; "},
		{"adopted", stack(0, "RT.Recv[...] vendor/rt/chan.go:12", "main.hark_serve /src/main.go:12", "main.serve app/hark.go:4", "net/http.HandlerFunc.ServeHTTP net/http/server.go:2", "net/http.(*conn).serve net/http/server.go:1"),
			call{adopted: true, back: "main.serve", at: "/src/main.go:12"}, "/src/main.go:12: main.serve, called on a goroutine that is not compiled, has been here for 11s; "},
		{"copied library", stack(1, "os.Lstat os/stat.go:1", "harkgen.local/std/path/filepath.Hark_Walk path.go:3", "main.hark_main /src/main.go:22", root),
			call{callee: "os.Lstat", pos: "/src/main.go:22"}, "/src/main.go:22: goroutine 3 has been in os.Lstat"},
		{"computes", stack(1, "main.fib /src/main.go:3", "main.fib /src/main.go:4", "main.hark_main /src/main.go:22", root),
			call{at: "/src/main.go:3", in: "main.fib"}, "/src/main.go:3: goroutine 3 has been in main.fib for 11s without a point"},
		{"waits", stack(1, "RT.Recv[...] vendor/rt/chan.go:12", "main.hark_main /src/main.go:22", root), call{at: "/src/main.go:22", in: "main.main"}, ""},
		{"foreign", stack(0, "net/http.(*conn).serve net/http/server.go:1"), call{adopted: true}, ""},
	} {
		if ours != "harkgen.local/rt" && test.name == "copied library" { // the copies are beside rt
			test.n.stack[1].function = strings.Replace(test.n.stack[1].function, "harkgen.local", strings.TrimSuffix(ours, "/rt"), 1)
		}
		c := test.n.call()
		if c != test.want {
			t.Errorf("%s: got %+v, want %+v", test.name, c, test.want)
		}
		c.who = 3
		if text := c.text(11*time.Second, time.Now()); !strings.HasPrefix(text, test.text) || strings.Count(text, ";") != 2 {
			t.Errorf("%s: %s", test.name, text)
		}
	}
}

func TestCommon(t *testing.T) {
	frames := func(n native) []nativeFrame { return n.stack }
	a := frames(stack(1, "os.Stat os.go:1", "main.held /m.go:2", "main.work /m.go:5", "main.main /m.go:9"))
	b := frames(stack(1, "main.work /m.go:6", "main.main /m.go:9"))
	if got := common(nil, a); !reflect.DeepEqual(got, a) {
		t.Error(got)
	}
	if got := common(a, a); !reflect.DeepEqual(got, a) {
		t.Error(got)
	}
	if got := common(a, b); !reflect.DeepEqual(got, b) {
		t.Error(got)
	}
	if got := common(b, a); !reflect.DeepEqual(got, a[2:]) {
		t.Error(got)
	}
}

// told is a host that remembers what it was told.
type told struct {
	Host
	texts []string
}

func (h *told) Warn(text string) { h.texts = append(h.texts, text) }

// TestHindered: a goroutine that stays is told of once, with its number.
func TestHindered(t *testing.T) {
	p, h := newProcess(), &told{}
	p.host = h
	began, block := make(chan bool), make(chan bool)
	p.lastID = 5
	p.spawn(&nativeThunk{began, block})
	<-began
	p.beginStop(reasonInterval)
	defer func() {
		p.resume()
		close(block)
		for p.count() > 0 {
			runtime.Gosched()
		}
	}()
	now := time.Now()
	for i := range 12 {
		p.hindered(now.Add(time.Duration(i) * nextHindrance))
		if i < 4 && len(h.texts) > 0 {
			t.Fatal("too early:", h.texts)
		}
	}
	if len(h.texts) != 1 || !strings.Contains(h.texts[0], "goroutine 6 has been in ") {
		t.Errorf("%q", h.texts)
	}
	p.hindrance.over()
	for i := range 12 {
		p.hindered(now.Add(time.Duration(20+i) * nextHindrance))
	}
	if len(h.texts) != 1 {
		t.Errorf("told again: %q", h.texts)
	}
}

type nativeThunk struct{ began, block chan bool }

func (t *nativeThunk) Run(*G) {
	close(t.began)
	<-t.block
}
