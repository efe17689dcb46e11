// This file executes a run whose goroutines are in several processes. Package engine keeps the processes and the exchange; here each process that is loaded gets a
// worker, as a run of one process does.

package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
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
	run, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	workers := &spreader{r: r, fail: fail}
	defer workers.end()
	detach := e.Attach(workers, max(r.o.Workers, 1))
	defer detach()
	exit, err := e.Run(run)
	failed, _ := errors.AsType[*FailedError](context.Cause(run))
	switch {
	case failed != nil:
		next := r.rec
		next.State, next.Error = store.Failed, failed.Why
		return nil, errors.Join(r.put(context.WithoutCancel(ctx), &next, nil), failed)
	case ctx.Err() != nil:
		return nil, ErrStopped
	case err != nil:
		return nil, err
	}
	if exit.Text != "" {
		fmt.Fprintln(r.o.Stderr, exit.Text)
	}
	if exit.Waits != nil {
		r.traceAll(ctx, e.Live(), exit.Waits)
	}
	work := context.WithoutCancel(ctx)
	next := r.rec
	next.State, next.Exit, next.Reason, next.Error = store.Done, exit.Status, "exit", ""
	if err := r.put(work, &next, nil); err != nil {
		return nil, err
	}
	return r.result(), r.deleteProcesses(work, r.o.Store)
}

// deleteProcesses deletes what is stored of the processes of a run that has ended. If the supervisor dies before that, whoever opens the run does it.
func (r *Run) deleteProcesses(ctx context.Context, s store.Store) error {
	if !r.rec.Program.Spread {
		return nil
	}
	return engine.Delete(ctx, s, r.rec.ID)
}

const onlySpread = "it has goroutines that run in processes of their own, and was not started so; compile it with -placement local, without comments //hark:go remote"

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

// A spreader is the workers of this machine. A worker that has done with a process executes another.
type spreader struct {
	r     *Run
	fail  context.CancelCauseFunc // ends the run with a *FailedError
	mu    sync.Mutex
	idle  []*worker // they have sent Load, or are about to
	ended bool
}

// A loaded is a process in a worker.
type loaded struct {
	*spreader
	*worker
	t        *engine.Task
	consumed uint64 // as of the last batch
	commits  int
	want     *time.Timer
	trace    string // of the panic that ends the program
	replying sync.WaitGroup
}

// Execute implements engine.Worker.
func (s *spreader) Execute(ctx context.Context, t *engine.Task) error {
	first := t.Process() == 0 // its worker has the package variables, and the standard input
	take := s.take
	if first {
		take = func() (*worker, error) { return s.first(ctx, t) }
	}
	w, err := take()
	if err != nil {
		return err
	}
	p := &loaded{spreader: s, worker: w, t: t, consumed: t.Consumed(), want: time.NewTimer(time.Hour)}
	defer p.want.Stop()
	ctx, cancel := context.WithCancelCause(ctx)
	again, err := p.serve(ctx, cancel)
	cancel(nil)
	p.replying.Wait()
	if again && !first && s.give(w) {
		return err
	}
	w.end()
	return err
}

// take returns a worker for a process other than the first.
func (s *spreader) take() (*worker, error) {
	s.mu.Lock()
	if n := len(s.idle) - 1; n >= 0 {
		w := s.idle[n]
		s.idle = s.idle[:n]
		s.mu.Unlock()
		return w, nil
	}
	s.mu.Unlock()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	return startWorker(&s.r.o, s.r.args, s.r.rec.Program.Cwd, null, collectStep)
}

// first returns a worker for the first process, which gets the input from where it was at its last commit.
func (s *spreader) first(ctx context.Context, t *engine.Task) (*worker, error) {
	consumed := int64(0)
	if s.r.in != nil {
		if state := t.State(ctx); state != nil {
			var err error
			consumed, err = readConsumed(state)
			state.Close()
			if err != nil {
				return nil, err
			}
		}
	}
	return s.r.startFed(context.WithoutCancel(ctx), consumed, collectStep)
}

// collectStep collects the output of a worker, all of which is in the batch of a step.
func collectStep(stdout, stderr *os.File) *output {
	return newOutput(stdout, stderr, 0, func([]byte) (string, error) { return "", errors.New("too much output in one step") })
}

// give makes w idle. It reports false if it is not wanted any more.
func (s *spreader) give(w *worker) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.idle = append(s.idle, w)
	}
	return !s.ended
}

// end ends all idle workers.
func (s *spreader) end() {
	s.mu.Lock()
	s.ended = true
	idle := s.idle
	s.idle = nil
	s.mu.Unlock()
	for _, w := range idle {
		w.end()
	}
}

// serve serves a worker until its process has ended, or it is to end. It reports whether the worker can go on with another process.
func (p *loaded) serve(ctx context.Context, cancel context.CancelCauseFunc) (again bool, err error) {
	msgs := p.msgs
	var exited <-chan struct{}
	if p.asked {
		if err := p.begin(ctx, cancel); err != nil {
			return false, err
		}
	}
	for {
		select {
		case m, ok := <-msgs:
			if !ok {
				msgs, exited = nil, p.exited
				continue
			}
			how, err := p.handle(ctx, cancel, m)
			if m.snapshot != nil {
				close(m.done)
			}
			if how != 0 || err != nil {
				return how == unloaded, err
			}
		case <-exited:
			return false, p.exit(ctx)
		case <-p.out.arrived:
			p.want.Reset(p.r.o.Patience)
		case <-p.want.C:
			p.send(wire.Wanted{})
			p.want.Reset(wantAgain)
		case <-ctx.Done():
			err := context.Cause(ctx)
			return errors.Is(err, engine.ErrUnload) && p.unload(), err
		}
	}
}

// unloadTime is how long a worker may take to forget a process.
const unloadTime = 100 * time.Millisecond

// unload makes the worker forget the process. It reports false if it does not.
func (p *loaded) unload() bool {
	p.send(wire.Unload{})
	select {
	case m, ok := <-p.msgs:
		if !ok {
			return false
		}
		if m.snapshot != nil {
			close(m.done)
		}
		_, ok = m.msg.(wire.Load)
		p.asked = ok
		return ok
	case <-time.After(unloadTime):
		return false
	}
}

// handle handles a message. The result is unloaded when the process has ended, again when the worker is to be killed, else 0.
func (p *loaded) handle(ctx context.Context, cancel context.CancelCauseFunc, m message) (ending, error) {
	switch msg := m.msg.(type) {
	case wire.Load:
		return 0, p.begin(ctx, cancel)
	case wire.Commit:
		return p.commit(ctx, &msg, m.snapshot)
	case wire.Unsaved:
		fmt.Fprintln(p.r.o.Stderr, msg.Why)
	case wire.Trace:
		p.trace = msg.Text
	case wire.Refused:
		err := &FailedError{p.r.rec.ID, msg.Err}
		p.fail(err)
		return 0, err
	}
	return 0, nil
}

// begin answers Load.
func (p *loaded) begin(ctx context.Context, cancel context.CancelCauseFunc) error {
	p.asked = false
	err := p.load(ctx)
	if err == nil {
		p.replying.Go(func() { p.reply(ctx, cancel) })
	}
	return err
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
	if _, err := readConsumed(state); err != nil {
		return err
	}
	start.New, start.Size = false, p.t.StateSize()-consumedSize
	err := p.conn.Send(start, copier{state})
	if src, ok := errors.AsType[*wire.SourceError](err); ok {
		return src.Err
	}
	return nil
}

// A state is a snapshot after how many bytes of the standard input the process has consumed.
const consumedSize = 8

func readConsumed(state io.Reader) (int64, error) {
	var b [consumedSize]byte
	if _, err := io.ReadFull(state, b[:]); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(b[:])), nil
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
func (p *loaded) commit(ctx context.Context, c *wire.Commit, snapshot *wire.Body) (how ending, err error) {
	b := &exchange.Batch{Consumed: p.consumed}
	if c.Batch != nil {
		if b, err = exchange.DecodeBatch(c.Batch); err != nil {
			return 0, err
		}
	}
	if !c.Wake.IsZero() {
		b.Wake = c.Wake.UnixNano()
	}
	if err := p.takeOutput(b); err != nil {
		return 0, err
	}
	consumed, err := p.input()
	if err != nil {
		return 0, err
	}
	head := binary.BigEndian.AppendUint64(nil, uint64(consumed))
	if err := p.t.Commit(ctx, b, copier{io.MultiReader(bytes.NewReader(head), snapshot)}); err != nil {
		return 0, err
	}
	if p.feed != nil {
		if err := p.feed.forget(ctx, consumed); err != nil {
			return 0, err
		}
	}
	onward := b.Consumed > p.consumed || len(b.Ops) > 0 // else it waits for a reply that is on its way
	if onward {
		p.commits++
	}
	p.consumed = b.Consumed
	if b.Ended || b.Exit != nil {
		p.send(wire.Committed{Verdict: wire.VerdictExit})
		return unloaded, nil
	}
	if n := p.r.o.Chaos; n > 0 && onward && p.commits%n == 0 {
		return again, nil // another goes on from here
	}
	p.send(wire.Committed{Verdict: wire.VerdictContinue})
	return 0, nil
}

// input returns how much of the standard input the process has consumed.
func (p *loaded) input() (int64, error) {
	if p.feed == nil {
		return 0, nil
	}
	n, err := p.feed.consumed()
	if err == nil {
		err = p.r.in.failed()
	}
	return n, err
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
	if p.trace != "" {
		b.Ops = replaceTrace(b.Ops, p.trace)
	}
	return p.t.Commit(ctx, b, nil)
}
