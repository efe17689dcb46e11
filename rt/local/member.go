// This file defines a worker of a pool: what it was given, and what comes from it.

package local

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/wire"
)

// A member is a worker that executes several processes.
type member struct {
	*worker
	pool  *pool
	first bool          // it is pool.zero
	dirty chan struct{} // something is to be flushed; has room for one
	taken []exchange.Op // what was read from its pipes while it was stuck

	starts  sync.Mutex // orders messages wire.Start
	telling sync.Mutex // orders messages with replies
	told    exchange.Told

	// pool.mu guards these.
	inside    [2]int        // how much was in the pipes at the last look
	stuck     chan struct{} // not nil: its pipes are read here, since it does not do it any more; closed when it has ended
	tasks     []*loaded     // that it has: those that it was told of, in the order in which it executes them, and then others
	last      uint32        // number of a task
	unwanted  []uint32      // numbers of those that are to be asked back
	moved     time.Time     // when something has come from it, or it got something to do
	since     time.Time     // when it began with the first of tasks, as far as one can tell
	slow      bool
	exclusive bool // it is given nothing else before something comes
}

func newMember(s *pool, w *worker) *member {
	for _, f := range w.pipes {
		control(f, func(fd int) {
			growPipe(fd, pipeSize)
			unix.SetNonblock(fd, true) // as the worker has it, once it runs
		})
	}
	return &member{worker: w, pool: s, dirty: make(chan struct{}, 1), moved: time.Now().Add(startTime)}
}

// begin begins to listen and to send.
func (m *member) begin() {
	go m.flush()
	go m.listen()
}

// add gives l to the worker. The caller holds pool.mu.
func (m *member) add(l *loaded) {
	m.last++
	l.member, l.number, l.begun = m, m.last, false
	if now := time.Now(); len(m.tasks) == 0 {
		m.since = now
		if now.After(m.moved) {
			m.moved = now
		}
	}
	m.tasks = append(m.tasks, l)
	m.exclusive = l.large
	if len(m.tasks) > 1 {
		bell(m.pool.busy)
	}
	close(l.placed)
}

// flush sends what was put, and asks for tasks back: pool.mu is never held by who waits for the worker to read. First it lets those go on that are about to put more.
func (m *member) flush() {
	for {
		select {
		case <-m.dirty:
			runtime.Gosched()
			m.pool.mu.Lock()
			unwanted := m.unwanted
			m.unwanted = nil
			m.pool.mu.Unlock()
			for _, number := range unwanted {
				m.conn.Put(wire.Unload{Task: number}, nil)
			}
			m.conn.Flush()
		case <-m.quit:
			return
		}
	}
}

// put sends a message soon. If that fails the worker has died, of which others will tell.
func (m *member) put(msg any, snapshot io.WriterTo) error {
	err := m.conn.Put(msg, snapshot)
	bell(m.dirty)
	return err
}

// putReplies calls put, which puts a message, with the encoding of replies.
func (m *member) putReplies(rs []exchange.Reply, put func(data []byte) error) error {
	if len(rs) == 0 {
		return put(nil)
	}
	m.telling.Lock()
	defer m.telling.Unlock()
	return put(m.told.AppendReplies(nil, rs))
}

// putStart tells the worker of l. Who is to be placed first may come later, as its state is read from the store: the worker executes them as they come.
func (m *member) putStart(l *loaded, start wire.Start, snapshot io.WriterTo) error {
	m.starts.Lock()
	defer m.starts.Unlock()
	m.pool.mu.Lock()
	m.begins(l)
	m.pool.mu.Unlock()
	return m.putReplies(l.replies, func(data []byte) error {
		start.Replies = data
		return m.put(start, snapshot)
	})
}

// begins moves l after the tasks that the worker was told of before. The caller holds pool.mu.
func (m *member) begins(l *loaded) {
	l.begun = true
	from := slices.Index(m.tasks, l)
	to := slices.IndexFunc(m.tasks, func(x *loaded) bool { return !x.begun || x == l })
	if from >= 0 {
		m.tasks = slices.Insert(slices.Delete(m.tasks, from, from+1), to, l)
	}
}

// recall asks for a task back. The caller holds pool.mu.
func (m *member) recall(l *loaded) {
	if l.sent && !l.recalled {
		l.recalled = true
		m.unwanted = append(m.unwanted, l.number)
		bell(m.dirty)
	}
}

// recallWaiting asks for all tasks back that wait. The caller holds pool.mu.
func (m *member) recallWaiting() {
	for _, l := range m.tasks[1:] {
		m.recall(l)
	}
}

// task returns the task with this number, nil if it has left. The caller holds pool.mu.
func (m *member) task(number uint32) *loaded {
	for _, l := range m.tasks {
		if l.number == number {
			return l
		}
	}
	return nil
}

// listen passes on what the worker sends, until it ends.
func (m *member) listen() {
	for {
		msg, body, err := m.conn.Receive()
		if err != nil || !m.dispatch(msg, body) {
			break
		}
	}
	select {
	case <-m.exited: // how it ended says why
	case <-m.quit:
		return
	}
	m.died()
}

// dispatch passes a message on. It reports false if the worker is not wanted any more.
func (m *member) dispatch(msg any, body *wire.Body) bool {
	s := m.pool
	s.mu.Lock()
	var l *loaded
	if len(m.tasks) > 0 {
		l = m.tasks[0]
	}
	m.moved, m.slow, m.exclusive = time.Now(), false, false
	stuck := m.stuck != nil
	c, commits := msg.(wire.Commit)
	switch x := msg.(type) {
	case wire.Commit:
		l = m.task(x.Task)
	case wire.Output:
		l = m.task(x.Task)
	case wire.Left:
		if l = m.task(x.Task); l != nil {
			s.gone(m, l, !l.recalled)
		}
	case wire.Load:
		l = nil
	}
	s.mu.Unlock()
	if stuck { // it was not about to end, and what it says now may be wrong about what it has written
		m.kill()
		return false
	}
	if l == nil {
		return true
	}
	if _, left := msg.(wire.Left); left {
		l.tellLast(m, message{msg: msg})
		return true
	}
	if !commits {
		return l.tell(m, message{msg: msg})
	}
	state := &arriving{r: body}
	if state.begin(); state.err != nil {
		return true // it says next why it gave up, or has died
	}
	if state.all && c.Leaves {
		s.mu.Lock()
		was := s.gone(m, l, !c.Ended)
		s.mu.Unlock()
		if was {
			l.tellLast(m, message{msg: msg, state: state})
		}
		return true
	}
	if state.all {
		return l.tell(m, message{msg: msg, state: state})
	}
	done := make(chan struct{})
	if !l.tell(m, message{msg: msg, state: state, done: done}) {
		return false
	}
	select {
	case <-done:
		return true
	case <-m.quit:
		return false
	}
}

// An arriving is a snapshot that is being received. Its beginning is there at once; most have no more.
type arriving struct {
	r    *wire.Body
	head bytes.Buffer
	all  bool  // head has all of it
	err  error // it is of no use
}

const arrivingHead = 64 << 10

// begin receives the beginning.
func (a *arriving) begin() {
	_, err := io.CopyN(&a.head, a.r, arrivingHead)
	if a.all = err == io.EOF; !a.all {
		a.err = err
	}
}

// WriteTo implements io.WriterTo.
func (a *arriving) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(a.head.Bytes())
	if a.all || err != nil {
		return int64(n), err
	}
	src := &watched{r: a.r}
	k, err := io.Copy(w, src)
	a.err = src.err
	return int64(n) + k, err
}

// died is called when the worker has ended by itself: the first of its processes was executed.
func (m *member) died() {
	s := m.pool
	rest := m.rest()
	s.mu.Lock()
	tasks := m.remove()
	s.mu.Unlock()
	if len(tasks) > 0 {
		tasks[0].tellLast(m, message{msg: exited{rest}})
		m.forget(tasks[1:])
	}
	m.worker.end()
}

// An exited says that the worker has ended, and what was left in its pipes.
type exited struct{ rest []exchange.Op }

// remove takes m out of the pool, and returns the tasks that it had. The caller holds pool.mu.
func (m *member) remove() []*loaded {
	s := m.pool
	s.members = slices.DeleteFunc(s.members, func(x *member) bool { return x == m })
	if s.zero == m {
		s.zero = nil
	}
	tasks := m.tasks
	m.tasks = nil
	s.assign()
	return tasks
}

// forget tells tasks that they are not in the worker any more.
func (m *member) forget(tasks []*loaded) {
	for _, l := range tasks {
		l.tellLast(m, message{msg: wire.Left{Task: l.number}})
	}
}

// end kills the worker. What it has goes to others, but for l, which may be nil. It is not in the pool any more before it dies: it gets nothing else, and nobody takes its end for that
// of a program.
func (m *member) end(l *loaded) {
	m.pool.mu.Lock()
	tasks := m.remove()
	m.pool.mu.Unlock()
	m.worker.kill()
	m.forget(slices.DeleteFunc(tasks, func(x *loaded) bool { return x == l }))
	m.worker.end()
}

// relieve reads the pipes of a worker that does not do it any more: it may be about to end with a traceback that is too long for them. The caller holds pool.mu.
func (m *member) relieve(now time.Time) {
	if m.stuck != nil || now.Sub(m.moved) < stuckAfter {
		return
	}
	var in [2]int
	for i, f := range m.pipes {
		control(f, func(fd int) { in[i], _ = unix.IoctlGetInt(fd, fionread) })
	}
	same := in == m.inside && in != [2]int{}
	m.inside = in
	if !same {
		return
	}
	m.stuck = make(chan struct{})
	go func() {
		defer close(m.stuck)
		for tick := time.Tick(10 * time.Millisecond); ; {
			m.taken = append(m.taken, m.drain()...)
			select {
			case <-m.exited:
				return
			case <-tick:
			}
		}
	}()
}

// rest returns what is left in the pipes of a worker that has ended.
func (m *member) rest() []exchange.Op {
	m.pool.mu.Lock()
	stuck := m.stuck
	m.pool.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	return append(m.taken, m.drain()...)
}

// drain reads what is in the pipes.
func (m *member) drain() (ops []exchange.Op) {
	for i, f := range m.pipes {
		var b []byte
		control(f, func(fd int) { b = readAvailable(fd) })
		if len(b) > 0 {
			ops = append(ops, exchange.Op{Kind: exchange.OpOutput, N: int64(i + 1), Value: exchange.Value{Data: b}})
		}
	}
	return ops
}

func readAvailable(fd int) (b []byte) {
	for {
		b = slices.Grow(b, 4096)
		n, err := unix.Read(fd, b[len(b):cap(b)])
		if err == unix.EINTR {
			continue
		}
		if n <= 0 {
			return b
		}
		b = b[:len(b)+n]
	}
}

// control calls f with the file descriptor, if the file is open.
func control(file *os.File, f func(fd int)) {
	if rc, err := file.SyscallConn(); err == nil {
		rc.Control(func(fd uintptr) { f(int(fd)) })
	}
}
