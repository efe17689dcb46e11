package wire

import (
	"bytes"
	"context"
	"io"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/exchange"
)

// This file tests the worker's side of a connection over which several processes are executed.

// hosts are kept open: this OS process would end with the first.
var hosts []*Conn

// connect returns a worker that listens, and the host's end of its connection.
func connect(t *testing.T) (*worker, *Conn) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.SetNonblock(fds[0], true)
	syscall.SetNonblock(fds[1], true)
	host := NewConn(os.NewFile(uintptr(fds[0]), "host"))
	hosts = append(hosts, host)
	w := newWorker(os.NewFile(uintptr(fds[1]), "worker"))
	go w.read() // to the end of this OS process: a worker does not outlive its host
	return w, host
}

// want receives messages, of which it compares what the test is about.
func want(t *testing.T, host *Conn, msgs ...any) {
	t.Helper()
	for _, m := range msgs {
		got, body, err := host.Receive()
		if err != nil {
			t.Fatalf("%#v has not come: %v", m, err)
		}
		if c, ok := got.(Commit); ok {
			b, err := exchange.DecodeBatch(c.Batch)
			if err != nil || b.Ended != c.Ended {
				t.Errorf("batch %+v of %+v: %v", b, c, err)
			}
			got = Commit{Task: c.Task, Reason: c.Reason, Ended: c.Ended, Leaves: c.Leaves}
			io.Copy(io.Discard, body)
		}
		if !reflect.DeepEqual(got, m) {
			t.Fatalf("got %#v, want %#v", got, m)
		}
	}
}

func load(t *testing.T, w *worker) (*rt.Start, string) {
	t.Helper()
	s, err := w.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	if s.Snapshot != nil {
		b, err := io.ReadAll(s.Snapshot)
		if err != nil || int64(len(b)) != s.Size {
			t.Fatalf("%d bytes of %d, %v", len(b), s.Size, err)
		}
		text = string(b)
	}
	return s, text
}

// flush sends what is held back: Load is, where a task has come before it was called.
func flush(w *worker) {
	w.own.Lock()
	defer w.own.Unlock()
	w.mustFlush()
}

// commit commits a batch; the state is of size bytes, none if the process has ended.
func commit(t *testing.T, w *worker, b *exchange.Batch, size int) rt.Verdict {
	t.Helper()
	s := &rt.Step{Reason: "shared", Batch: b}
	if !b.Ended {
		s.Snapshot = bytes.NewReader(make([]byte, size))
	}
	v, err := w.Commit(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func waits(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	case <-time.After(5 * time.Second):
		return false
	}
}

// start sends a process whose state is text.
func start(host *Conn, task uint32, text string) {
	host.Send(Start{Task: task, Process: 10 * task, Size: int64(len(text))}, strings.NewReader(text))
}

func TestSeveral(t *testing.T) {
	w, host := connect(t)
	replies := exchange.AppendReplies(nil, []exchange.Reply{{To: 10, Seq: 1, Kind: exchange.ReplyStart}})
	host.Send(Start{Task: 1, Process: 10, New: true, Replies: replies}, nil)
	start(host, 2, "state of 20")
	start(host, 3, "state of 30")
	if s, text := load(t, w); s.Process != 10 || text != "" || s.Snapshot != nil {
		t.Errorf("process %d %q", s.Process, text)
	}
	if !waits(w.Arrived()) || len(w.Replies()) != 1 || len(w.Replies()) != 0 {
		t.Error("not the reply")
	}
	flush(w)
	want(t, host, Load{})
	if !waits(w.Awaited()) {
		t.Error("nothing waits")
	}

	// One that ends leaves at once, and tells so when there is more to tell, or time has passed.
	if v := commit(t, w, &exchange.Batch{Ended: true}, 0); v != rt.Exit {
		t.Error("it stays")
	}
	w.Again()
	if left := w.Tend(w.deferred.Add(holdBack / 2)); left != holdBack/2 {
		t.Errorf("%v left", left)
	}
	w.Tend(w.deferred.Add(holdBack))
	want(t, host, Commit{Task: 1, Reason: "shared", Ended: true, Leaves: true})

	// One that waits is taken back without a word of the one that is executed.
	if s, text := load(t, w); s.Process != 20 || text != "state of 20" {
		t.Errorf("process %d %q", s.Process, text)
	}
	host.Send(Unload{3}, nil)
	want(t, host, Left{3})
	host.Send(Committed{VerdictContinue}, nil)
	if v := commit(t, w, &exchange.Batch{Idle: true}, 1000); v != rt.Continue || !w.Idle() {
		t.Error("it does not stay")
	}
	want(t, host, Commit{Task: 2, Reason: "shared"})

	// Its reply comes, and one for a process that is not here any more.
	host.Send(Replies{Task: 3, Data: replies}, nil)
	host.Send(Replies{Task: 2, Data: replies}, nil)
	if !waits(w.Arrived()) || len(w.Replies()) != 1 || w.Idle() {
		t.Error("not the reply")
	}
	host.Send(Committed{VerdictContinue}, nil)
	commit(t, w, &exchange.Batch{Idle: true}, 10)
	want(t, host, Commit{Task: 2, Reason: "shared"})

	// Another comes, and it makes room.
	go start(host, 4, strings.Repeat("x", MaxQueued+1))
	if !waits(w.Awaited()) || !w.Idle() {
		t.Error("it does not make room")
	}
	w.Again()
	want(t, host, Left{2})
	if s, text := load(t, w); s.Process != 40 || len(text) != MaxQueued+1 {
		t.Errorf("process %d %d", s.Process, len(text))
	}

	// One that has nothing to do, or has been here for long, makes room with its commit.
	for task := uint32(4); task < 6; task++ {
		start(host, task+1, "")
		waits(w.Awaited())
		if task == 5 {
			w.current.began = time.Now().Add(-2 * slice)
		}
		if v := commit(t, w, &exchange.Batch{Idle: task == 4}, 10); v != rt.Exit {
			t.Error("it stays")
		}
		w.Again()
		load(t, w)
	}
	host.Send(Unload{6}, nil)
	if !waits(w.Unload()) {
		t.Error("not unloaded")
	}
	w.Again()
	want(t, host, Commit{Task: 4, Reason: "shared", Leaves: true}, Commit{Task: 5, Reason: "shared", Leaves: true}, Left{6})
}

// TestOneByOne: a host that does not number what it gives is asked for each.
func TestOneByOne(t *testing.T) {
	w, host := connect(t)
	for range 3 {
		go host.Send(Start{Process: 7, Size: 5, Inspect: &rt.InspectOptions{}}, strings.NewReader("state"))
		if s, text := load(t, w); s.Process != 7 || text != "state" || s.Inspect == nil {
			t.Errorf("%+v %q", s, text)
		}
		w.Again()
		flush(w)
		want(t, host, Load{})
	}
}

// TestPipes: what is written is in the batch of the process that has written it.
func TestPipes(t *testing.T) {
	w, host := connect(t)
	w.pipes = &pipes{scratch: make([]byte, 4)}
	var ends [2]*os.File
	for i := range ends {
		var p [2]int
		if err := syscall.Pipe(p[:]); err != nil {
			t.Fatal(err)
		}
		syscall.SetNonblock(p[0], true)
		w.pipes.fds[i], ends[i] = p[0], os.NewFile(uintptr(p[1]), "pipe")
	}
	outputs := func(b *exchange.Batch) (text string) {
		for _, op := range b.Ops {
			if op.Kind == exchange.OpOutput {
				text += string(rune('0'+op.N)) + string(op.Value.Data) + ";"
			} else {
				text += "op;"
			}
		}
		return text
	}
	next := func() *exchange.Batch {
		t.Helper()
		m, _, err := host.Receive()
		data := []byte(nil)
		switch m := m.(type) {
		case Commit:
			data = m.Batch
		case Output:
			data = m.Data
		}
		b, err2 := exchange.DecodeBatch(data)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		return b
	}
	io.WriteString(ends[0], "initialisers")
	for task := uint32(1); task < 4; task++ {
		start(host, task, "x")
	}
	load(t, w)
	flush(w)
	want(t, host, Load{})
	io.WriteString(ends[0], "hello,")
	io.WriteString(ends[0], " world")
	io.WriteString(ends[1], "error")
	commit(t, w, &exchange.Batch{Ended: true, Ops: []exchange.Op{{Kind: exchange.OpSpawn}}}, 0)
	io.WriteString(ends[0], "by nobody")
	w.Again()
	load(t, w)
	io.WriteString(ends[1], "second")
	w.Tend(time.Now())
	io.WriteString(ends[0], "third")
	if err := failing(w); err == nil {
		t.Error("no error")
	}
	commit(t, w, &exchange.Batch{Ended: true}, 0)
	w.Again()
	load(t, w)
	commit(t, w, &exchange.Batch{Ended: true}, 0)
	got := []string{outputs(next()), outputs(next())}
	if m, body, _ := host.Receive(); m.(Commit).Leaves {
		t.Error("it leaves")
	} else if _, err := io.ReadAll(body); err != ErrAborted {
		t.Error(err)
	}
	got = append(got, outputs(next()), outputs(next()))
	if want := []string{"1hello, world;2error;op;", "2second;", "1third;", ""}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// failing commits a state that cannot be written.
func failing(w *worker) error {
	_, err := w.Commit(context.Background(), &rt.Step{Batch: &exchange.Batch{}, Snapshot: pieces{[]byte("x"), []int{1}, io.ErrNoProgress}})
	return err
}
