// This file defines how a process is executed elsewhere.
//
//	Task.Ticket  ->  bytes  ->  OpenTicket  ->  Guest: State, Replies, Commit
//	Task.Adopt   <-  bytes  <-  Guest.Outcome
//
// A Guest makes one commit, for which it puts the record of the process itself. What it answers is sent to the log by the engine that has made the ticket.
// If the answer is lost the engine finds the commit in the record when it loads the process again (rule: resend); but for a last batch, which is executed again.

package engine

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
)

const (
	ticketFormat  = 1
	outcomeFormat = 1
)

// A Ticket is all that is needed to execute a process elsewhere until its next commit. Its encoding is
//
//	uvarint format; run, with its length before it; uvarint process, until (UnixNano), version; record and replies, with their lengths before them
type Ticket struct {
	Run     string
	Process exchange.ProcessID
	Until   time.Time // when the commit is to be asked for

	version int64
	record  []byte // none: the process begins
	replies []exchange.Reply
}

// Ticket waits until the process has something to do, and returns a ticket for it. The errors are those of Replies.
func (t *Task) Ticket(ctx context.Context, until time.Time) (*Ticket, error) {
	t.committing.Lock()
	defer t.committing.Unlock()
	if err := t.settled(ctx); err != nil {
		return nil, err
	}
	rs, err := t.Replies(ctx)
	if err != nil {
		return nil, err
	}
	k := &Ticket{Run: t.run, Process: t.p, Until: until, version: t.version, replies: rs}
	if t.rec.step > 0 {
		k.record = t.rec.encode()
	}
	return k, t.e.durable(ctx)
}

// Owner owns blobs that belong to the process: they are deleted with the run at the latest.
func (k *Ticket) Owner() string { return owner(k.Run, uint32(k.Process)%owners) }

// Append appends the encoding.
func (k *Ticket) Append(b []byte) []byte {
	b = binary.AppendUvarint(b, ticketFormat)
	b = appendBytes(b, []byte(k.Run))
	b = binary.AppendUvarint(b, uint64(k.Process))
	b = binary.AppendUvarint(b, uint64(k.Until.UnixNano()))
	b = binary.AppendUvarint(b, uint64(k.version))
	b = appendBytes(b, k.record)
	return appendBytes(b, exchange.AppendReplies(nil, k.replies))
}

// DecodeTicket is the reverse of Append.
func DecodeTicket(b []byte) (*Ticket, error) {
	d := &decoder{b: b}
	d.format(ticketFormat)
	k := &Ticket{Run: string(d.bytes()), Process: exchange.ProcessID(d.uint()), Until: time.Unix(0, int64(d.uint())), version: int64(d.uint()), record: d.bytes()}
	replies := d.bytes()
	err := d.end()
	if err == nil {
		k.replies, err = exchange.DecodeReplies(replies)
	}
	if err != nil {
		return nil, fmt.Errorf("engine: a ticket: %w", err)
	}
	return k, nil
}

// An Outcome is the commit of a Guest. Its encoding is
//
//	uvarint format, version; record and batch, with their lengths before them
type Outcome struct {
	version int64
	record  []byte // as it was put; none: the batch is the last
	batch   []byte // unless the record has it
}

// Append appends the encoding.
func (o *Outcome) Append(b []byte) []byte {
	b = binary.AppendUvarint(b, outcomeFormat)
	b = binary.AppendUvarint(b, uint64(o.version))
	return appendBytes(appendBytes(b, o.record), o.batch)
}

// DecodeOutcome is the reverse of Append.
func DecodeOutcome(b []byte) (*Outcome, error) {
	d := &decoder{b: b}
	d.format(outcomeFormat)
	o := &Outcome{version: int64(d.uint()), record: d.bytes(), batch: d.bytes()}
	if err := d.end(); err != nil {
		return nil, fmt.Errorf("engine: an outcome: %w", err)
	}
	return o, nil
}

// Adopt takes what a Guest has committed for the process. It reports whether that was the last batch. The errors are those of Commit.
func (t *Task) Adopt(ctx context.Context, o *Outcome) (last bool, err error) {
	t.committing.Lock()
	defer t.committing.Unlock()
	encoded := o.batch
	version, rec := t.version, t.rec
	if len(o.record) > 0 {
		r, err := decodeRecord(o.record)
		if err != nil {
			return false, err
		}
		version, rec = o.version, *r
		if len(encoded) == 0 {
			encoded = r.batch.Inline
		}
	}
	b, err := exchange.DecodeBatch(encoded)
	if err != nil {
		return false, err
	}
	if b.From != t.p || b.Step != t.rec.step+1 {
		return false, fmt.Errorf("process %d, step %d: an outcome of process %d, step %d", t.p, t.rec.step+1, b.From, b.Step)
	}
	t.version, t.rec = version, rec
	t.adopted(b)
	t.sent = t.e.send(b, encoded, t.record())
	if last = b.Ended || b.Exit != nil; last {
		err = t.settled(ctx)
	}
	return last, err
}

// adopted notes that b is committed, and what the next ticket is to have: replies that the process has not taken, and those to come.
func (t *Task) adopted(b *exchange.Batch) {
	t.e.mu.Lock()
	t.delivered = b.Consumed
	t.due = t.due || !b.Idle
	t.e.mu.Unlock()
	t.committed(b)
}

// A Guest is a process that is executed elsewhere than where its engine is, until it has made a commit.
type Guest struct {
	stored
	changed chan struct{} // Poll returns something; has room for one

	mu      sync.Mutex
	replies []exchange.Reply
	begun   bool
	drain   bool
	outcome *Outcome
}

// OpenTicket returns the process that k is for. Its commit is durable when it returns.
func OpenTicket(s store.Store, k *Ticket) (*Guest, error) {
	g := &Guest{stored: stored{store: patient{s}, run: k.Run, p: k.Process}, changed: make(chan struct{}, 1), replies: k.replies}
	if len(k.record) > 0 {
		return g, g.decode(k.version, k.record)
	}
	g.rec.began = time.Now().UnixNano()
	for i := range k.replies {
		if k.replies[i].Kind == exchange.ReplyStart {
			g.rec.origin = youngest(k.replies[i].Text)
		}
	}
	return g, nil
}

// youngest returns the first ancestor of those that the text of an OpSpawn has: two lines.
func youngest(text string) string {
	first, rest, _ := strings.Cut(text, "\n")
	second, _, _ := strings.Cut(rest, "\n")
	return first + "\n" + second
}

// Replies returns the replies of the ticket, the first time. Later it waits until the process is to be committed (ErrDrain) or has been (ErrUnload).
func (g *Guest) Replies(ctx context.Context) ([]exchange.Reply, error) {
	return replies(ctx, g, nil)
}

// Changed delivers a value when Poll may return something.
func (g *Guest) Changed() <-chan struct{} { return g.changed }

// Rest does nothing: nobody waits for a Guest to be idle.
func (g *Guest) Rest() {}

// Poll is Replies that does not wait.
func (g *Guest) Poll() ([]exchange.Reply, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.outcome != nil:
		return nil, ErrUnload
	case g.drain:
		return nil, ErrDrain
	case g.begun:
		return nil, nil
	}
	g.begun = true
	return append([]exchange.Reply{}, g.replies...), nil
}

// Drain asks for the commit.
func (g *Guest) Drain() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.drain = true
	bell(g.changed)
}

// Commit commits the step as (*Task).Commit does, but that the exchange is told by whoever adopts the outcome. The second time it returns ErrUnload.
func (g *Guest) Commit(ctx context.Context, b *exchange.Batch, state io.WriterTo) error {
	g.committing.Lock()
	defer g.committing.Unlock()
	if _, done := g.Outcome(); done {
		return ErrUnload
	}
	b.From, b.Step = g.p, g.rec.step+1
	o := &Outcome{batch: b.Append(nil)}
	if !b.Ended && b.Exit == nil { // rule: end-commit
		if err := g.put(ctx, b, o.batch, state); err != nil {
			return err
		}
		o.version, o.record = g.version, g.rec.encode()
		if len(g.rec.batch.Blobs) == 0 {
			o.batch = nil
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.outcome = o
	bell(g.changed)
	return nil
}

// Outcome returns what was committed, if anything was.
func (g *Guest) Outcome() (o *Outcome, done bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.outcome, g.outcome != nil
}

var (
	_ Activation = (*Task)(nil)
	_ Activation = (*Guest)(nil)
)
