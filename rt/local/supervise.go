// This file defines the life of a run: workers come and go. See the package's documentation.

package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pages"
	"github.com/harkgen/harkgen/rt/wire"
)

// An ending says why a worker's life ended.
type ending int

const (
	ended    ending = iota + 1 // the run is done
	unloaded                   // nothing to do before Wake
	again                      // start another from the last commit
	stopped                    // the supervisor is to stop
)

// maxKills is how often a worker is started again without a commit between.
const maxKills = 3

// wantAgain is when a worker is asked again that was asked for a commit.
const wantAgain = 500 * time.Millisecond

// Execute executes the run until it is done; for a run that is done it shows what was not
// shown yet. When ctx ends it returns ErrStopped.
func (r *Run) Execute(ctx context.Context, o *Options) (*Result, error) {
	r.o = o.defaults()
	r.screen = screen{out: [2]io.Writer{r.o.Stdout, r.o.Stderr}, log: r.o.Log, events: r.o.Events, lease: r.lease}
	// What is begun is finished: ctx only keeps workers from being started and events from being waited for.
	work := context.WithoutCancel(ctx)
	if err := r.recover(work); err != nil {
		return nil, err
	}
	if r.rec.Ended() {
		return r.result(), nil
	}
	if r.rec.State == store.Failed {
		r.rec.State = store.Running
	}
	if r.o.Keep > 0 {
		r.rec.Keep = min(r.o.Keep, store.MaxKeep)
	}
	if err := r.attach(work); err != nil {
		return nil, err
	}
	if err := r.listen(); err != nil {
		return nil, err
	}
	if r.rec.Program.Spread {
		return r.executeSpread(ctx)
	}
	for {
		if r.rec.State == store.Waiting {
			if err := r.sleep(ctx); err != nil {
				return nil, err
			}
		}
		how, err := r.life(ctx, work)
		switch {
		case err != nil:
			return nil, err
		case how == stopped || ctx.Err() != nil && how != ended:
			return nil, ErrStopped
		case how == ended:
			return r.result(), nil
		}
	}
}

func (r *Run) result() *Result { return &Result{Exit: r.rec.Exit, Signal: r.rec.Signal} }

// sleep waits until it is time to wake the run, or an event has come. It looks at the clock now and then: timers stand still while the machine is suspended.
func (r *Run) sleep(ctx context.Context) error {
	for {
		if err := r.fetch(ctx); err != nil || r.mail.waits(nil) {
			return err
		}
		d := r.rec.Wake.Sub(r.o.Clock.Now())
		if r.rec.Wake.IsZero() && r.o.Events != nil {
			d = time.Hour
		}
		if d <= 0 {
			return nil
		}
		t := time.NewTimer(min(d, 5*time.Second))
		select {
		case <-t.C:
		case <-r.appended():
		case <-ctx.Done():
			t.Stop()
			return ErrStopped
		}
	}
}

// recover finishes what a supervisor that crashed left half done.
func (r *Run) recover(ctx context.Context) error {
	if err := r.openPages(ctx); err != nil {
		return err
	}
	chunks, base, err := r.committedOutput(ctx)
	if err != nil {
		return err
	}
	if err := r.show(base, chunks); err != nil && !errors.Is(err, errPipe) {
		return err
	}
	if err := r.openMail(ctx, r.rec.Taken); err != nil {
		return err
	}
	return r.sweep(ctx)
}

// sweep deletes the blobs that nothing points to.
func (r *Run) sweep(ctx context.Context) error {
	keep := map[string]bool{}
	for _, name := range r.rec.Blobs() {
		keep[name] = true
	}
	r.pages.Names(func(name string) { keep[name] = true })
	var garbage []string
	for page := ""; ; {
		names, next, err := r.o.Store.Blobs(ctx, r.rec.ID, page, 1000)
		if err != nil {
			return err
		}
		for _, name := range names {
			if !keep[name] {
				garbage = append(garbage, name)
			}
		}
		if page = next; page == "" {
			return pages.Delete(ctx, r.o.Store, garbage)
		}
	}
}

// attach connects the input, if there is or was any.
func (r *Run) attach(ctx context.Context) (err error) {
	if r.o.Stdin == nil && !r.rec.Stdin.Attached {
		return nil
	}
	r.rec.Stdin.Attached = true
	if r.in, err = newInput(ctx, r.o.Store, r.rec.ID, r.rec.Stdin.Consumed); err != nil {
		return err
	}
	switch {
	case r.in.ended:
	case r.o.Stdin != nil:
		go r.in.read(ctx, r.o.Stdin)
	default:
		r.in.append(ctx, nil)
	}
	return nil
}

// start starts a worker with its pipes.
func (r *Run) start(ctx context.Context) (*worker, error) {
	spill := func(data []byte) (string, error) {
		b := store.NewBlob(r.rec.ID, data)
		return b.Name, r.o.Store.PutBlob(ctx, b)
	}
	collect := func(stdout, stderr *os.File) *output {
		return newOutput(stdout, stderr, r.rec.Output.Base+r.rec.Output.Size, spill)
	}
	return r.startFed(ctx, r.rec.Stdin.Consumed, collect)
}

// startFed starts a worker that gets the standard input of the run, if it has any, from where consumed bytes of it have been consumed.
func (r *Run) startFed(ctx context.Context, consumed int64, collect func(stdout, stderr *os.File) *output) (*worker, error) {
	if r.in == nil {
		return startWorker(&r.o, r.args, r.rec.Program.Cwd, nil, collect)
	}
	pr, pw, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	w, err := startWorker(&r.o, r.args, r.rec.Program.Cwd, pr, collect)
	if err != nil {
		pr.Close()
		pw.Close()
		return nil, err
	}
	w.feed = r.in.feed(ctx, consumed, pw, pr)
	return w, nil
}

// life is the life of one worker.
func (r *Run) life(ctx, work context.Context) (ending, error) {
	w, err := r.start(work)
	if err != nil {
		return 0, err
	}
	defer w.end()
	stop := ctx.Done()
	msgs := w.msgs
	var exited <-chan struct{} // nil until the worker hung up: what it sent before comes first
	var grace <-chan time.Time
	want := time.NewTimer(time.Hour)
	defer want.Stop()
	for {
		select {
		case m, ok := <-msgs:
			if !ok {
				msgs, exited = nil, w.exited
				continue
			}
			if how, err := r.handle(ctx, work, w, m); err != nil || how != 0 {
				return how, err
			}
			if _, ok := m.msg.(wire.Commit); ok && grace != nil {
				return stopped, nil
			}
		case <-exited:
			return r.exit(work, w)
		case <-r.appended():
			if w.loaded {
				if err := r.deliver(work, w, 0); err != nil {
					return 0, err
				}
			}
		case <-w.out.arrived:
			want.Reset(r.o.Patience)
		case <-want.C:
			r.want(w, want)
		case <-stop:
			if !w.loaded {
				return stopped, nil
			}
			stop, grace = nil, time.After(r.o.Grace)
			w.send(wire.Wanted{})
		case <-grace:
			return stopped, nil
		}
	}
}

// want asks for a commit if output has been waiting long enough.
func (r *Run) want(w *worker, t *time.Timer) {
	since := w.out.waiting()
	if since.IsZero() || !w.loaded {
		if !since.IsZero() {
			t.Reset(r.o.Patience)
		}
		return
	}
	if d := r.o.Patience - time.Since(since); d > 0 {
		t.Reset(d)
		return
	}
	w.send(wire.Wanted{})
	t.Reset(wantAgain)
}

// handle handles a message of the worker. Its life goes on if the result is 0. stop ends when the supervisor is to stop.
func (r *Run) handle(stop, ctx context.Context, w *worker, m message) (ending, error) {
	switch msg := m.msg.(type) {
	case wire.Load:
		return 0, r.onLoad(ctx, w)
	case wire.Commit:
		defer close(m.done)
		if msg.Batch != nil { // the run was not begun as one of several processes
			w.kill()
			return 0, r.fail(ctx, w, onlySpread)
		}
		return r.onCommit(stop, ctx, w, &msg, m.snapshot)
	case wire.Response:
		if msg.ID == "" {
			w.notices = append(w.notices, string(msg.Data))
		} else {
			w.out.respond(msg.ID, msg.Data)
		}
		return 0, nil
	case wire.Unsaved:
		return 0, r.unsaved(ctx, msg.Why)
	case wire.Refused:
		w.kill()
		return 0, r.fail(ctx, w, msg.Err)
	}
	return 0, fmt.Errorf("%T from the worker", m.msg)
}

func (r *Run) show(base int64, chunks []chunk) error { return r.screen.show(r.rec.Step, base, chunks) }

// committedOutput reads the output of the last step.
func (r *Run) committedOutput(ctx context.Context) (cs []chunk, base int64, err error) {
	out := r.rec.Output
	parts := [][]byte{out.Inline}
	for _, name := range out.Blobs {
		b, err := getBlob(ctx, r.o.Store, r.rec.ID, name)
		if err != nil {
			return nil, 0, err
		}
		parts = append(parts, b)
	}
	for _, b := range parts {
		if len(b) == 0 {
			continue
		}
		_, more, err := decodeChunks(b)
		if err != nil {
			return nil, 0, fmt.Errorf("run %s: %w", r.rec.ID, err)
		}
		cs = append(cs, more...)
	}
	return cs, out.Base, nil
}

// exit handles the end of a worker that was not killed here.
func (r *Run) exit(ctx context.Context, w *worker) (ending, error) {
	status := w.cmd.ProcessState
	ws := status.Sys().(syscall.WaitStatus)
	switch {
	case ws.Signaled() && ws.Signal() == syscall.SIGKILL:
		return r.killed(ctx, w)
	case ws.Signaled():
		return r.finish(ctx, w, -1, status.String())
	case w.unloading && ws.ExitStatus() == exitUnloaded:
		return unloaded, r.drop(ctx, w)
	}
	return r.finish(ctx, w, ws.ExitStatus(), "")
}

func (r *Run) killed(ctx context.Context, w *worker) (ending, error) {
	if err := r.drop(ctx, w); err != nil {
		return 0, err
	}
	if r.kills++; r.kills <= maxKills {
		return again, nil
	}
	return 0, r.fail(ctx, w, fmt.Sprintf("its worker was killed %d times without getting on", r.kills))
}

// fail gives the run up. It stays where it was at the last commit, and what it printed since is lost.
func (r *Run) fail(ctx context.Context, w *worker, why string) error {
	if err := r.drop(ctx, w); err != nil {
		return err
	}
	next := r.rec
	next.State, next.Error, next.Wake = store.Failed, why, time.Time{}
	if err := r.put(ctx, &next, nil); err != nil {
		return err
	}
	return &FailedError{ID: r.rec.ID, Why: why}
}

// unsaved tells, at once and on the record until the next commit, what keeps the run from being saved.
func (r *Run) unsaved(ctx context.Context, why string) error {
	fmt.Fprintln(r.o.Stderr, why)
	next := r.rec
	next.Error = why
	return r.put(ctx, &next, nil)
}

// finish commits the end of the program and the rest of its output.
func (r *Run) finish(ctx context.Context, w *worker, exit int, signal string) (ending, error) {
	next := r.rec
	next.State, next.Exit, next.Signal, next.Reason, next.Error = store.Done, exit, signal, "exit", ""
	next.Wake, next.Snap, next.Wrote, next.Gs, next.Count = time.Time{}, store.Snapshot{}, 0, nil, 0
	next.Taken, next.Program.Event = nil, nil
	err := r.commit(ctx, w, &next, nil)
	if errors.Is(err, errPipe) {
		return r.brokenPipe(ctx, w)
	}
	if err != nil {
		return 0, err
	}
	return ended, r.cleanUp(ctx)
}

// brokenPipe ends the run as the program would have ended that writes to a pipe that nobody reads.
func (r *Run) brokenPipe(ctx context.Context, w *worker) (ending, error) {
	w.kill()
	if err := r.drop(ctx, w); err != nil {
		return 0, err
	}
	if err := r.endBy(ctx, "signal: broken pipe"); err != nil {
		return 0, err
	}
	return ended, r.cleanUp(ctx)
}

// endBy commits an end that does not come from the program. What it wrote since the last commit is lost.
func (r *Run) endBy(ctx context.Context, signal string) error {
	next := r.rec
	next.State, next.Exit, next.Signal, next.Reason, next.Error = store.Done, -1, signal, "exit", ""
	next.Wake, next.Snap, next.Wrote, next.Gs, next.Count = time.Time{}, store.Snapshot{}, 0, nil, 0
	next.Output = store.Output{Base: next.Output.Base + next.Output.Size}
	next.Step++
	return r.put(ctx, &next, nil)
}

// cleanUp leaves only the record of a run that is done, and the steps that are kept.
func (r *Run) cleanUp(ctx context.Context) error {
	if err := store.DeleteEventBlobs(ctx, r.o.Store, r.rec.ID); err != nil {
		return err
	}
	if len(r.rec.Output.Blobs) > 0 {
		next := r.rec
		next.Output = store.Output{Base: next.Output.Base + next.Output.Size}
		if err := r.put(ctx, &next, nil); err != nil {
			return err
		}
	}
	if err := r.deleteMessages(ctx); err != nil {
		return err
	}
	return r.sweep(ctx)
}

func (r *Run) deleteMessages(ctx context.Context) error {
	for {
		ms, err := r.o.Store.Messages(ctx, r.rec.ID, store.Key{}, 100)
		if len(ms) == 0 || err != nil {
			return err
		}
		var keys []store.Key
		for _, m := range ms {
			keys = append(keys, m.Key)
		}
		if err := r.o.Store.DeleteMessages(ctx, r.rec.ID, keys...); err != nil {
			return err
		}
	}
}

// CleanUp deletes all that is stored of a run that has ended, but for its record and what that points to. Nobody executes it any more.
func CleanUp(ctx context.Context, s store.Store, run *store.Run) error {
	if run.Bare {
		return nil
	}
	r := &Run{o: Options{Store: s}, rec: *run}
	if err := r.openPages(ctx); err != nil {
		return err
	}
	if err := r.deleteProcesses(ctx, s); err != nil {
		return err
	}
	if err := r.deleteMessages(ctx); err != nil {
		return err
	}
	return r.sweep(ctx)
}
