// This file writes the log: it takes the batches that have come, makes an entry of them, and applies it.

package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
)

const maxEntry = 1 << 20 // bytes of batches in an entry, but for one that is larger alone

// A sending is a batch on its way to the exchange.
type sending struct {
	batch   *exchange.Batch
	encoded []byte
	record  garbage       // once the process has ended
	done    chan struct{} // closed when the exchange has taken or dropped it
	err     error         // once done: ErrFenced, ErrEnded
}

// An entryBlob is to be deleted when entry k is in a checkpoint.
type entryBlob struct {
	k    uint64
	name string
}

// send gives a batch to the log.
func (e *Engine) send(b *exchange.Batch, encoded []byte, record garbage) *sending {
	s := &sending{batch: b, encoded: encoded, record: record, done: make(chan struct{})}
	e.mu.Lock()
	e.sendings = append(e.sendings, s)
	e.sending++
	e.mu.Unlock()
	bell(e.toLog)
	return s
}

// wait waits until the exchange has the batch.
func (e *Engine) wait(ctx context.Context, s *sending) error {
	select {
	case <-s.done:
		return s.err
	case <-e.finished:
	case <-ctx.Done():
	}
	select {
	case <-s.done: // the batch may be what has ended the run
		return s.err
	default:
	}
	select {
	case <-e.finished:
		return ErrEnded
	default:
		return ctx.Err()
	}
}

// settle tells the sender what has become of the batch. The caller holds mu.
func (e *Engine) settle(s *sending) {
	st, live := e.fold.x.Status(s.batch.From)
	switch {
	case s.batch.Ended && !live || s.batch.Exit != nil && e.fold.x.Exit() != nil:
	case e.fold.x.Exit() != nil:
		s.err = ErrEnded
	case !live: // it has ended in another worker
		s.err = ErrFenced
	case st.Step < s.batch.Step:
		s.err = ErrFenced
	}
	if !live && s.record.version > 0 {
		e.toDelete(s.record)
	}
	e.sending--
	close(s.done)
	bell(e.toTimer)
}

// writeLog appends entries as batches come.
func (e *Engine) writeLog(ctx context.Context) error {
	poll := time.NewTicker(e.o.PollAfter)
	defer poll.Stop()
	for {
		var err error
		select {
		case <-e.toLog:
			err = e.writeAll(ctx)
		case <-poll.C:
			_, err = e.catchUp(ctx)
		case c := <-e.toRead:
			_, err = e.catchUp(ctx)
			close(c)
		case <-ctx.Done():
			return e.endLog(ctx)
		}
		if errors.Is(err, errBehind) {
			if err = e.saved(true); err == nil {
				err = e.load(ctx)
			}
			bell(e.toLog)
		}
		if err != nil {
			return err
		}
	}
}

// longLog is how many entries the next engine had better not read one by one.
const longLog = 64

// endLog waits for the checkpoint under way. It saves one if the run pauses, and the log is long.
func (e *Engine) endLog(ctx context.Context) error {
	err := e.saved(true)
	if err == nil && context.Cause(ctx) == ErrPaused && e.fold.next-e.base > longLog {
		e.save(context.WithoutCancel(ctx))
		err = e.saved(true)
	}
	return err
}

// writeAll appends entries until no batch is left.
func (e *Engine) writeAll(ctx context.Context) error {
	for {
		ready, early := e.take()
		switch {
		case len(ready) > 0:
			if err := e.write(ctx, ready); err != nil {
				return err
			}
		case len(early) > 0:
			found, err := e.catchUp(ctx)
			if err != nil {
				return err
			}
			if !found {
				e.drop(early)
			}
		default:
			return nil
		}
	}
}

// take returns batches for the next entry. Those that the exchange would drop are settled. early are others, of
// processes or steps that this engine does not know: it must read the log before. They stay in sendings.
func (e *Engine) take() (ready, early []*sending) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var rest []*sending
	size := 0
	taken := map[exchange.ProcessID]bool{}
	for i, s := range e.sendings {
		if size > 0 && size+len(s.encoded) > maxEntry {
			rest = append(rest, e.sendings[i:]...)
			break
		}
		st, live := e.fold.x.Status(s.batch.From)
		switch {
		case e.fold.x.Exit() != nil || live && s.batch.Step <= st.Step: // rule: any-delivery
			e.settle(s)
		case !live || s.batch.Step > st.Step+1:
			rest, early = append(rest, s), append(early, s)
		case taken[s.batch.From]:
			rest = append(rest, s)
		default:
			taken[s.batch.From] = true
			size += len(s.encoded)
			ready = append(ready, s)
		}
	}
	e.sendings = rest
	return ready, early
}

// drop settles batches that were early before the log was read, and still are: their processes have ended. Others that have come
// since may have a reason in the log that came with them.
func (e *Engine) drop(early []*sending) {
	e.mu.Lock()
	defer e.mu.Unlock()
	rest := e.sendings[:0]
	for _, s := range e.sendings {
		if st, live := e.fold.x.Status(s.batch.From); slices.Contains(early, s) && (!live || s.batch.Step > st.Step+1) {
			e.settle(s)
		} else {
			rest = append(rest, s)
		}
	}
	clear(e.sendings[len(rest):])
	e.sendings = rest
}

// write appends an entry of the batches, or adds them to the last one, and applies it. If there is another entry in its place, that is applied, and the batches wait again.
func (e *Engine) write(ctx context.Context, ready []*sending) error {
	if err := e.makeRoom(ctx); err != nil {
		return err
	}
	batches := make([]*exchange.Batch, len(ready))
	encoded := make([][]byte, len(ready))
	for i, s := range ready {
		batches[i], encoded[i] = s.batch, s.encoded
	}
	en, won, err := e.log.extend(e.fold.next-1, batches, encoded), true, error(nil)
	if en == nil {
		en, won, err = e.log.append(ctx, e.fold.next, batches, encoded)
	}
	if err != nil {
		e.mu.Lock()
		e.sendings = append(ready, e.sendings...)
		e.mu.Unlock()
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.apply(en, won)
	if won {
		for _, s := range ready {
			e.settle(s)
		}
	} else {
		e.sendings = append(ready, e.sendings...)
	}
	e.dispatch()
	return nil
}

// catchUp applies entries of other engines.
func (e *Engine) catchUp(ctx context.Context) (found bool, err error) {
	for {
		if err := e.makeRoom(ctx); err != nil {
			return found, err
		}
		en, err := e.log.read(ctx, e.fold.next)
		if en == nil || err != nil {
			return found, err
		}
		found = true
		e.mu.Lock()
		e.apply(en, false)
		e.dispatch()
		e.mu.Unlock()
	}
}

// apply applies the next entry, which may be another engine's, or what was added to the last one. The caller holds mu.
func (e *Engine) apply(en *entry, own bool) {
	x := e.fold.x
	for _, b := range en.batches {
		r := x.Apply(b) // rule: fold
		if !r.Taken {
			continue
		}
		e.fold.outputs = append(e.fold.outputs, r.Outputs...)
		for i := range r.Replies {
			pr := e.stir(r.Replies[i].To)
			if r.Replies[i].Kind == exchange.ReplyStart {
				pr.fresh = true
			}
		}
		e.taken(b)
		if p, ok := endedIn(b); ok && !own {
			e.toDelete(garbage{p: p})
		}
	}
	if en.blob != "" {
		e.blobs = append(e.blobs, entryBlob{en.k, en.blob})
	}
	e.logged += en.size
	e.fold.next = en.k + 1
	e.flush()
}

// taken notes what the exchange has taken of a process. The caller holds mu.
func (e *Engine) taken(b *exchange.Batch) {
	pr := e.procs[b.From]
	if pr != nil && pr.task != nil && b.Step > pr.task.step {
		pr.task.fence() // another engine's
	}
	st, live := e.fold.x.Status(b.From)
	switch {
	case !live:
	case !st.Idle:
		if pr == nil || pr.task == nil {
			e.stir(b.From)
		}
	case st.Wake != 0:
		e.schedule(b.From, st.Wake)
	}
}

// readLog waits until the entries of other engines that are there now are applied.
func (e *Engine) readLog(ctx context.Context) error {
	c := make(chan struct{})
	select {
	case e.toRead <- c:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// makeRoom begins a checkpoint if it is time, and waits for the one under way if the log has no slot left.
func (e *Engine) makeRoom(ctx context.Context) error {
	if err := e.saved(false); err != nil {
		return err
	}
	for e.fold.next >= e.base+e.size.ring {
		if e.saving == nil {
			e.save(ctx)
		}
		if err := e.saved(true); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if e.saving == nil && (e.logged > max(e.size.checkpoint, 2*e.baseSize) || e.fold.next >= e.base+e.size.ring-e.size.ring/8) {
		e.save(ctx)
	}
	return nil
}

// save begins to save a checkpoint. To encode it takes long if there are many processes: others may read the Exchange meanwhile, and nobody else
// changes it.
func (e *Engine) save(ctx context.Context) {
	e.mu.Lock()
	f := *e.fold
	for _, g := range e.ended {
		f.ended = append(f.ended, g.p)
	}
	e.mu.Unlock()
	e.log.seal() // the checkpoint has it
	next, state := f.next, f.encode(make([]byte, 0, e.baseSize+e.baseSize/8))
	e.logged = 0
	saving := make(chan error, 1)
	e.saving = saving
	e.running.Go(func() {
		err := e.checkpoint.save(ctx, next, state)
		if errors.Is(err, store.ErrConflict) { // another engine has made one
			_, err = e.checkpoint.load(ctx)
		}
		saving <- err
	})
}

// saved takes the result of the checkpoint that is being saved, if it has come or wait is set.
func (e *Engine) saved(wait bool) error {
	if e.saving == nil {
		return nil
	}
	var err error
	if wait {
		err = <-e.saving
	} else {
		select {
		case err = <-e.saving:
		default:
			return nil
		}
	}
	e.saving = nil
	e.base, e.baseSize = e.checkpoint.next, e.checkpoint.size
	var garbage []string
	for e.ctx.Err() == nil && len(e.blobs) > 0 && e.blobs[0].k < e.base { // else Delete may have to
		garbage = append(garbage, e.blobs[0].name)
		e.blobs = e.blobs[1:]
	}
	if len(garbage) > 0 {
		e.running.Go(func() { deleteBlobs(e.ctx, e.store, garbage) })
	}
	if errors.Is(err, errBehind) || errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("saving a checkpoint: %w", err)
	}
	return nil
}
