package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// This file compares the server in testdata/server as `go run` executes it with the durable one, which is killed between requests.

// A served is a running server.
type served struct {
	t       *testing.T
	addr    string
	dir     string   // where it is executed
	args    []string // of harkgen run
	durable bool
	mu      sync.Mutex // held while it is started again
	cmd     *exec.Cmd
	done    chan struct{} // closed when cmd has ended, with err
	err     error
	out     lockedBuffer
	run     string // its id
	errs    *os.File
	orders  []string // what those who ordered have been told
}

// A lockedBuffer may be read while somebody writes.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// freeAddr is an address where nobody listens.
func freeAddr(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// serve starts the server in directory source.
func serve(t *testing.T, source string, durable bool, args ...string) *served {
	dir, err := filepath.Abs(source)
	if err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, addr: freeAddr(t), dir: dir, durable: durable}
	if !durable {
		bin := filepath.Join(t.TempDir(), "plain")
		build := exec.Command("go", "build", "-o", bin, ".")
		build.Dir = dir
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		s.start(bin, s.addr)
		return s
	}
	s.args = append([]string{"-state", filepath.Join(t.TempDir(), "state")}, args...)
	s.start("harkgen", append(append([]string{"run", "-v"}, s.args...), ".", s.addr)...)
	for s.run == "" {
		time.Sleep(20 * time.Millisecond)
		if f := strings.Fields(s.stderr()); len(f) >= 2 && f[0] == "run" {
			s.run = f[1]
		}
		if s.ended() {
			t.Fatalf("harkgen run has ended: %s", s.stderr())
		}
	}
	return s
}

func (s *served) start(name string, args ...string) {
	errs, err := os.CreateTemp(s.t.TempDir(), "stderr")
	if err != nil {
		s.t.Fatal(err)
	}
	s.errs = errs
	s.cmd = exec.Command(name, args...)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, &s.out, errs
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	cmd, done := s.cmd, make(chan struct{})
	s.done = done
	go func() {
		s.err = cmd.Wait()
		close(done)
	}()
	s.t.Cleanup(func() {
		cmd.Process.Kill()
		<-done
		if s.t.Failed() {
			s.t.Logf("%s %q:\n%s%s", name, args, s.stderr(), s.out.String())
		}
	})
}

func (s *served) stderr() string {
	text, err := os.ReadFile(s.errs.Name())
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func (s *served) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// killWorker kills the worker, if there is one.
func (s *served) killWorker() { killWorkers(s.cmd.Process.Pid, false) }

// restart kills harkgen and resumes the run.
func (s *served) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd.Process.Kill()
	<-s.done
	s.start("harkgen", "resume", s.args[0], s.args[1], s.run)
}

// An exchange is a request and what was answered.
type exchange struct {
	method, path, body string
	header             http.Header
}

// do makes a request, again while nobody listens, and describes the answer.
func (s *served) do(x exchange) string {
	client := &http.Client{Timeout: 3 * time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var body io.Reader
		if x.body != "" {
			body = strings.NewReader(x.body)
			if x.header.Get("X-Chunked") != "" {
				body = io.MultiReader(body) // of unknown length
			}
		}
		req, err := http.NewRequest(x.method, "http://"+s.addr+x.path, body)
		if err != nil {
			s.t.Fatal(err)
		}
		for name, values := range x.header {
			req.Header[name] = values
		}
		resp, err := client.Do(req)
		if err != nil && s.ended() {
			s.t.Errorf("the server has ended; %s %s", x.method, x.path)
			return err.Error()
		}
		if err != nil && strings.Contains(err.Error(), "connection refused") && time.Now().Before(deadline) {
			continue
		}
		if err != nil {
			return err.Error()
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		out := fmt.Sprintln(x.method, x.path, resp.StatusCode, err)
		for _, name := range []string{"Content-Type", "Location", "Allow", "X-Served-By", "X-Method", "X-Content-Type-Options", "Set-Cookie"} {
			if v := resp.Header[name]; v != nil {
				out += fmt.Sprintln(name, v)
			}
		}
		return out + string(text)
	}
}

func (s *served) get(path string) string { return s.do(exchange{method: "GET", path: path}) }

// until makes a request again and again until the answer has text.
func (s *served) until(path, text string) string {
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if got := s.get(path); strings.Contains(got, text) {
			return got
		} else if s.ended() || time.Now().After(deadline) {
			s.t.Fatalf("%s: %q, want %q", path, got, text)
		}
	}
}

// script is what the client asks, one after the other.
func script() []exchange {
	text := strings.Repeat("0123456789abcdef", 20_000)
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	plain := func(extra ...string) http.Header {
		h := http.Header{"Content-Type": {"text/x-test"}}
		for i := 0; i < len(extra); i += 2 {
			h.Set(extra[i], extra[i+1])
		}
		return h
	}
	return []exchange{
		{method: "POST", path: "/count/a"},
		{method: "POST", path: "/count/b%20c"},
		{method: "POST", path: "/api/count/a"},
		{method: "GET", path: "/count/a"},
		{method: "HEAD", path: "/count/a"},
		{method: "DELETE", path: "/count/a"},
		{method: "GET", path: "/nothing"},
		{method: "GET", path: "/files"},
		{method: "GET", path: "/files/a/b%2Fc/d?x=y"},
		{method: "GET", path: "/files//a"},
		{method: "GET", path: "/exact"},
		{method: "GET", path: "/exact/"},
		{method: "GET", path: "/empty"},
		{method: "GET", path: "/cookie"},
		{method: "GET", path: "/stream"},
		{method: "POST", path: "/echo", body: "short", header: plain()},
		{method: "POST", path: "/echo", body: text, header: plain()},
		{method: "POST", path: "/echo", body: text, header: plain("X-Chunked", "yes")},
		{method: "PUT", path: "/echo", body: "wait for it", header: plain("Expect", "100-continue")},
		{method: "POST", path: "/count/a"},
		{method: "POST", path: "/orders/9/decision", body: "ok=yes", header: form},
		{method: "OPTIONS", path: "/echo"},
		{method: "GET", path: "/count/b%20c"},
	}
}

// play plays the whole scene, with between called between requests, and returns what the client has seen.
func (s *served) play(between func()) (seen []string) {
	for _, x := range script() {
		seen = append(seen, s.do(x))
		between()
	}
	for i, ok := range []string{"yes", "no"} {
		order := fmt.Sprintf("/orders/%d", i)
		told := make(chan string, 1)
		go func() { told <- s.do(exchange{method: "POST", path: order}) }()
		seen = append(seen, s.until(order, "pending"))
		between()
		seen = append(seen, s.do(exchange{method: "POST", path: order + "/decision", body: "ok=" + ok, header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}))
		between()
		seen = append(seen, s.until(order, map[string]string{"yes": "approved", "no": "rejected"}[ok]))
		s.orders = append(s.orders, <-told)
	}
	seen = append(seen, s.get("/later?text=first"))
	between()
	seen = append(seen, s.until("/list", "first"), s.get("/later?text=second"), s.until("/list", "first,second"))
	between()
	return seen
}

// idle waits until the server has no worker, which it needs none of while nobody asks.
func (s *served) idle() {
	for deadline := time.Now().Add(3 * time.Minute); len(childrenOf(s.cmd.Process.Pid)) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("the worker does not end")
		}
	}
}

// shutdown ends the server, and returns what it has printed and its status.
func (s *served) shutdown() string {
	bye := s.get("/shutdown")
	select {
	case <-s.done:
		return fmt.Sprint(bye, s.out.String(), s.err)
	case <-time.After(2 * time.Minute):
		s.t.Fatal("it does not end")
		return ""
	}
}

// TestServe: whoever asks a durable server cannot tell it from a plain one, whatever is killed between requests.
func TestServe(t *testing.T) {
	if testing.Short() {
		t.Skip("builds servers")
	}
	plain := serve(t, "testdata/server", false)
	want := plain.play(func() {})
	end := plain.shutdown()
	for _, test := range []struct {
		name    string
		args    []string
		between func(s *served, r *rand.Rand)
	}{
		{"quiet", nil, func(*served, *rand.Rand) {}},
		{"chaos", []string{"-chaos", "3"}, func(*served, *rand.Rand) {}},
		{"inproc", []string{"-chaos", "1", "-inproc"}, func(*served, *rand.Rand) {}},
		{"workers", nil, func(s *served, r *rand.Rand) {
			if r.IntN(2) == 0 {
				s.killWorker()
			}
		}},
		{"processes", []string{"-placement", "remote"}, func(s *served, r *rand.Rand) {
			if r.IntN(4) == 0 {
				killWorkers(s.cmd.Process.Pid, true)
			}
		}},
		{"harkgen", nil, func(s *served, r *rand.Rand) {
			if r.IntN(8) == 0 {
				s.restart()
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, "testdata/server", true, test.args...)
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 0))
			got := s.play(func() { test.between(s, r) })
			for i := range want {
				if i < len(got) && got[i] != want[i] {
					t.Errorf("got %.400q\nwant %.400q", got[i], want[i])
				}
			}
			if !slices.Equal(s.orders, plain.orders) && test.name != "harkgen" { // which cannot answer those who asked before it was killed
				t.Errorf("orders: got %q, want %q", s.orders, plain.orders)
			}
			s.idle()
			s.restart()
			// A panic closes the connection of the plain server.
			if got := s.get("/panic"); !strings.Contains(got, "GET /panic 500") {
				t.Errorf("/panic: %q", got)
			}
			if err := s.stderr(); !strings.Contains(err, "panic serving 127.0.0.1") {
				t.Errorf("stderr %q", err)
			}
			if got := s.shutdown(); got != end {
				t.Errorf("got %q, want %q", got, end)
			}
		})
	}
}

// TestServers: each server of a program has its address, also after a crash; what package net/http knows, and others have registered there, is served.
func TestServers(t *testing.T) {
	if testing.Short() {
		t.Skip("builds servers")
	}
	s := serve(t, "testdata/servers", true)
	want := func(got, want string) {
		t.Helper()
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	want(s.get("/visit"), "visit 1")
	want(s.get("/debug/vars"), `"cmdline"`)
	want(s.get("/nothing"), "GET /nothing 404")
	_, addr, _ := strings.Cut(s.get("/second"), "\nContent-Type [text/plain; charset=utf-8]\n")
	first := s.addr
	second := func(x exchange) string {
		s.addr = addr
		defer func() { s.addr = first }()
		return s.do(x)
	}
	length := exchange{method: "POST", path: "/length", body: strings.Repeat("x", 30<<20)}
	want(second(length), "31457280 <nil>")
	want(s.get("/busy"), "address already in use")
	s.idle()
	s.restart()
	want(s.get("/visit"), "visit 2")
	want(second(length), "31457280 <nil>")
	length.body = strings.Repeat("x", 64<<20+1)
	want(second(length), "413")
	want(second(exchange{method: "GET", path: "/stop"}), "200")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err != nil {
			break
		} else if c.Close(); time.Now().After(deadline) {
			t.Fatal("the second server is not closed")
		}
	}
	want(s.get("/visit"), "visit 3")
	for deadline := time.Now().Add(time.Minute); !strings.Contains(s.out.String(), "second: http: Server closed") && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	want(s.out.String(), "second: http: Server closed")
}
