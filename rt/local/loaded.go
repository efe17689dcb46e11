// This file defines a process that is in a worker of a pool.

package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/wire"
)

// A loaded is a process that is in a worker, or waits for one.
type loaded struct {
	pool *pool
	t    engine.Activation
	once bool         // the next commit is the last one here
	msgs chan message // from its worker
	last chan message // the last one of them, from whoever has taken it out of member.tasks; has room for it

	// Its place. pool.mu guards these once it has one.
	placed   chan struct{} // closed when it has
	member   *member
	number   uint32 // wire's Task
	large    bool   // its state is too large to wait in a worker
	begun    bool   // the worker is about to be told of it: its place among the tasks is final
	sent     bool   // the worker has been told of it
	recalled bool   // and asked for it back
	idle     bool   // its last commit said that it has nothing to do, and nothing has come since

	replies  []exchange.Reply // that were passed on before the first commit: another worker gets them again
	began    time.Time        // the step
	commits  int
	steps    int           // commits with something new
	consumed uint64        // as of the last commit
	passed   uint64        // number of the last reply that was passed on
	output   []exchange.Op // that has come since
	size     int           // of it
	want     <-chan time.Time
	unloaded error            // not nil: it is to leave the worker
	late     <-chan time.Time // then: when that takes too long
	trace    string           // of the panic that ends the program
}

// wakesOutside is the wake time of a process that waits for events, so that nobody takes it for a deadlock.
const wakesOutside = 1 << 62

// errElsewhere says that the process is to be executed by another worker.
var errElsewhere = errors.New("the process was taken back before it was executed")

// tell passes a message of m on. It may get lost if m is not wanted any more: whoever ends m sends the last one.
func (l *loaded) tell(m *member, msg message) bool {
	msg.from = m
	select {
	case l.msgs <- msg:
		return true
	case <-m.quit:
		return false
	}
}

// tellLast passes on the last message of m, from which the caller has removed l.
func (l *loaded) tellLast(m *member, msg message) {
	msg.from = m
	l.last <- msg
}

// inside reports whether the process is still in its worker.
func (l *loaded) inside() bool {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	return l.member.task(l.number) == l
}

// setIdle notes whether a process that comes may take its place.
func (l *loaded) setIdle(idle bool) {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	if l.idle && !idle {
		l.began = time.Now()
	}
	if l.idle = idle; idle && len(l.pool.waiting) > 0 {
		l.pool.assign()
	}
}

// serve serves the worker until the process has left it.
func (l *loaded) serve(ctx context.Context) error {
	if err := l.start(ctx); err != nil {
		return err
	}
	l.pool.r.arrived.Store(true) // or it may be so
	if err := l.deliver(ctx); err != nil {
		return err
	}
	l.pool.mu.Lock()
	l.sent = true
	l.pool.mu.Unlock()
	for {
		var left bool
		var err error
		select {
		case m := <-l.msgs:
			left, err = l.receive(ctx, m)
		case m := <-l.last:
			left, err = l.receiveLast(ctx, m)
		case <-l.t.Changed():
			err = l.changed(ctx)
		case <-l.want:
			l.member.put(wire.Wanted{}, nil)
			l.want = time.After(wantAgain)
		case <-l.late:
			return l.unloaded
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if left && l.unloaded != nil {
			return l.unloaded
		}
		if left || err != nil {
			return err
		}
	}
}

// changed passes on what the engine has for the process.
func (l *loaded) changed(ctx context.Context) error {
	rs, err := l.t.Poll()
	switch {
	case errors.Is(err, engine.ErrUnload), errors.Is(err, engine.ErrDrain):
		l.unload(err)
	case err != nil:
		return err
	default:
		l.pass(rs)
	}
	return l.deliver(ctx)
}

// receive handles a message, unless a worker has sent it in which the process is not any more.
func (l *loaded) receive(ctx context.Context, m message) (left bool, err error) {
	if m.done != nil {
		defer close(m.done)
	}
	if m.from != l.member {
		return false, nil
	}
	return l.handle(ctx, m)
}

// receiveLast handles the last message of a worker, and those that have come before it.
func (l *loaded) receiveLast(ctx context.Context, m message) (left bool, err error) {
	for len(l.msgs) > 0 {
		if left, err := l.receive(ctx, <-l.msgs); left || err != nil {
			return left, err
		}
	}
	return l.receive(ctx, m)
}

// unload takes the process out of its worker; if that is because of ErrDrain, after its next commit.
func (l *loaded) unload(why error) {
	if l.unloaded != nil {
		return
	}
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	if errors.Is(why, engine.ErrDrain) && !l.idle {
		l.once = true
		l.want = time.After(0)
		return
	}
	l.unloaded, l.late = why, time.After(unloadTime)
	l.member.recall(l)
}

// start tells the worker what to execute.
func (l *loaded) start(ctx context.Context) error {
	rs, err := l.t.Poll()
	if err != nil && !errors.Is(err, engine.ErrUnload) {
		return err
	}
	l.replies = append(l.replies, rs...)
	l.notePassed(rs)
	l.began = time.Now()
	start := wire.Start{
		Run: l.pool.id, Task: l.number, Process: uint32(l.t.Process()), Ahead: l.pool.r.o.ahead(), New: true,
		Events: l.t.Process() == 0 && l.pool.r.o.Events != nil,
	}
	state := l.t.State(ctx)
	if state == nil {
		l.member.putStart(l, start, nil)
		return nil
	}
	defer state.Close()
	h, size, err := readHeader(state)
	if err != nil {
		return err
	}
	if l.t.Process() == 0 {
		if err := l.pool.r.openMail(ctx, h.Taken); err != nil {
			return err
		}
	}
	start.New, start.Size = false, l.t.StateSize()-size
	err = l.member.putStart(l, start, copier{state})
	if src, ok := errors.AsType[*wire.SourceError](err); ok {
		return src.Err
	}
	return nil
}

// deliver sends process 0 the events that have come.
func (l *loaded) deliver(ctx context.Context) error {
	if l.t.Process() != 0 || !l.pool.r.arrived.Swap(false) {
		return nil
	}
	err := l.pool.r.deliver(ctx, l.member.worker, l.number)
	switch {
	case err != nil:
		return err
	case l.pool.r.mail.waits(nil):
		l.setIdle(false)
	default:
		l.t.Rest()
	}
	return nil
}

// notePassed notes what the worker is told.
func (l *loaded) notePassed(rs []exchange.Reply) {
	if n := len(rs); n > 0 {
		l.passed = rs[n-1].Seq
	}
}

// pass passes replies on.
func (l *loaded) pass(rs []exchange.Reply) {
	if len(rs) == 0 {
		return
	}
	l.notePassed(rs)
	l.setIdle(false)
	if l.commits == 0 {
		l.replies = append(l.replies, rs...)
	}
	l.member.putReplies(rs, func(data []byte) error { return l.member.conn.Send(wire.Replies{Task: l.number, Data: data}, nil) })
}

// handle handles a message. It reports whether the process has left the worker.
func (l *loaded) handle(ctx context.Context, m message) (left bool, err error) {
	switch msg := m.msg.(type) {
	case wire.Commit:
		return l.commit(ctx, &msg, m.state)
	case wire.Output:
		return false, l.written(&msg)
	case wire.Response:
		if msg.ID == "" {
			l.member.notices = append(l.member.notices, string(msg.Data))
			return false, nil
		}
		data := encodeResponse(msg.ID, msg.Data)
		l.output = append(l.output, exchange.Op{Kind: exchange.OpOutput, N: fdResponse, Value: exchange.Value{Data: data}})
		l.size += len(data)
	case wire.Left:
		if l.commits > 0 {
			return true, engine.ErrUnload
		}
		l.output, l.size, l.want, l.sent, l.recalled = nil, 0, nil, false, false
		return true, errElsewhere
	case exited:
		return true, l.exit(ctx, msg.rest)
	case wire.Unsaved:
		fmt.Fprintln(l.pool.r.o.Stderr, msg.Why)
	case wire.Trace:
		l.trace = msg.Text
	case wire.Refused:
		err := &FailedError{l.pool.id, msg.Err}
		l.pool.fail(err)
		return false, err
	}
	return false, nil
}

// A header is before the snapshot in the state of a process: four bytes of length, JSON. Only that of process 0 says anything.
type header struct {
	Consumed int64    `json:"consumed,omitempty"` // bytes of the standard input
	Taken    []string `json:"taken,omitempty"`    // events, by the last step
}

// readHeader also returns how many bytes it has.
func readHeader(state io.Reader) (h header, size int64, err error) {
	var n [4]byte
	if _, err := io.ReadFull(state, n[:]); err != nil {
		return h, 0, err
	}
	size = int64(binary.BigEndian.Uint32(n[:]))
	var text bytes.Buffer
	if _, err := io.CopyN(&text, state, size); err != nil {
		return h, 0, err
	}
	return h, 4 + size, json.Unmarshal(text.Bytes(), &h)
}

// copier writes what a reader has.
type copier struct{ r io.Reader }

func (c copier) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, c.r) }

// A savedState writes a state.
type savedState struct {
	header
	snapshot *arriving
}

func (s savedState) WriteTo(w io.Writer) (int64, error) {
	text, err := json.Marshal(s.header)
	if err != nil {
		return 0, err
	}
	n, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...))
	if err != nil {
		return int64(n), err
	}
	k, err := s.snapshot.WriteTo(w)
	return int64(n) + k, err
}

// written takes what the process has written, for its next commit, and sees to it that there is one.
func (l *loaded) written(m *wire.Output) error {
	b, err := exchange.DecodeBatch(m.Data)
	if err != nil {
		return err
	}
	for _, op := range b.Ops {
		l.size += len(op.Value.Data)
	}
	l.output = append(l.output, b.Ops...)
	switch {
	case l.size > maxPending:
		return errors.New("too much output in one step")
	case l.size > maxPending/8:
		l.member.put(wire.Wanted{}, nil)
	case l.want == nil:
		l.want = time.After(l.pool.r.o.Patience)
	}
	return nil
}

// commit commits a step of the worker. It reports whether the process has left that.
func (l *loaded) commit(ctx context.Context, c *wire.Commit, snapshot *arriving) (left bool, err error) {
	b, err := exchange.DecodeBatch(c.Batch)
	if err != nil {
		return false, err
	}
	switch {
	case !c.Wake.IsZero():
		b.Wake = c.Wake.UnixNano()
	case c.External:
		b.Wake = wakesOutside
	}
	b.Ops = append(l.output, b.Ops...)
	consumed, err := l.input()
	if err != nil {
		return false, err
	}
	l.setIdle(b.Idle && !c.Leaves && b.Consumed >= l.passed) // else it was made before the worker had them
	if l.t.Process() == 0 {
		if err := l.pool.r.announce(ctx, l.member.worker, c.Lingers); err != nil {
			return false, err
		}
	}
	err = l.t.Commit(ctx, b, savedState{header{consumed, c.Taken}, snapshot})
	if snapshot.err != nil {
		return false, nil // it says next why it gave up, or has died
	}
	if err != nil {
		return false, err
	}
	l.stepped(b)
	l.output, l.size, l.want = nil, 0, nil
	onward := b.Consumed > l.consumed || len(b.Ops) > 0 // else it waits for a reply that is on its way
	l.replies, l.consumed = nil, b.Consumed
	if feed := l.member.feed; feed != nil {
		if err := feed.forget(ctx, consumed); err != nil {
			return false, err
		}
	}
	if l.t.Process() == 0 {
		if err := l.pool.r.settleSpread(ctx, l.member.worker, c.Taken); err != nil {
			return false, err
		}
	}
	l.commits++
	if onward {
		l.steps++
	}
	if c.Leaves && !snapshot.all {
		l.pool.mu.Lock()
		l.pool.gone(l.member, l, !c.Ended)
		l.pool.mu.Unlock()
	}
	switch n := l.pool.r.o.Chaos; {
	case c.Leaves:
		return true, nil
	case b.Ended || b.Exit != nil:
		l.member.put(wire.Committed{Verdict: wire.VerdictExit}, nil)
		return true, nil
	case n > 0 && onward && l.steps%n == 0:
		return true, nil // it is killed, as it is inside
	case l.once:
		l.unloaded, l.late = engine.ErrUnload, time.After(unloadTime)
		l.member.conn.Send(wire.Committed{Verdict: wire.VerdictExit}, nil)
		return false, nil
	}
	l.member.conn.Send(wire.Committed{Verdict: wire.VerdictContinue}, nil)
	return false, nil
}

// stepped tells of a step that is committed.
func (l *loaded) stepped(b *exchange.Batch) {
	if l.pool.r.o.OnStep == nil {
		return
	}
	s := Step{
		Process: uint32(l.t.Process()), Step: b.Step, Began: l.began, Snapshot: l.t.StateSize(), Ended: b.Ended || b.Exit != nil,
	}
	if b.Exit != nil {
		s.Status = b.Exit.Status
	}
	s.Created, s.Origin = l.t.Origin()
	l.began = time.Now()
	l.pool.r.o.OnStep(s)
}

// input returns how much of the standard input the process has consumed.
func (l *loaded) input() (int64, error) {
	if l.member.feed == nil {
		return 0, nil
	}
	n, err := l.member.feed.consumed()
	if err == nil {
		err = l.pool.r.in.failed()
	}
	return n, err
}

// exit is called when the worker has ended by itself: the program has.
func (l *loaded) exit(ctx context.Context, rest []exchange.Op) error {
	ws := l.member.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ws.ExitStatus() == exitUnloaded {
		return engine.ErrUnload
	}
	if ws.Signaled() && ws.Signal() == syscall.SIGKILL || ws.ExitStatus() == 137 {
		return errors.New("the worker was killed")
	}
	status := ws.ExitStatus()
	if ws.Signaled() {
		status = 128 + int(ws.Signal())
	}
	b := &exchange.Batch{Consumed: l.consumed, Ended: true, Exit: &exchange.Exit{Status: status}}
	b.Ops = append(l.output, rest...)
	if l.trace != "" {
		b.Ops = replaceTrace(b.Ops, l.trace)
	}
	err := l.t.Commit(ctx, b, nil)
	if err == nil {
		l.stepped(b)
	}
	return err
}
