package lambdahost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/behind"
)

// This file defines the execution of a run within one invocation.

// maxTries is how many invocations in a row may end without a step.
const maxTries = 3

// execute executes the run, which w has woken, until it is done, waits, or is out of time, and sees to it that it is woken.
func (h *host) execute(ctx context.Context, run *store.Run, version int64, w wakeUp) (Result, error) {
	return h.perform(ctx, run, version, w, h.outlet(run, startID))
}

// perform is execute with an outlet for the run's responses. It may leave when that has got the one that the invocation is for.
func (h *host) perform(ctx context.Context, run *store.Run, version int64, w wakeUp, o *outlet) (res Result, err error) {
	gone := h.gone(ctx)
	margin := h.margin(time.Until(gone))
	stopAt, killAt := gone.Add(-margin), gone.Add(-margin/2)

	s := &session{Ordered: behind.New(h.store), h: h, outlet: o, run: run, version: version, woken: w, gone: gone, stopAt: stopAt, began: run.Step, cost: run.Cost, killed: h.unlogged(run, time.Until(gone))}
	h.about(ctx, run.ID)
	began := time.Now()
	defer func() {
		s.Ordered.Close()
		h.flushLog()
		h.hasLogged(s)
		h.account(s, &res)
		h.traces.invocation(s, began, err)
	}()
	working, stop := context.WithDeadline(ctx, stopAt)
	defer stop()
	if run.Program.Spread || h.entry.Kind == KindServer {
		err = s.lease(ctx)
	}
	if err == nil {
		err = o.deliver(ctx, run)
	}
	if err == nil {
		err = s.superviseAgain(working, stop, killAt.Sub(stopAt))
	}
	if err2 := s.conclude(ctx); err2 != nil {
		return Result{}, err2
	}
	failed, _ := errors.AsType[*local.FailedError](err)
	crash, _ := errors.AsType[*crashError](err)
	if err != nil && failed == nil && !errors.Is(err, local.ErrStopped) && s.overtaken(ctx) {
		s.conflict = true
	}
	switch {
	case s.conflict:
		// Somebody else has made a step, and sees to the rest.
		now, _, err := h.get(ctx, run.ID)
		if err != nil {
			return Result{}, err
		}
		return result(now), nil
	case s.failure != nil:
		return Result{}, s.failure // of the store or the queue
	case crash != nil:
		return h.fail(ctx, s.run, s.version, fmt.Sprintf("a step of it has failed five times in a row: %v", err))
	case s.refused != "":
		return h.fail(ctx, s.run, s.version, s.refused)
	case err != nil && failed == nil && !errors.Is(err, local.ErrStopped):
		return Result{}, fmt.Errorf("run %s: %w", run.ID, err)
	case failed != nil:
		h.errorf("%v", failed)
		return result(s.run), nil
	case ended(s.run) || s.waits:
		return result(s.run), nil
	}
	return h.outOfTime(ctx, s)
}

// overtaken reports whether somebody else has changed the record: what they have deleted may look damaged here.
func (s *session) overtaken(ctx context.Context) bool {
	rec, err := s.Ordered.Get(ctx, s.outlet.run)
	s.mu.Lock()
	defer s.mu.Unlock()
	return err == nil && rec.Version != s.version
}

// outOfTime sees to a run that is to go on in another invocation.
func (h *host) outOfTime(ctx context.Context, s *session) (Result, error) {
	tries := s.tries(s.run)
	if tries >= maxTries {
		return h.fail(ctx, s.run, s.version, fmt.Sprintf("it could not be saved in %d invocations: some goroutine was all the time in code that cannot be suspended", maxTries))
	}
	// The record may still say that this invocation executes it, until it is gone.
	w := wakeUp{Run: s.run.ID, Step: s.run.Step, Tries: tries}
	if !s.run.Wake.IsZero() {
		w.Until = s.run.Wake.UnixMilli()
	}
	if err := h.wakeIn(ctx, w, time.Until(s.run.Wake)); err != nil {
		return Result{}, err
	}
	return result(s.run), nil
}

// expires returns when the record of a run may be deleted: it is kept for a while once the run is done.
func (h *host) expires(run *store.Run) time.Time {
	if !over(run) || h.retention == 0 {
		return time.Time{}
	}
	return h.clock.Now().Add(h.retention)
}

// fail gives a run up. People may resume it.
func (h *host) fail(ctx context.Context, run *store.Run, version int64, why string) (Result, error) {
	r := *run
	r.State, r.Error = store.Failed, why
	r.Updated, r.Wake = h.clock.Now(), time.Time{}
	_, err := store.PutRun(ctx, h.store, &r, version)
	if errors.Is(err, store.ErrConflict) {
		return result(run), nil
	}
	if err == nil {
		h.errorf("run %s failed: %s", r.ID, r.Error)
	}
	return result(&r), err
}

// A session is the store as the supervisor sees it for one invocation. It adds to each
// commit what Lambda needs:
//
//   - the wake-up of a run that is going to wait is sent before the commit;
//   - a Running record says until when this invocation may be executing it, by the machine's clock, but
//     not after stopAt, when the commit is to be the last;
//   - a put whose answer was lost is repeated with its token;
//   - the answer to the event that started the run is noted, and what follows from an error;
//   - before the first blob of a run is stored, its record says that there may be some. So nothing is looked for when a run ends that never had any, and what
//     a crash leaves behind is found.
//
// What else is stored of the run passes through.
type session struct {
	store.Ordered
	h       *host
	outlet  *outlet
	mu      sync.Mutex // guards the record, since leases are renewed
	run     *store.Run // as stored
	version int64
	woken   wakeUp // what this invocation is for
	gone    time.Time
	stopAt  time.Time
	leaving atomic.Bool // the lease is given back with the next commit

	began    int64      // run.Step when the invocation began
	cost     store.Cost // of the invocations before
	waits    bool       // the record says that the run waits, and the wake-up was sent
	killed   bool       // the invocation before may have been, before it has logged what it has committed
	shown    []string   // blobs of output that an earlier invocation has shown; deleted after the next commit
	conflict bool
	failure  error  // of a put or of the queue
	refused  string // why the program cannot be executed here
}

// superviseAgain supervises, from what is stored, until nobody else has changed it meanwhile: whoever cancels the run has, or an invocation that was taken for dead.
func (s *session) superviseAgain(ctx context.Context, stop context.CancelFunc, grace time.Duration) error {
	for {
		err := s.supervise(ctx, stop, grace)
		if !errors.Is(err, store.ErrLost) {
			return err
		}
		s.Ordered.Close()
		s.Ordered = behind.New(s.h.store)
		if ctx.Err() != nil || s.overtaken(ctx) {
			return err
		}
	}
}

// supervise lets package local execute the run. It stops when ctx ends or the run waits; a last commit has
// the grace to be made.
func (s *session) supervise(ctx context.Context, stop context.CancelFunc, grace time.Duration) error {
	// Leases are for supervisors on one machine; here each has a directory of its own.
	dir, err := os.MkdirTemp("", "hark-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := local.Open(ctx, dir, s, s.run.ID)
	if err != nil {
		return err
	}
	defer r.Close()
	busy, done := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer done()
	o := s.h.options(s)
	if s.h.entry.Kind != KindMain {
		o.Events = s.outlet
	}
	if s.h.entry.Kind == KindServer {
		tasks.Go(func() { s.outlet.poll(busy) })
		tasks.Go(func() { s.renew(busy) })
	}
	if s.outlet.leaves {
		tasks.Go(func() { s.leave(busy, stop) })
	}
	o.Dir, o.Grace, o.OnStep = dir, grace, s.h.traces.steps(s.run.ID)
	o.OnCommit = func(r *store.Run) {
		if r.State == store.Waiting {
			stop()
		}
	}
	o.Fleet = &local.Fleet{
		Worker: &fleet{s.h, s.run, s.stopAt}, Slots: maxSteps,
		SyncAfter: syncAfter, PauseAfter: s.h.linger, PollAfter: 5 * time.Second, // it may have been cancelled
	}
	_, err = r.Execute(ctx, o)
	return err
}

// options are those of all that executes a program here.
func (h *host) options(s store.Store) *local.Options {
	return &local.Options{
		Store: s, Worker: h.exe, Env: workerEnv(os.Environ()),
		Stdout: h.stdout, Stderr: h.messages(), Log: h.log, Patience: h.patience,
		Stay: stay, Clock: h.clock,
	}
}

// syncAfter is long enough for what follows to share the request.
const syncAfter = 100 * time.Millisecond

// stay is the longest wait for which an invocation stays: to leave and to be woken takes about as long.
const stay = 2 * time.Second

// lease makes the record say that this invocation executes the run. One that has just been created by it does.
func (s *session) lease(ctx context.Context) error {
	run := *s.run
	if run.State == store.Running && run.Wake.Equal(s.gone) {
		return nil
	}
	run.State, run.Error, run.Updated = store.Running, "", s.h.clock.Now()
	_, err := store.PutRun(ctx, s, &run, s.version)
	return err
}

// leave stops the execution a moment after the own event is answered, so that a run that then ends or waits need not be woken.
func (s *session) leave(ctx context.Context, stop context.CancelFunc) {
	select {
	case <-s.outlet.answered:
		sleep(ctx, s.h.linger)
		s.leaving.Store(true)
		stop()
	case <-ctx.Done():
	}
}

// until returns until when a Running record says that this invocation executes the run.
func (s *session) until() time.Time {
	switch {
	case s.leaving.Load() || !time.Now().Before(s.stopAt):
		return time.Time{}
	case s.h.entry.Kind == KindServer:
		if t := time.Now().Add(s.h.leaseTime); t.Before(s.gone) {
			return t
		}
	}
	return s.gone
}

// renew renews the lease of a server until ctx ends.
func (s *session) renew(ctx context.Context) {
	for sleep(ctx, s.h.leaseTime*3/10) {
		s.renewOnce()
	}
}

// renewOnce renews the lease. If it fails, the next time or a commit may succeed.
func (s *session) renewOnce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	run := *s.run
	if run.Wake = s.until(); run.State != store.Running || run.Wake.IsZero() {
		return
	}
	ctx, cancel := context.WithDeadline(context.Background(), s.gone) // what is begun is finished
	defer cancel()
	if s.replace(ctx, &run) != nil {
		s.failure = nil
	}
}

// replace puts another record of the run. The caller holds mu.
func (s *session) replace(ctx context.Context, run *store.Run) error {
	data, err := run.Encode()
	if err != nil {
		return err
	}
	version, err := s.put(ctx, store.Record{ID: run.ID, Version: s.version, Data: data}, nil)
	if err == nil {
		s.run, s.version = run, version
	}
	return err
}

// note puts into a record what is known of the answer to the event that started the run.
func (s *session) note(ctx context.Context, run *store.Run) error {
	run.Answer, run.Origin = s.run.Answer, s.run.Origin
	answer := s.outlet.read()
	if len(run.Answer) == 0 && len(answer) > 0 && s.outlet.own == startID {
		if run.Answer = answer; len(answer) > store.MaxInline {
			run.Answer = answer[:1]
		}
		if why := s.h.problem(answer); why != "" && !s.outlet.reports {
			if err := s.h.bury(ctx, run, why, answer); err != nil {
				return err
			}
		}
		run.Origin = nil
	}
	if why := died(run); why != "" && len(run.Answer) == 0 && run.State == store.Done {
		if !s.outlet.reports {
			if err := s.h.bury(ctx, run, why, nil); err != nil {
				return err
			}
		}
		run.Origin = nil
	}
	if run.State == store.Done && failedAnswer(run.Answer) {
		run.State = store.Failed
		run.Error, _ = errorOf(run.Answer)
	}
	return nil
}

// conclude notes an answer that came with the last commit.
func (s *session) conclude(ctx context.Context) error {
	answer := s.outlet.read()
	if s.conflict || s.failure != nil || s.outlet.own != startID || len(answer) == 0 || len(s.run.Answer) > 0 {
		return nil
	}
	_, err := store.PutRun(ctx, s, s.run, s.version)
	return err
}

// Get returns the record of the run, which is at hand, without the output of its last step: that was shown by the invocation that made
// it, and the supervisor would show it again. That is right if that invocation may have been killed before, and lines have places by which they are known.
func (s *session) Get(ctx context.Context, id string) (store.Record, error) {
	if id != s.outlet.run {
		return s.Ordered.Get(ctx, id)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	run := *s.run
	if !s.killed {
		s.shown = run.Output.Blobs
		run.Output.Content = store.Content{}
	}
	data, err := run.Encode()
	return store.Record{ID: id, Version: s.version, Data: data}, err
}

// Blobs returns nothing before the run is done, so that the supervisor does not look for blobs that a crash has left behind. Another
// invocation may execute the run at the same time (invariant 2), and have stored the blobs of a step that it is about to commit. Once
// the run is done, nobody's put succeeds any more.
func (s *session) Blobs(ctx context.Context, owner, page string, limit int) ([]string, string, error) {
	s.mu.Lock()
	none := !over(s.run) || s.run.Bare
	s.mu.Unlock()
	if none {
		return nil, "", nil
	}
	return s.Ordered.Blobs(ctx, owner, page, limit)
}

// Messages returns nothing for a run that never had any.
func (s *session) Messages(ctx context.Context, mailbox string, after store.Key, limit int) ([]store.Message, error) {
	s.mu.Lock()
	none := s.run.Bare
	s.mu.Unlock()
	if none {
		return nil, nil
	}
	return s.Ordered.Messages(ctx, mailbox, after, limit)
}

// PutBlob stores a blob of the run, or of one of its processes.
func (s *session) PutBlob(ctx context.Context, b store.Blob) error {
	s.mu.Lock()
	err := s.expectBlobs(ctx)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.Ordered.PutBlob(ctx, b)
}

// expectBlobs makes the record say that there may be blobs. The caller holds mu.
func (s *session) expectBlobs(ctx context.Context) error {
	if !s.run.Bare {
		return nil
	}
	run := *s.run
	run.Bare = false
	return s.replace(ctx, &run)
}

// Put commits a step.
func (s *session) Put(ctx context.Context, rec store.Record, blobs ...store.Blob) (int64, error) {
	if rec.ID != s.outlet.run {
		return s.Ordered.Put(ctx, rec, blobs...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithDeadline(ctx, s.gone)
	defer cancel()
	run, err := store.DecodeRun(rec)
	if err != nil {
		return 0, err
	}
	if s.refused = s.refuses(run); s.refused != "" {
		return 0, errors.New(s.refused)
	}
	switch run.State {
	case store.Waiting:
		if err := s.wakeLater(ctx, run); err != nil {
			s.failure = err
			return 0, err
		}
	case store.Running:
		run.Wake = s.until()
	}
	if err := s.note(ctx, run); err != nil {
		s.failure = err
		return 0, err
	}
	if len(blobs) > 0 {
		if err := s.expectBlobs(ctx); err != nil {
			return 0, err
		}
	}
	run.Bare = s.run.Bare
	run.Cost = s.cost.Plus(s.h.meter.read())
	if rec.Data, err = run.Encode(); err != nil {
		return 0, err
	}
	rec.Version, rec.Expires = s.version, s.h.expires(run)
	version, err := s.put(ctx, rec, blobs)
	if err != nil {
		return 0, err
	}
	s.run, s.version, s.waits = run, version, run.State == store.Waiting
	for _, name := range s.shown {
		s.Ordered.DeleteBlob(ctx, name) // if it stays, it costs little
	}
	s.shown = nil
	return version, nil
}

// wakeLater sends the wake-up of a run that is going to wait. One that only an event brings on has none.
func (s *session) wakeLater(ctx context.Context, run *store.Run) error {
	if run.Wake.IsZero() {
		return nil
	}
	return s.h.wakeIn(ctx, wakeUp{Run: run.ID, Step: run.Step, Tries: s.tries(run)}, run.Wake.Sub(s.h.clock.Now()))
}

// tries returns how many invocations in a row, with this one, have ended without a step if they leave the run so.
func (s *session) tries(run *store.Run) int {
	if run.Step > s.began {
		return 0
	}
	return s.woken.Tries + 1
}

// refuses says why a run that is going to be put cannot be executed here.
func (s *session) refuses(run *store.Run) string {
	switch {
	case len(run.Listen) > 1:
		return fmt.Sprintf("it serves HTTP at %d addresses, %v, and there is one API for it on AWS; make each server a program of its own", len(run.Listen), run.Listen)
	case run.State == store.Waiting && !run.Wake.IsZero() && s.tries(run) >= maxTries:
		return fmt.Sprintf("it was woken %d times in a row and went on waiting without having made a step", maxTries)
	}
	return ""
}

func (s *session) put(ctx context.Context, rec store.Record, blobs []store.Blob) (version int64, err error) {
	if rec.Token == "" {
		rec.Token = store.NewToken()
	}
	for range 3 {
		version, err = s.Ordered.Put(ctx, rec, blobs...)
		switch {
		case err == nil:
			return version, nil
		case errors.Is(err, store.ErrConflict):
			s.conflict = true
			return 0, err
		case errors.Is(err, store.ErrLost): // what came before this put
			return 0, err
		case errors.Is(err, store.ErrTooLarge) || ctx.Err() != nil:
			s.failure = err
			return 0, err
		}
	}
	s.failure = err
	return 0, err
}
