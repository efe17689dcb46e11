// This file executes a run whose goroutines are in several processes. Package engine keeps the processes and the exchange; here each process that is loaded gets a
// worker, as a run of one process does.

package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/wire"
)

// executeSpread is Execute of a run that may have several processes.
func (r *Run) executeSpread(ctx context.Context) (*Result, error) {
	e, err := engine.Open(ctx, engine.Options{Store: r.o.Store, Run: r.rec.ID, Show: r.showOutputs})
	if err != nil {
		return nil, err
	}
	detach := e.Attach(&spreader{r}, max(r.o.Workers, 1))
	defer detach()
	exit, err := e.Run(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ErrStopped
	case err != nil:
		return nil, err
	}
	if exit.Text != "" {
		fmt.Fprintln(r.o.Stderr, exit.Text)
	}
	work := context.WithoutCancel(ctx)
	next := r.rec
	next.State, next.Exit, next.Reason, next.Error = store.Done, exit.Status, "exit", ""
	if err := r.put(work, &next, nil); err != nil {
		return nil, err
	}
	return r.result(), engine.Delete(work, r.o.Store, r.rec.ID)
}

// showOutputs shows what the run has written, and marks how far it has got by the numbers of outputs.
func (r *Run) showOutputs(list []exchange.Output) error {
	for _, o := range list {
		if int64(o.Seq) <= r.lease.shown() {
			continue
		}
		if _, err := r.screen.out[o.FD-1].Write(o.Data); err != nil {
			return fmt.Errorf("showing the output: %w", err)
		}
		if err := r.lease.markShown(int64(o.Seq)); err != nil {
			return err
		}
	}
	return nil
}

// A spreader is the workers of this machine.
type spreader struct{ r *Run }

// A loaded is a process in a worker.
type loaded struct {
	*spreader
	*worker
	t        *engine.Task
	consumed uint64 // as of the last batch
	commits  int
	want     *time.Timer
}

// Execute implements engine.Worker.
func (s *spreader) Execute(ctx context.Context, t *engine.Task) error {
	r := s.r
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	w, err := startWorker(&r.o, r.args, r.rec.Program.Cwd, null, func(stdout, stderr *os.File) *output {
		return newOutput(stdout, stderr, 0, func([]byte) (string, error) { return "", errors.New("too much output in one step") })
	})
	if err != nil {
		return err
	}
	defer w.end()
	p := &loaded{spreader: s, worker: w, t: t, want: time.NewTimer(time.Hour)}
	defer p.want.Stop()
	return p.serve(ctx)
}

// serve serves a worker until its process has ended, or it is to end.
func (p *loaded) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	msgs := p.msgs
	var exited <-chan struct{}
	for {
		select {
		case m, ok := <-msgs:
			if !ok {
				msgs, exited = nil, p.exited
				continue
			}
			done, err := p.handle(ctx, cancel, m)
			if m.done != nil {
				close(m.done)
			}
			if done || err != nil {
				return err
			}
		case <-exited:
			return p.exit(ctx)
		case <-p.out.arrived:
			p.want.Reset(p.r.o.Patience)
		case <-p.want.C:
			p.send(wire.Wanted{})
			p.want.Reset(wantAgain)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (p *loaded) handle(ctx context.Context, cancel context.CancelCauseFunc, m message) (done bool, err error) {
	switch msg := m.msg.(type) {
	case wire.Load:
		if err := p.load(ctx); err != nil {
			return false, err
		}
		go p.reply(ctx, cancel)
	case wire.Commit:
		return p.commit(ctx, &msg, m.snapshot)
	case wire.Unsaved:
		fmt.Fprintln(p.r.o.Stderr, msg.Why)
	case wire.Refused:
		return false, &FailedError{p.r.rec.ID, msg.Err}
	}
	return false, nil
}

// load tells the worker what to execute. What initialisers have printed was printed before, unless the run begins.
func (p *loaded) load(ctx context.Context) error {
	start := wire.Start{Run: p.r.rec.ID, Process: uint32(p.t.Process()), New: true}
	state := p.t.State(ctx)
	if state != nil || start.Process != 0 {
		p.out.discard()
	}
	if state == nil {
		p.send(start)
		return nil
	}
	defer state.Close()
	start.New, start.Size = false, p.t.StateSize()
	err := p.conn.Send(start, copier{state})
	if src, ok := errors.AsType[*wire.SourceError](err); ok {
		return src.Err
	}
	return nil
}

// copier writes what a reader has.
type copier struct{ r io.Reader }

func (c copier) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, c.r) }

// reply passes replies on.
func (p *loaded) reply(ctx context.Context, cancel context.CancelCauseFunc) {
	for {
		replies, err := p.t.Replies(ctx)
		if err != nil {
			cancel(err)
			return
		}
		p.send(wire.Replies{Data: exchange.AppendReplies(nil, replies)})
	}
}

// commit commits a step of the worker.
func (p *loaded) commit(ctx context.Context, c *wire.Commit, snapshot *wire.Body) (done bool, err error) {
	b := &exchange.Batch{Consumed: p.consumed}
	if c.Batch != nil {
		if b, err = exchange.DecodeBatch(c.Batch); err != nil {
			return false, err
		}
	}
	if !c.Wake.IsZero() {
		b.Wake = c.Wake.UnixNano()
	}
	if err := p.takeOutput(b); err != nil {
		return false, err
	}
	if err := p.t.Commit(ctx, b, copier{snapshot}); err != nil {
		return false, err
	}
	p.consumed = b.Consumed
	p.commits++
	if b.Ended || b.Exit != nil {
		p.send(wire.Committed{Verdict: wire.VerdictExit})
		return true, nil
	}
	if n := p.r.o.Chaos; n > 0 && p.commits%n == 0 {
		return true, nil // the worker is killed; another goes on from here
	}
	p.send(wire.Committed{Verdict: wire.VerdictContinue})
	return false, nil
}

// takeOutput puts what the process has written before the operations of the batch.
func (p *loaded) takeOutput(b *exchange.Batch) error {
	_, chunks, _, err := p.out.take(p.r.rec.ID)
	if err != nil {
		return err
	}
	p.want.Stop()
	var ops []exchange.Op
	for _, c := range chunks {
		ops = append(ops, exchange.Op{Kind: exchange.OpOutput, N: int64(c.fd), Value: exchange.Value{Data: c.data}})
	}
	b.Ops = append(ops, b.Ops...)
	return nil
}

// exit is called when the worker has ended by itself: the program has.
func (p *loaded) exit(ctx context.Context) error {
	ws := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ws.Signaled() && ws.Signal() == syscall.SIGKILL || ws.ExitStatus() == 137 {
		return errors.New("the worker was killed")
	}
	status := ws.ExitStatus()
	if ws.Signaled() {
		status = 128 + int(ws.Signal())
	}
	b := &exchange.Batch{Consumed: p.consumed, Ended: true, Exit: &exchange.Exit{Status: status}}
	if err := p.takeOutput(b); err != nil {
		return err
	}
	return p.t.Commit(ctx, b, nil)
}
