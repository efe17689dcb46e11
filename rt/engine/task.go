// This file defines tasks: processes that are loaded in a worker.

package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
)

// An Activation is a process that is loaded in a worker: a Task where the engine is, a Guest elsewhere. One goroutine may call Replies while another calls Commit.
type Activation interface {
	Process() exchange.ProcessID
	Step() uint64
	Consumed() uint64
	Origin() (began time.Time, origin string)
	State(ctx context.Context) io.ReadCloser
	StateSize() int64
	Replies(ctx context.Context) ([]exchange.Reply, error)
	Poll() ([]exchange.Reply, error)
	Changed() <-chan struct{}
	Rest()
	Commit(ctx context.Context, b *exchange.Batch, state io.WriterTo) error
}

// A Task is an Activation of this engine.
type Task struct {
	stored
	e     *Engine
	on    *attached
	fresh bool     // there is no record, unless another engine has put one
	sent  *sending // the last batch; nil if the exchange has it; guarded by committing

	// e.mu guards these.
	step       uint64 // of the last commit
	delivered  uint64 // number of the last reply that the worker was given
	due        bool   // Replies is to return though there are none
	rests      bool   // the last commit says that it has nothing to do, and nothing has come but Stir since
	unload     bool
	held       bool
	fenced     bool
	commits    int
	changed    chan struct{} // something of these has changed; has room for one
	idle       bool          // in e.idle, since
	since      time.Time
	next, prev *Task
}

// Class is what the go statement that has begun the process said that it needs: "" if nothing.
func (t *Task) Class() string {
	t.e.mu.Lock()
	defer t.e.mu.Unlock()
	st, _ := t.e.fold.x.Status(t.p)
	return st.Class
}

// Replies waits for replies, and returns those it has not returned before. The worker takes them into the state and says so in Consumed of a
// batch. The first call, and those after the process became due by its Wake, may return none.
// The errors are ErrFenced, ErrUnload, ErrDrain, ErrEnded and that of ctx.
func (t *Task) Replies(ctx context.Context) ([]exchange.Reply, error) {
	return replies(ctx, t, t.e.finished)
}

func replies(ctx context.Context, a Activation, finished <-chan struct{}) ([]exchange.Reply, error) {
	for {
		rs, err := a.Poll()
		if rs != nil || err != nil {
			return rs, err
		}
		select {
		case <-a.Changed():
		case <-finished:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Hold says that the worker makes room for other processes by itself: the engine unloads this one only when it has been idle for long.
func (t *Task) Hold() {
	t.e.mu.Lock()
	defer t.e.mu.Unlock()
	t.held = true
}

// Changed delivers a value when Poll may return something.
func (t *Task) Changed() <-chan struct{} { return t.changed }

// Poll is Replies that does not wait: without an error and without replies, not even an empty list of them, there is nothing at present.
func (t *Task) Poll() ([]exchange.Reply, error) {
	e := t.e
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case t.fenced:
		return nil, ErrFenced
	case e.over != nil || e.fold.x.Exit() != nil:
		return nil, ErrEnded
	case e.draining:
		return nil, ErrDrain
	}
	rs := e.fold.x.Replies(t.p, t.delivered)
	if len(rs) > 0 {
		t.delivered = rs[len(rs)-1].Seq
	} else if t.due {
		rs = []exchange.Reply{}
		if st, _ := e.fold.x.Status(t.p); st.Idle && st.Wake > e.o.Now().UnixNano() && e.procs[t.p] != nil && e.procs[t.p].woken {
			e.schedule(t.p, st.Wake) // the clock was set back
		}
	} else if t.unload {
		return nil, ErrUnload
	}
	t.due = false
	if t.p == 0 {
		e.stirred = false
	}
	if rs == nil {
		return nil, nil
	}
	st, _ := e.fold.x.Status(t.p)
	t.rests = t.rests && len(rs) == 0 && (st.Wake == 0 || st.Wake > e.o.Now().UnixNano())
	if e.idle.drop(t) { // it may not have heard of it, as one bell is for all that it is told
		bell(e.toTimer) // another may make room
	}
	return rs, nil
}

// Rest says that Stir was for nothing: the process is idle if it was before.
func (t *Task) Rest() {
	e := t.e
	e.mu.Lock()
	defer e.mu.Unlock()
	if pr := e.procs[t.p]; pr == nil || pr.task != t || !t.rests || t.due || t.fenced {
		return
	}
	if st, _ := e.fold.x.Status(t.p); st.Sent == t.delivered {
		e.idle.add(t)
		bell(e.toTimer)
	}
}

// signal wakes Replies. The caller holds mu.
func (t *Task) signal() { bell(t.changed) }

// fence notes that the process is not t's any more. The caller holds mu.
func (t *Task) fence() {
	t.fenced = true
	t.e.idle.remove(t)
	t.signal()
}

// Commit commits a step: its batch, of which it sets From and Step, and its state, which is not needed for a last batch. It keeps the
// batch. The error is ErrFenced if somebody else has stepped the process, and ErrEnded if the run has ended. After another error, of the store or
// of state, the worker may try again, or give the process up.
//
// A batch that was committed takes effect later. But a last batch is itself the commit: it has taken effect when Commit returns.
func (t *Task) Commit(ctx context.Context, b *exchange.Batch, state io.WriterTo) error {
	t.committing.Lock()
	defer t.committing.Unlock()
	if err := t.settled(ctx); err != nil {
		return err
	}
	select {
	case <-t.e.finished:
		return ErrEnded
	default:
	}
	b.From, b.Step = t.p, t.rec.step+1
	encoded := b.Append(nil)
	last := b.Ended || b.Exit != nil
	if !last { // rule: end-commit
		if err := t.put(ctx, b, encoded, state); err != nil {
			if errors.Is(err, ErrFenced) {
				t.lost()
			}
			return err
		}
	}
	t.committed(b)
	t.sent = t.e.send(b, encoded, t.record())
	if !last {
		return nil
	}
	return t.settled(ctx)
}

// settled waits until the exchange has the last batch: before, the record must not be replaced.
func (t *Task) settled(ctx context.Context) error {
	t.e.mu.Lock()
	fenced := t.fenced
	t.e.mu.Unlock()
	if fenced {
		return ErrFenced
	}
	if t.sent == nil {
		return nil
	}
	err := t.e.wait(ctx, t.sent)
	switch {
	case errors.Is(err, ErrFenced):
		t.lost()
	case err == nil:
		t.sent = nil
	}
	return err
}

func (t *Task) lost() {
	t.e.mu.Lock()
	defer t.e.mu.Unlock()
	t.fence()
}

// committed notes that b is committed, before the exchange can see it.
func (t *Task) committed(b *exchange.Batch) {
	e := t.e
	e.mu.Lock()
	defer e.mu.Unlock()
	t.step = b.Step
	t.commits++
	e.commits++
	t.rests = b.Idle && b.Consumed == t.delivered
	st, _ := e.fold.x.Status(t.p)
	if pr := e.procs[t.p]; pr != nil && pr.task == t && t.rests && !t.due && st.Sent == t.delivered {
		e.idle.add(t)
		if e.queue.len() > 0 {
			e.evict(e.queue.len())
		}
		bell(e.toTimer)
	}
}

// load reads the record. It reports whether the process has anything to do.
func (t *Task) load(ctx context.Context) (something bool, err error) {
	t.committing.Lock()
	defer t.committing.Unlock()
	for range 10 {
		if !t.fresh {
			if err := t.read(ctx); err != nil {
				return false, err
			}
		}
		t.fresh = false
		if again, err := t.resend(ctx); err != nil || again {
			if again {
				continue
			}
			return false, err
		}
		return t.ready(), nil
	}
	return false, damaged(t.run, fmt.Sprintf("the record of process %d", t.p), errors.New("it is older than what the exchange has of the process"))
}

// resend sends the batch of the record if the exchange has not taken it. It reports whether the record has to be read again, since it is older than
// what the exchange has.
func (t *Task) resend(ctx context.Context) (again bool, err error) { // rule: resend
	e := t.e
	e.mu.Lock()
	st, live := e.fold.x.Status(t.p)
	e.mu.Unlock()
	if live && st.Step == t.rec.step {
		return false, nil
	}
	if live && st.Step > t.rec.step { // or the engine does not know that it has ended, or that what it has put is lost
		if err := e.durable(ctx); err != nil {
			return false, err
		}
		return true, e.readLog(ctx)
	}
	if t.rec.step == 0 {
		return false, nil // it has ended meanwhile
	}
	encoded, err := readContent(ctx, e.store, t.rec.batch)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil // somebody else has stepped it
	}
	if err != nil {
		return false, err
	}
	b, err := exchange.DecodeBatch(encoded)
	if err != nil {
		return false, damaged(e.o.Run, fmt.Sprintf("the record of process %d", t.p), err)
	}
	t.sent = e.send(b, encoded, t.record())
	e.mu.Lock()
	t.commits++ // of somebody else, but the process gets on
	e.mu.Unlock()
	return false, t.settled(ctx)
}

// ready sets what the worker sees, and reports whether the process has anything to do.
func (t *Task) ready() bool {
	e := t.e
	e.mu.Lock()
	defer e.mu.Unlock()
	t.step, t.delivered = t.rec.step, t.rec.consumed
	st, live := e.fold.x.Status(t.p)
	return live && e.runnable(t.p, st, e.o.Now().UnixNano())
}
