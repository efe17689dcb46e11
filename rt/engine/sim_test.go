package engine

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/harkgen/harkgen/internal/linear"
	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
)

// This file simulates programs: a process is a function with an explicit state.

// A simState is the state of a simulated process. It has one goroutine, number 1.
type simState struct {
	Func  string
	PC    int
	N     []int64 // operands and variables
	Refs  []exchange.ObjectID
	Pad   []byte // ballast
	Made  uint32 // objects
	Wake  int64  // sleeps until then
	Done  bool
	Taken uint64 // number of the last reply taken

	Paused bool // it was committed while it could go on

	Todo  []string       // of a client; see history_test.go
	Open  []linear.Event // that have not come to an end
	Cases []hCase        // of the select that waits
}

// A simFunc goes on with a process. y is the reply it waited for, nil at the start and after a sleep.
type simFunc func(s *simState, c *simCall, y *exchange.Reply)

var simFuncs = map[string]simFunc{}

// A simCall collects what a process does in a step.
type simCall struct {
	p     exchange.ProcessID
	s     *simState
	ops   []exchange.Op
	now   time.Time
	exit  *exchange.Exit
	wait  bool // for a reply
	pause bool // commit here, and go on
}

func (c *simCall) share(sh exchange.Share) exchange.ObjectID {
	c.s.Made++
	id := exchange.NewObjectID(c.p, c.s.Made)
	c.ops = append(c.ops, exchange.Op{Kind: exchange.OpShare, Object: id, Share: &sh})
	return id
}

func (c *simCall) channel(capacity int) exchange.ObjectID {
	return c.share(exchange.Share{Kind: exchange.KindChannel, Capacity: capacity})
}

func gobValue(v any, refs ...exchange.ObjectID) exchange.Value {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		panic(err)
	}
	return exchange.Value{Data: b.Bytes(), Refs: refs}
}

func ungob(b []byte, v any) {
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(v); err != nil {
		panic(err)
	}
}

func intValue(n int64) exchange.Value { return exchange.Value{Data: fmt.Append(nil, n)} }

func valueInt(v exchange.Value) (n int64) {
	fmt.Sscan(string(v.Data), &n)
	return n
}

func (c *simCall) spawn(f string, n []int64, refs ...exchange.ObjectID) {
	c.ops = append(c.ops, exchange.Op{Kind: exchange.OpSpawn, Value: gobValue(&simState{Func: f, N: n, Refs: refs}, refs...)})
}

func (c *simCall) do(op exchange.Op) { c.ops = append(c.ops, op) }

// block does an operation that has a reply.
func (c *simCall) block(op exchange.Op) {
	op.G = 1
	c.ops = append(c.ops, op)
	c.wait = true
}

func (c *simCall) send(ch exchange.ObjectID, v exchange.Value) {
	c.block(exchange.Op{Kind: exchange.OpSelect, Cases: []exchange.Case{{Channel: ch, Send: true, Value: v}}})
}

func (c *simCall) recv(chs ...exchange.ObjectID) {
	op := exchange.Op{Kind: exchange.OpSelect}
	for _, ch := range chs {
		op.Cases = append(op.Cases, exchange.Case{Channel: ch})
	}
	c.block(op)
}

func (c *simCall) print(args ...any) {
	c.do(exchange.Op{Kind: exchange.OpOutput, N: 1, Value: exchange.Value{Data: []byte(fmt.Sprintln(args...))}})
}

func (c *simCall) sleep(d time.Duration) { c.s.Wake = c.now.Add(d).UnixNano() }

// run goes on with the process until it waits, ends or has made a step. It returns the batch.
func (s *simState) run(p exchange.ProcessID, now time.Time, y *exchange.Reply) *exchange.Batch {
	c := &simCall{p: p, s: s, now: now}
	f := simFuncs[s.Func]
	if f == nil {
		panic("no function " + s.Func)
	}
	for {
		f(s, c, y)
		y = nil
		if c.wait || c.pause || c.exit != nil || s.Done || s.Wake != 0 {
			break
		}
	}
	s.Paused = c.pause
	return &exchange.Batch{Consumed: s.Taken, Ops: c.ops, Idle: c.wait || s.Wake != 0, Wake: s.Wake, Ended: s.Done, Exit: c.exit}
}

type gobState struct{ s *simState }

func (g gobState) WriteTo(w io.Writer) (int64, error) { return 0, gob.NewEncoder(w).Encode(g.s) }

// A simWorker executes simulated processes.
type simWorker struct {
	main  simState
	now   func() time.Time
	hook  func(t Activation, b *exchange.Batch) error // before a commit; may be nil
	after func(t Activation, b *exchange.Batch)       // after one that succeeded; may be nil
}

func (w *simWorker) Execute(ctx context.Context, t *Task) error { return w.serve(ctx, t) }

func (w *simWorker) serve(ctx context.Context, t Activation) error {
	s := &simState{}
	if r := t.State(ctx); r != nil {
		err := gob.NewDecoder(r).Decode(s)
		r.Close()
		if err != nil {
			return err
		}
	} else if t.Process() == 0 {
		*s = w.main
		s.N = append([]int64(nil), s.N...)
	}
	begins := t.Process() == 0 && t.Step() == 0
	for {
		rs, err := t.Replies(ctx)
		if err != nil {
			return err
		}
		var reply *exchange.Reply
		for i := range rs {
			if rs[i].Seq != s.Taken+1 {
				return fmt.Errorf("process %d: reply %d after %d", t.Process(), rs[i].Seq, s.Taken)
			}
			s.Taken++
			if rs[i].Kind == exchange.ReplyStart {
				if err := gob.NewDecoder(bytes.NewReader(rs[i].Value.Data)).Decode(s); err != nil {
					return err
				}
				s.Taken = 1
				begins = true
			} else {
				reply = &rs[i]
			}
			for _, st := range rs[i].Stores {
				s.Pad = st.Value.Data // there is one region
			}
		}
		due := s.Wake != 0 && w.now().UnixNano() >= s.Wake
		if reply == nil && !begins && !due && !s.Paused {
			continue
		}
		begins = false
		if due {
			s.Wake = 0
		}
		for {
			b := s.run(t.Process(), w.now(), reply)
			if w.hook != nil {
				if err := w.hook(t, b); err != nil {
					return err
				}
			}
			to := ctx
			if w.hook != nil {
				to = context.WithoutCancel(ctx) // it does not know that it is not wanted any more
			}
			if err := t.Commit(to, b, gobState{s}); err != nil {
				return err
			}
			if w.after != nil {
				w.after(t, b)
			}
			if b.Ended || b.Exit != nil {
				return nil
			}
			if b.Idle {
				break
			}
			reply = nil
			if _, err := t.Poll(); errors.Is(err, ErrUnload) || errors.Is(err, ErrDrain) {
				return err
			}
		}
	}
}

// An awayWorker executes the processes other than 0 elsewhere, by tickets.
type awayWorker struct {
	simWorker
	store store.Store
	step  func(k *Ticket, step func() (*Outcome, error)) (*Outcome, error) // calls step; may be nil
}

func (w *awayWorker) Execute(ctx context.Context, t *Task) error {
	if t.Process() == 0 {
		return w.simWorker.Execute(ctx, t)
	}
	for {
		k, err := t.Ticket(ctx, time.Now().Add(time.Minute))
		if err != nil {
			return err
		}
		step := func() (*Outcome, error) { return w.away(ctx, k.Append(nil)) }
		var o *Outcome
		if w.step != nil {
			o, err = w.step(k, step)
		} else {
			o, err = step()
		}
		if err != nil {
			return err
		}
		if last, err := t.Adopt(ctx, o); last || err != nil {
			return err
		}
	}
}

// away executes a ticket as another machine would.
func (w *awayWorker) away(ctx context.Context, ticket []byte) (*Outcome, error) {
	k, err := DecodeTicket(ticket)
	if err != nil {
		return nil, err
	}
	g, err := OpenTicket(w.store, k)
	if err != nil {
		return nil, err
	}
	err = w.serve(ctx, g)
	o, done := g.Outcome()
	if !done {
		return nil, err
	}
	return DecodeOutcome(o.Append(nil))
}
