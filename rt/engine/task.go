// This file defines tasks: processes that are loaded in a worker.

package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pages"
)

// A Task is a process that is loaded in a worker. One goroutine may call Replies while another calls Commit.
type Task struct {
	e  *Engine
	on *attached
	p  exchange.ProcessID

	fresh      bool       // there is no record, unless another engine has put one
	committing sync.Mutex // guards these
	version    int64      // of the record; 0: there is none
	rec        record
	set        *pages.Set // nil: not opened
	sent       *sending   // the last batch; nil if the exchange has it

	// e.mu guards these.
	step       uint64 // of the last commit
	delivered  uint64 // number of the last reply that the worker was given
	due        bool   // Replies is to return though there are none
	unload     bool
	held       bool
	fenced     bool
	commits    int
	changed    chan struct{} // something of these has changed; has room for one
	idle       bool          // in e.idle, since
	since      time.Time
	next, prev *Task
}

// Process returns the number of the process.
func (t *Task) Process() exchange.ProcessID { return t.p }

// Step returns the number of the last commit, 0 if there was none.
func (t *Task) Step() uint64 {
	t.committing.Lock()
	defer t.committing.Unlock()
	return t.rec.step
}

// Consumed returns the number of the last reply that the state has taken.
func (t *Task) Consumed() uint64 {
	t.committing.Lock()
	defer t.committing.Unlock()
	return t.rec.consumed
}

// State returns a reader of the state as of the last commit, nil if there was none: the process begins, with ReplyStart if it is not process 0.
func (t *Task) State(ctx context.Context) io.ReadCloser {
	t.committing.Lock()
	defer t.committing.Unlock()
	switch snap := t.rec.state; {
	case t.rec.step == 0:
		return nil
	case len(snap.Pages) == 0:
		return io.NopCloser(bytes.NewReader(snap.Inline))
	default:
		return pages.NewReader(ctx, t.e.store, t.owner(), int64(t.rec.step), snap)
	}
}

// StateSize returns how many bytes State has.
func (t *Task) StateSize() int64 {
	t.committing.Lock()
	defer t.committing.Unlock()
	return t.rec.state.Size
}

// Replies waits for replies, and returns those it has not returned before. The worker takes them into the state and says so in Consumed of a
// batch. The first call, and those after the process became due by its Wake, may return none.
// The errors are ErrFenced, ErrUnload, ErrEnded and that of ctx.
func (t *Task) Replies(ctx context.Context) ([]exchange.Reply, error) {
	for {
		rs, err := t.Poll()
		if rs != nil || err != nil {
			return rs, err
		}
		select {
		case <-t.changed:
		case <-t.e.finished:
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
	if rs != nil {
		e.idle.remove(t)
	}
	return rs, nil
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
	st, _ := e.fold.x.Status(t.p)
	if pr := e.procs[t.p]; pr != nil && pr.task == t && b.Idle && !t.due && b.Consumed == t.delivered && st.Sent == t.delivered {
		e.idle.add(t)
		if e.queue.len() > 0 {
			e.evict(e.queue.len())
		}
		bell(e.toTimer)
	}
}

// put puts the record of the next step.
func (t *Task) put(ctx context.Context, b *exchange.Batch, encoded []byte, state io.WriterTo) error {
	next := record{step: b.Step, consumed: b.Consumed}
	draft, err := t.draft(ctx, state, &next.state)
	if err != nil {
		return err
	}
	var blobs []store.Blob
	next.batch, blobs = newContent(t.owner(), encoded)
	if draft != nil {
		blobs = append(blobs, draft.Blobs...)
	}
	data := next.encode()
	if len(data) > store.MaxRecord {
		return fmt.Errorf("the record of process %d has %d bytes", t.p, len(data))
	}
	version, err := t.e.store.Put(ctx, store.Record{ID: recordID(t.e.o.Run, t.p), Version: t.version, Data: data}, blobs...) // rule: one-put
	if errors.Is(err, store.ErrConflict) {                                                                                   // rule: fenced-worker
		t.lost()
		return ErrFenced
	}
	if err != nil {
		return err
	}
	garbage := t.rec.batch.Blobs
	if t.set != nil {
		garbage = append(garbage, t.set.Commit(int64(next.step), draft, func(int64) bool { return false })...)
	}
	t.version, t.rec = version, next
	deleteBlobs(ctx, t.e.store, garbage)
	return nil
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
	return false, damaged(t.e.o.Run, fmt.Sprintf("the record of process %d", t.p), errors.New("it is older than what the exchange has of the process"))
}

func (t *Task) read(ctx context.Context) error {
	rec, err := t.e.store.Get(ctx, recordID(t.e.o.Run, t.p))
	if errors.Is(err, store.ErrNotFound) {
		t.version, t.rec = 0, record{}
		return nil
	}
	if err != nil {
		return err
	}
	r, err := decodeRecord(rec.Data)
	if err != nil {
		return damaged(t.e.o.Run, fmt.Sprintf("the record of process %d", t.p), err)
	}
	t.version, t.rec = rec.Version, *r
	return nil
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
	if live && st.Step > t.rec.step { // or the engine does not know that it has ended
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

// owner owns the blobs of the process. There are few, so that Delete can name them all.
func (t *Task) owner() string { return owner(t.e.o.Run, uint32(t.p)%owners) }

const owners = 64

func owner(run string, n uint32) string { return fmt.Sprintf("%s/p/%02x", run, n) }
