package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/exchange"
)

// ErrNoHost is returned by Dial when the program was not started by a host.
var ErrNoHost = errors.New("this is a compiled program: start it with `harkgen run`, or use `go run` on its source")

const envFD = "HARK_FD"

// Dial connects a worker with the host that has started it.
func Dial() (rt.Host, error) {
	fd, err := fdFromEnv(envFD)
	if err != nil {
		return nil, err
	}
	if fd < 0 {
		return nil, ErrNoHost
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, errors.New("wire: " + envFD + ": " + err.Error())
	}
	w := newWorker(os.NewFile(uintptr(fd), "host"))
	if w.pipes, err = openPipes(); err != nil {
		return nil, err
	}
	go w.read()
	return w, nil
}

// fdFromEnv returns the file descriptor that a variable names, -1 if it is not set. The program is not to see it.
func fdFromEnv(name string) (int, error) {
	v, ok := os.LookupEnv(name)
	if !ok {
		return -1, nil
	}
	os.Unsetenv(name)
	fd, err := strconv.Atoi(v)
	if err != nil || fd < 0 {
		return -1, errors.New("wire: bad " + name + ": " + v)
	}
	syscall.CloseOnExec(fd)
	return fd, nil
}

// worker is the host as a worker sees it.
type worker struct {
	conn   *Conn
	told   exchange.Told // of the reader
	wanted chan struct{}
	alive  chan struct{} // never closed: the reader ends the OS process itself

	started chan struct{} // a task has come; has room for one
	answers chan Committed
	arrived chan struct{} // replies for the current task have come
	unload  chan struct{} // the current task is to be forgotten
	awaited chan struct{} // another task waits
	came    chan struct{} // events for the current task have come

	own      sync.Mutex // guards these, and orders what is sent of a process
	pipes    *pipes     // nil if the host reads what the program writes
	deferred time.Time  // since when what was Put waits to be flushed; zero: nothing does

	mu      sync.Mutex
	tasks   []*task    // in the order in which they came
	current *task      // the first of tasks, once Load has returned it
	events  []rt.Event // for the current task
}

// A task is a process that the host has given to this worker.
type task struct {
	Start
	snapshot io.Reader // nil: new
	body     *Body     // snapshot, if it is still being received
	replies  []exchange.Reply
	began    time.Time
	idle     bool // nothing but a reply makes it go on, or its wake time; all of it is committed
}

func newWorker(f *os.File) *worker {
	return &worker{
		conn:    NewConn(f),
		wanted:  make(chan struct{}, 1),
		alive:   make(chan struct{}),
		started: make(chan struct{}, 1),
		answers: make(chan Committed, 1),
		arrived: make(chan struct{}, 1),
		unload:  make(chan struct{}, 1),
		awaited: make(chan struct{}, 1),
		came:    make(chan struct{}, 1),
	}
}

// read dispatches what the host sends. It is the only goroutine of the worker's side; see Goroutines.
func (w *worker) read() {
	for {
		msg, snapshot, err := w.conn.Receive()
		if err == nil {
			err = w.take(msg, snapshot)
		}
		if err != nil {
			gone()
		}
	}
}

func (w *worker) take(msg any, snapshot *Body) error {
	switch m := msg.(type) {
	case Start:
		return w.enqueue(m, snapshot)
	case Committed:
		w.answers <- m
	case Replies:
		list, err := w.told.DecodeReplies(m.Data)
		if err != nil {
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if t := w.task(m.Task); t != nil { // else it has left
			t.replies = append(t.replies, list...)
			t.idle = false
			if t == w.current {
				signal(w.arrived)
			}
		}
	case Event: // only a task that stays where it is gets any
		w.mu.Lock()
		defer w.mu.Unlock()
		w.events = append(w.events, rt.Event{ID: m.ID, Kind: m.Kind, Data: m.Data})
		signal(w.came)
	case Unload:
		return w.recall(m.Task)
	case Wanted:
		signal(w.wanted)
	}
	return nil
}

// enqueue makes a task of m.
func (w *worker) enqueue(m Start, snapshot *Body) error {
	t := &task{Start: m}
	if len(m.Replies) > 0 {
		var err error
		if t.replies, err = w.told.DecodeReplies(m.Replies); err != nil {
			return err
		}
		t.Replies = nil
	}
	stream := m.Size > MaxQueued || m.Task == 0
	switch {
	case stream:
		t.body = snapshot
		if !m.New {
			t.snapshot = snapshot
		}
	case !m.New:
		b := make([]byte, m.Size)
		if _, err := io.ReadFull(snapshot, b); err != nil {
			return err
		}
		t.snapshot = bytes.NewReader(b)
	}
	w.mu.Lock()
	w.tasks = append(w.tasks, t)
	if w.current != nil {
		signal(w.awaited)
	}
	w.mu.Unlock()
	signal(w.started)
	if stream {
		<-snapshot.Done()
		if errors.Is(snapshot.err, ErrCut) {
			return ErrCut
		}
	}
	return nil
}

// task returns the task with this number. The caller holds mu.
func (w *worker) task(number uint32) *task {
	for _, t := range w.tasks {
		if t.Task == number {
			return t
		}
	}
	return nil
}

// recall forgets a task. That which is executed is stopped first.
func (w *worker) recall(number uint32) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.task(number)
	switch {
	case t == nil: // it has left
	case t == w.current:
		signal(w.unload)
	default:
		var rest []*task
		for _, x := range w.tasks {
			if x != t {
				rest = append(rest, x)
			}
		}
		w.tasks = rest
		go func() { // the reader never waits for the host to read
			if w.conn.Send(Left{number}, nil) != nil {
				gone()
			}
		}()
	}
	return nil
}

// signal leaves a value in a channel of capacity 1.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// unsignal takes the value from a channel of capacity 1.
func unsignal(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// gone ends the worker as if it had been killed: nothing it could still do counts.
func gone() { syscall.Exit(137) }

// Load implements rt.Host.
func (w *worker) Load(ctx context.Context) (*rt.Start, error) {
	if w.current == nil || w.current.Task == 0 { // the host gives one at a time
		w.put(Load{})
	}
	t, err := w.next(ctx)
	if err != nil {
		return nil, err
	}
	if !t.New || t.Process != 0 { // what initialisers have printed was printed before
		w.discard()
	}
	s := &rt.Start{Run: t.Run, Chaos: t.Chaos, InProc: t.InProc, Visits: t.Visits, Inspect: t.Inspect, Process: t.Process, Events: t.Events}
	if t.snapshot != nil {
		s.Snapshot, s.Size = t.snapshot, t.Size
		t.snapshot = nil
	}
	return s, nil
}

// next waits for the next task, and makes it the current one.
func (w *worker) next(ctx context.Context) (*task, error) {
	for {
		w.mu.Lock()
		if len(w.tasks) > 0 {
			t := w.tasks[0]
			w.current, t.began = t, time.Now()
			unsignal(w.awaited)
			if len(w.tasks) > 1 {
				signal(w.awaited)
			}
			if len(t.replies) > 0 {
				signal(w.arrived)
			}
			w.mu.Unlock()
			return t, nil
		}
		w.mu.Unlock()
		w.own.Lock()
		w.mustFlush()
		w.own.Unlock()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-w.started:
		}
	}
}

// Again implements rt.Sharer.
func (w *worker) Again() bool {
	w.mu.Lock()
	t := w.current
	left := len(w.tasks) == 0 || w.tasks[0] != t // a commit has said so
	if !left {
		w.tasks = w.tasks[1:]
	}
	w.current = &task{Start: Start{Task: t.Task}} // none
	unsignal(w.arrived)
	unsignal(w.unload)
	w.mu.Unlock()
	w.discard()
	if !left && t.Task != 0 {
		w.send(Left{t.Task})
	}
	return true
}

// discard forgets what has been written.
func (w *worker) discard() {
	w.own.Lock()
	defer w.own.Unlock()
	if w.pipes != nil {
		w.pipes.discard()
	}
}

// slice is how long a process may be executed while others wait.
const slice = 20 * time.Millisecond

// Commit implements rt.Host.
func (w *worker) Commit(ctx context.Context, s *rt.Step) (rt.Verdict, error) {
	leaves, err := w.commit(s)
	if err != nil {
		if _, ok := errors.AsType[*SourceError](err); ok {
			return rt.Continue, err
		}
		gone()
	}
	if leaves {
		return rt.Exit, nil
	}
	select {
	case <-ctx.Done():
		return rt.Continue, ctx.Err()
	case a := <-w.answers:
		if a.Verdict == VerdictExit {
			return rt.Exit, nil
		}
		return rt.Continue, nil
	}
}

// commit sends a step. It reports whether the process has left the worker with it.
func (w *worker) commit(s *rt.Step) (leaves bool, err error) {
	w.own.Lock()
	defer w.own.Unlock()
	m := Commit{Task: w.current.Task, Reason: s.Reason, Wake: s.Wake, Goroutines: s.Goroutines, ElapsedNS: int64(s.Elapsed / time.Nanosecond), Ended: s.Snapshot == nil, External: s.External, Taken: s.Taken}
	batch := s.Batch
	if w.pipes != nil {
		batch = w.pipes.batch(batch)
	}
	idle := false
	if batch != nil {
		m.Batch = batch.Append(nil)
		idle = batch.Idle
		m.Ended = batch.Ended || batch.Exit != nil
	}
	w.mu.Lock()
	t := w.current
	others := len(w.tasks) > 1
	m.Leaves = t.Task != 0 && t.Process != 0 && (m.Ended && batch.Exit == nil || others && (idle || time.Since(t.began) > slice))
	t.idle = idle && len(t.replies) == 0
	w.mu.Unlock()
	if err := w.conn.Put(m, s.Snapshot); err != nil {
		return false, err
	}
	if w.pipes != nil {
		w.pipes.committed()
	}
	if m.Leaves {
		w.mu.Lock()
		w.tasks = w.tasks[1:]
		w.mu.Unlock()
	}
	if !m.Leaves || !others {
		return m.Leaves, w.flush()
	}
	if w.deferred.IsZero() {
		w.deferred = time.Now()
	}
	return true, nil
}

// Wanted implements rt.Host.
func (w *worker) Wanted() <-chan struct{} { return w.wanted }

// Came implements rt.Eventer.
func (w *worker) Came() <-chan struct{} { return w.came }

// Events implements rt.Eventer.
func (w *worker) Events() []rt.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.events
	w.events = nil
	return list
}

// Respond implements rt.Eventer.
func (w *worker) Respond(id string, data []byte) {
	w.mu.Lock()
	task := w.current.Task
	w.mu.Unlock()
	w.send(Response{task, id, data})
}

// Arrived implements rt.Sharer.
func (w *worker) Arrived() <-chan struct{} { return w.arrived }

// Unload implements rt.Sharer.
func (w *worker) Unload() <-chan struct{} { return w.unload }

// Awaited implements rt.Sharer.
func (w *worker) Awaited() <-chan struct{} { return w.awaited }

// Replies implements rt.Sharer.
func (w *worker) Replies() []exchange.Reply {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.current.replies
	w.current.replies = nil
	return list
}

// Idle implements rt.Sharer.
func (w *worker) Idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current.idle
}

// holdBack is how long the ends of processes may wait for more: so many of them take one system call here, and wake the host once.
const holdBack = 300 * time.Microsecond

// Tend implements rt.Sharer.
func (w *worker) Tend(now time.Time) (again time.Duration) {
	w.own.Lock()
	defer w.own.Unlock()
	if w.pipes != nil {
		if data := w.pipes.look(now); data != nil {
			w.put(Output{w.current.Task, data})
			w.mustFlush()
		}
	}
	if w.deferred.IsZero() {
		return time.Hour
	}
	if left := holdBack - now.Sub(w.deferred); left > 0 {
		return left
	}
	w.mustFlush()
	return time.Hour
}

// flush sends what was held back. The caller holds own.
func (w *worker) flush() error {
	w.deferred = time.Time{}
	return w.conn.Flush()
}

func (w *worker) mustFlush() {
	if w.flush() != nil {
		gone()
	}
}

func (w *worker) put(msg any) {
	if w.conn.Put(msg, nil) != nil {
		gone()
	}
}

// send sends a message, and what was held back before it.
func (w *worker) send(msg any) {
	w.own.Lock()
	defer w.own.Unlock()
	w.put(msg)
	w.mustFlush()
}

// Alive implements rt.Host.
func (w *worker) Alive() <-chan struct{} { return w.alive }

// Goroutines implements rt.Crew.
func (w *worker) Goroutines() int { return 1 }

// Inspected implements rt.Inspector.
func (w *worker) Inspected(i *rt.Inspection) error {
	w.skip()
	w.send(Inspected{i})
	return nil
}

// Refuse implements rt.Refuser.
func (w *worker) Refuse(text string) {
	w.skip()
	w.send(Refused{text})
	time.Sleep(10 * time.Second) // the host ends this process
	gone()
}

// Warn implements rt.Warner.
func (w *worker) Warn(text string) { w.send(Unsaved{text}) }

// Trace implements rt.Tracer.
func (w *worker) Trace(text string) { w.conn.Send(Trace{text}, nil) }

// skip reads the rest of the snapshot: the host listens when it has sent all of it.
func (w *worker) skip() {
	if w.current.body != nil {
		io.Copy(io.Discard, w.current.body)
	}
}
