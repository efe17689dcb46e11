// This file tests what happens in a bad order.

package local

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/wire"
)

// A newborn is a process that begins, whose commits succeed.
type newborn struct{ engine.Activation }

func (newborn) Process() exchange.ProcessID                                { return 7 }
func (newborn) Poll() ([]exchange.Reply, error)                            { return nil, nil }
func (newborn) State(context.Context) io.ReadCloser                        { return nil }
func (newborn) StateSize() int64                                           { return 0 }
func (newborn) Origin() (time.Time, string)                                { return time.Time{}, "" }
func (newborn) Commit(context.Context, *exchange.Batch, io.WriterTo) error { return nil }

// A sentBuffer gets what a worker would.
type sentBuffer struct{ bytes.Buffer }

func (*sentBuffer) Close() error { return nil }

// newSilent returns a pool with a worker that has ended, and of which nobody knows it yet, and n processes in it.
func newSilent(n int) (*member, []*loaded, *sentBuffer) {
	s := newPool(&Run{o: new(Options).defaults()}, nil, nil)
	sent := &sentBuffer{}
	w := &worker{conn: wire.NewConn(sent), quit: make(chan struct{}), exited: make(chan struct{})}
	close(w.exited)
	m := newMember(s, w)
	s.members = []*member{m}
	var list []*loaded
	for range n {
		l := &loaded{pool: s, t: newborn{}, msgs: make(chan message, 1), last: make(chan message, 1), placed: make(chan struct{})}
		list = append(list, l)
		s.mu.Lock()
		m.add(l)
		s.mu.Unlock()
	}
	return m, list, sent
}

// TestStartOrder: a worker executes processes in the order in which it was told of them, which is not that in which they were placed; the one that was executed when it ended hears so.
func TestStartOrder(t *testing.T) {
	m, list, sent := newSilent(4)
	for _, i := range []int{2, 0, 3} { // 1 reads its state
		if err := list[i].start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	m.conn.Flush()
	for i := range 3 {
		msg, _, err := m.conn.Receive()
		if start, ok := msg.(wire.Start); !ok || start.Task != m.tasks[i].number {
			t.Errorf("%#v, %v is sent as number %d; task %d is executed then", msg, err, i, m.tasks[i].number)
		}
	}
	if sent.Len() > 0 || m.tasks[3] != list[1] {
		t.Errorf("%d bytes more; the last one is task %d", sent.Len(), m.tasks[3].number)
	}
	m.died()
	for i, l := range list {
		msg := (<-l.last).msg
		if _, executed := msg.(exited); executed != (i == 2) {
			t.Errorf("process %d hears %#v", i, msg)
		}
	}
}

// TestWatchLooks: somebody looks at a slow worker though others come and go all the time.
func TestWatchLooks(t *testing.T) {
	m, list, _ := newSilent(2)
	s := m.pool
	other := &member{pool: s, worker: m.worker}
	s.mu.Lock()
	s.members = append(s.members, other)
	m.moved = time.Now().Add(-time.Minute)
	list[1].sent = true
	s.mu.Unlock()
	s.ends.Go(s.watch)
	defer s.ends.Wait()
	defer close(s.quit)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		for range 1000 {
			bell(s.busy)
		}
		s.mu.Lock()
		recalled := list[1].recalled
		s.mu.Unlock()
		if recalled {
			return
		}
	}
	t.Error("what waits in a slow worker is not taken back")
}

// TestIdleTooEarly: a worker that has said that a process has nothing to do, before it had what was passed on, has something to do.
func TestIdleTooEarly(t *testing.T) {
	m, list, _ := newSilent(1)
	l := list[0]
	l.pass([]exchange.Reply{{Seq: 4}, {Seq: 5}})
	for consumed, idle := range map[uint64]bool{4: false, 5: true} {
		b := &exchange.Batch{Consumed: consumed, Idle: true}
		if left, err := l.commit(t.Context(), &wire.Commit{Task: l.number, Batch: b.Append(nil)}, &arriving{all: true}); left || err != nil {
			t.Fatal(left, err)
		}
		m.pool.mu.Lock()
		if l.idle != idle {
			t.Errorf("reply 5 was passed on, %d consumed: idle %v", consumed, l.idle)
		}
		m.pool.mu.Unlock()
	}
}

// A stirred is process 0, which is told to look for events.
type stirred struct {
	newborn
	rests int
}

func (*stirred) Process() exchange.ProcessID { return 0 }
func (s *stirred) Rest()                     { s.rests++ }

// TestNoEvents: the engine hears when it has stirred process 0 for nothing.
func TestNoEvents(t *testing.T) {
	_, list, _ := newSilent(1)
	l, s := list[0], &stirred{}
	l.t = s
	l.pool.r.arrived.Store(true)
	if err := l.changed(t.Context()); err != nil || s.rests != 1 {
		t.Error(err, s.rests)
	}
	l.pool.r.arrived.Store(true)
	l.pool.r.mail.list = []store.Event{{ID: "one"}}
	if err := l.changed(t.Context()); err != nil || s.rests != 1 {
		t.Error(err, s.rests)
	}
}

// TestEndIsNoExit: a process that is in a worker when that is ended goes elsewhere; nobody takes it for what has ended the worker.
func TestEndIsNoExit(t *testing.T) {
	s := newPool(&Run{o: new(Options).defaults()}, nil, nil)
	for range 50 {
		w, err := startWorker(&Options{Worker: "/bin/sleep", Env: os.Environ()}, []string{"60"}, "", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		m := newMember(s, w)
		l := &loaded{pool: s, msgs: make(chan message, 1), last: make(chan message, 1), placed: make(chan struct{})}
		s.mu.Lock()
		s.members = append(s.members, m)
		m.begin()
		m.add(l)
		s.mu.Unlock()
		m.end(nil)
		if msg := (<-l.last).msg; msg != (wire.Left{Task: l.number}) {
			t.Fatalf("it hears %#v", msg)
		}
	}
}

// A deafStore cannot read a mailbox, once.
type deafStore struct {
	store.Store
	failed bool
}

var errDeaf = errors.New("deaf")

func (s *deafStore) Messages(ctx context.Context, mailbox string, after store.Key, limit int) ([]store.Message, error) {
	if after.Seq > 0 && after.Sender == stdinSender && !s.failed {
		s.failed = true
		return nil, errDeaf
	}
	return s.Store.Messages(ctx, mailbox, after, limit)
}

// TestInputUnreadable: input that cannot be read is not taken for the end of the input.
func TestInputUnreadable(t *testing.T) {
	b := newBench(t)
	b.o.Store = &deafStore{Store: b.s}
	in, w := io.Pipe()
	b.o.Stdin = in
	go io.WriteString(w, "one\n")
	r := b.create("all", "say")
	if res, err := r.Execute(t.Context(), &b.o); !errors.Is(err, errDeaf) {
		t.Errorf("%+v, %v; it has written %q", res, err, b.out.String())
	}
	b.o.Store, b.o.Stdin = b.s, strings.NewReader("two\n")
	b.execute(b.reopen(r))
	if got := b.out.String(); got != "init\none|two\n" {
		t.Errorf("output %q", got)
	}
}

// A lateContext ends at a moment, of which nobody is told.
type lateContext struct {
	context.Context
	ended atomic.Bool
}

func (*lateContext) Done() <-chan struct{} { return nil }

func (c *lateContext) Err() error {
	if c.ended.Load() {
		return context.Canceled
	}
	return nil
}

func (c *lateContext) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "done") {
		c.ended.Store(true)
	}
	return len(b), nil
}

// TestEndsAsStopped: a run that ends at the moment at which it is to be stopped has ended.
func TestEndsAsStopped(t *testing.T) {
	b := newBench(t)
	b.o.Env = append(os.Environ(), "HARK_TEST_ROLE=pooled")
	ctx := &lateContext{Context: t.Context()}
	b.o.Stdout = ctx
	r, err := Create(t.Context(), b.dir, b.s, store.Program{Package: "crowd", Args: []string{"quick", "1"}, Cwd: b.dir, Spread: true}, "build")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	res, err := r.Execute(ctx, &b.o)
	if err != nil || res.Exit != 0 || !ctx.ended.Load() || r.Record().State != store.Done {
		t.Errorf("%+v, %v, %s", res, err, r.Record().State)
	}
}

// TestRecordReplaced replaces the record of a run while processes are started, for the race detector.
func TestRecordReplaced(t *testing.T) {
	b := newBench(t)
	r := b.create()
	r.o = b.o
	s := newPool(r, nil, nil)
	w := &worker{conn: wire.NewConn(&sentBuffer{}), quit: make(chan struct{})}
	m := newMember(s, w)
	l := &loaded{pool: s, t: newborn{}, placed: make(chan struct{})}
	s.mu.Lock()
	m.add(l)
	s.mu.Unlock()
	done := make(chan error)
	go func() { done <- r.change(t.Context(), func(next *store.Run) { next.Lingers = true }) }()
	if err := l.start(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
