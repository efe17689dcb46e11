// This file defines how a step gets into the store and out again.

package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pages"
	"github.com/harkgen/harkgen/rt/wire"
)

// openPages learns what is stored of the steps that are kept.
func (r *Run) openPages(ctx context.Context) error {
	steps := map[int64]store.Snapshot{}
	if !r.rec.Snap.IsZero() {
		steps[r.rec.Step] = r.rec.Snap
	}
	for _, k := range r.rec.Kept {
		old, err := readKept(ctx, r.o.Store, r.rec.ID, k)
		if err != nil {
			return err
		}
		steps[k.Step] = old.Snap
	}
	var err error
	r.pages, err = pages.Open(ctx, r.o.Store, r.rec.ID, steps)
	return err
}

// onLoad answers with the last snapshot.
func (r *Run) onLoad(ctx context.Context, w *worker) error {
	w.loaded, w.ahead = true, r.o.ahead()
	start := wire.Start{
		Run: r.rec.ID, Chaos: r.o.Chaos, InProc: r.o.InProc, Visits: r.o.Visits,
		Ahead: w.ahead, New: r.rec.Snap.IsZero(), Size: r.rec.Snap.Size, Events: r.o.Events != nil,
	}
	if start.New {
		w.send(start)
		return r.deliver(ctx, w, 0)
	}
	if err := r.drop(ctx, w); err != nil { // what the initialisers printed
		return err
	}
	snapshot := pages.NewReader(ctx, r.o.Store, r.rec.ID, r.rec.Step, r.rec.Snap)
	defer snapshot.Close()
	began := time.Now()
	err := w.conn.Send(start, snapshot)
	r.trace("load", began, 0)
	if src, ok := errors.AsType[*wire.SourceError](err); ok {
		return src.Err
	}
	return r.deliver(ctx, w, 0) // if it has died, others will tell
}

// drop throws the output away that was not committed.
func (r *Run) drop(ctx context.Context, w *worker) error {
	return pages.Delete(ctx, r.o.Store, w.out.discard())
}

// errLost says that the worker did not send the whole of its snapshot.
var errLost = errors.New("the worker did not send its snapshot")

// draft stores the snapshot that the worker sends. The error is errLost if that ends early, or is not over when
// the grace is that begins when stop ends.
func (r *Run) draft(stop, ctx context.Context, w *worker, snapshot *wire.Body) (*pages.Draft, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(stop, func() {
		select {
		case <-time.After(r.o.Grace):
			w.hangUp()
		case <-ctx.Done():
		}
	})()
	src := &watched{r: snapshot}
	d, err := r.pages.Write(ctx, src)
	if src.err != nil {
		return nil, errLost
	}
	return d, err
}

// watched remembers the error of a reader that is not its end.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// leap is by how much the clock may get ahead of what a worker was told when it was loaded. Clocks are set forward in the local cloud only.
const leap = time.Minute

// onCommit commits a step and decides how it goes on. stop ends when the supervisor is to stop.
func (r *Run) onCommit(stop, ctx context.Context, w *worker, c *wire.Commit, snapshot *wire.Body) (ending, error) {
	began := time.Now()
	next := r.rec
	next.Reason, next.Error, next.Exit, next.Signal = c.Reason, "", 0, ""
	next.Count, next.Gs = len(c.Goroutines), nil
	for _, g := range c.Goroutines[:min(len(c.Goroutines), store.MaxGs)] {
		next.Gs = append(next.Gs, store.G{ID: g.ID, State: g.State, Op: g.Op, Func: g.Func, Pos: g.Pos, Deadline: g.Deadline})
	}
	far := !c.Wake.IsZero() && c.Wake.Sub(r.o.Clock.Now()) > r.o.Stay || c.Wake.IsZero() && c.External
	exit := c.Reason == "idle" && far && !r.mail.waits(c.Taken)
	next.State, next.Wake = store.Running, time.Time{}
	if exit {
		next.State, next.Wake = store.Waiting, c.Wake
	}
	d, err := r.draft(stop, ctx, w, snapshot)
	if errors.Is(err, errLost) {
		if stop.Err() != nil {
			return stopped, nil
		}
		return 0, nil // it has died, or says next why it gave up
	}
	if err != nil {
		return 0, err
	}
	next.Snap, next.Wrote = d.Snapshot, d.Written
	noteTaken(&next, c.Taken)
	if err := r.commit(ctx, w, &next, d); err != nil {
		if errors.Is(err, errPipe) {
			return r.brokenPipe(ctx, w)
		}
		return 0, err
	}
	r.trace("commit", began, d.Written)
	r.kills = 0
	verdict := wire.VerdictContinue
	switch {
	case c.Reason == "chaos" && !r.o.InProc, !exit && r.o.ahead()-w.ahead > leap:
		w.kill()
		return again, nil
	case exit:
		verdict, w.unloading = wire.VerdictExit, true
	}
	w.send(wire.Committed{Verdict: verdict})
	return 0, nil
}

// commit takes the output, puts the record, and shows the output. The error may be errPipe. d is nil if the step has no snapshot.
func (r *Run) commit(ctx context.Context, w *worker, next *store.Run, d *pages.Draft) error {
	out, chunks, blob, err := w.out.take(r.rec.ID)
	if err != nil {
		return err
	}
	var blobs []store.Blob
	if blob.Name != "" {
		blobs = append(blobs, blob)
	}
	next.Output = out
	next.Listen = listening(next.Listen, w.notices)
	if w.feed != nil {
		if next.Stdin.Consumed, err = w.feed.consumed(); err != nil {
			return err
		}
		if err := r.in.failed(); err != nil {
			return err
		}
	}
	next.Step++
	if err := r.put(ctx, next, d, blobs...); err != nil {
		return err
	}
	if r.o.OnStep != nil {
		r.o.OnStep(Step{Step: uint64(next.Step), Began: w.began, Snapshot: next.Snap.Size, Ended: next.Ended(), Status: next.Exit})
		w.began = time.Now()
	}
	base := out.Base
	if len(out.Blobs) > 1 { // some of it had to wait in the store
		if chunks, base, err = r.committedOutput(ctx); err != nil {
			return err
		}
	}
	if err := r.show(base, chunks); err != nil {
		return err
	}
	if err := r.settle(ctx, w, next.Taken); err != nil {
		return err
	}
	if r.o.OnCommit != nil {
		r.o.OnCommit(&r.rec)
	}
	if w.feed != nil {
		return w.feed.forget(ctx, next.Stdin.Consumed)
	}
	return nil
}

// put stores the next record, with the snapshot d if it has a new one, and deletes the blobs that only the one before needed.
func (r *Run) put(ctx context.Context, next *store.Run, d *pages.Draft, blobs ...store.Blob) error {
	next.Updated = time.Now()
	kept, err := r.keep(next)
	if err != nil {
		return err
	}
	blobs = append(blobs, kept...)
	if d != nil {
		blobs = append(blobs, d.Blobs...)
	}
	ver, err := store.PutRun(ctx, r.o.Store, next, r.ver, blobs...)
	if errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("run %s was changed by another process", next.ID)
	}
	if err != nil {
		return err
	}
	needed := map[string]bool{}
	for _, name := range next.Blobs() {
		needed[name] = true
	}
	var garbage []string
	for _, name := range r.rec.Blobs() {
		if !needed[name] {
			garbage = append(garbage, name)
		}
	}
	if next.Step != r.rec.Step {
		garbage = append(garbage, r.pages.Commit(next.Step, d, next.Keeps)...)
	}
	r.rec, r.ver = *next, ver
	if err := r.lease.markVersion(ver); err != nil {
		return err
	}
	return pages.Delete(ctx, r.o.Store, garbage)
}

// trace writes a line for those who measure:
//
//	commit 3: 67108864 bytes, 310000 written, 95000000 ns
func (r *Run) trace(what string, began time.Time, written int64) {
	if r.o.Trace != nil {
		fmt.Fprintf(r.o.Trace, "%s %d: %d bytes, %d written, %d ns\n", what, r.rec.Step, r.rec.Snap.Size, written, time.Since(began))
	}
}
