// Package local executes runs on this machine: it starts the worker, which is
// the compiled program as a process of its own, keeps its state in a
// store.Store, and starts it again when it was killed, unloaded or left behind by a crash.
//
// # A step
//
// The worker runs until it has reason to save itself. Then its goroutines are
// unwound, nothing runs but the code that saves, and it sends Commit with its snapshot over the
// socket on fd 3. The supervisor
//
//  1. reads the pipes of stdout and stderr until they are empty. The worker has
//     made all its writes before it sent Commit, so this is the output of the step, all of it;
//  2. notes how much of stdin the worker has read: bytes fed into its pipe less
//     bytes still there; and which events it says that it has taken;
//  3. stores what is new of the snapshot while it arrives (package pages), and puts snapshot, output and offset into one
//     record in one conditional write;
//  4. shows the output on the real stdout and stderr, passes on the responses, and marks how far it got;
//  5. answers Committed, and the worker goes on, or ends.
//
// A crash before the end of 3: the step did not happen. What the worker printed
// in it is lost with it and printed again by whoever repeats it. A crash after 3: the
// next supervisor first shows what is not marked as shown. A kill -9 between writing output and marking it
// repeats that write if it went to a pipe or a terminal; if to a file, the file's size tells that it was made.
//
// # How a worker's life ends
//
//	exits with a status             commit the rest of its output and the status: the run is done
//	dies of a signal but SIGKILL    the same; the program did that to itself, as far as one can tell
//	exits with 75 after "exit"      it was unloaded: sleep until Wake, or an event, then start it again
//	chaos                           killed here after each commit; a fresh one goes on from there
//	sends Refused                   it cannot be saved: the run has failed
//	SIGKILL from elsewhere          throw away its output, start again from the last commit;
//	                                the fourth time in a row without a commit the run has failed
//	the supervisor is stopped       ask for a last commit, wait a moment, kill it
//	the supervisor dies             the socket closes and Pdeathsig fires: the worker exits
//
// A worker that sends Unsaved goes on: what keeps it from being saved is said on stderr at once, and in the record until the next commit.
//
// # Invariants
//
//  1. One supervisor per run: whoever has the lease, a file lock that the kernel
//     releases when the process ends. The conditional write would catch a second one, but
//     only after it has executed a step.
//  2. Nothing is shown that is not committed, and everything committed is shown, in order.
//  3. What a worker writes before its Load, if there is a snapshot, comes from
//     package initialisers, which have run before: it is thrown away.
//  4. The blobs of a run are deleted only by the holder of its lease, after the commit that replaced them.
//
// What it does not do: output that child processes of the worker write after it has ended is lost.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/harkgen/harkgen/rt/clock"
	"github.com/harkgen/harkgen/rt/runlog"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pages"
)

// Options say how to execute a run. Store, Dir and Worker are required.
type Options struct {
	Store  store.Store
	Dir    string // the state directory, for leases
	Worker string // path of the compiled program

	Stdout, Stderr io.Writer      // nil: discard
	Log            *runlog.Writer // not nil: gets what the program writes, and Stderr only what is said about it
	Stdin          io.Reader      // nil: the program gets no input
	Env            []string       // nil: that of this process
	Events         Events         // nil: none come

	Chaos  int  // kill the worker after every Chaos-th operation; 0: never
	InProc bool // chaos restores in the same process
	Visits bool // chaos counts polls and entries of functions too, of a program that was compiled for it

	Workers int    // how many processes of a run may be loaded at the same time, if it has several; 0: 1
	Fleet   *Fleet // not nil: other machines execute the processes other than 0

	Keep int // how many of the last steps stay readable, at most store.MaxKeep; 0: as the run did before, or 1

	// Patience is how long output may wait before the worker is asked for a
	// commit, and Grace how long a commit may take when the supervisor is stopped.
	Patience time.Duration // 100 ms
	Grace    time.Duration // 300 ms

	Stay  time.Duration // the longest wait for which a worker is not unloaded; 0: 1 s
	Clock *clock.Clock  // by which programs wait; nil: the machine's

	OnCommit func(*store.Run) // called after each commit; must be quick
	OnStep   func(Step)       // called after each step, also of a process of several; must be quick, and may be called by several goroutines
	Trace    io.Writer        // gets a line about each snapshot that was committed or loaded; may be nil
}

func (o *Options) defaults() Options {
	c := *o
	if c.Stdout == nil {
		c.Stdout = io.Discard
	}
	if c.Stderr == nil {
		c.Stderr = io.Discard
	}
	if c.Env == nil {
		c.Env = os.Environ()
	}
	if c.Patience == 0 {
		c.Patience = 100 * time.Millisecond
	}
	if c.Grace == 0 {
		c.Grace = 300 * time.Millisecond
	}
	if c.Stay == 0 {
		c.Stay = time.Second
	}
	return c
}

// ahead is how far the clock is ahead of the machine's.
func (o *Options) ahead() time.Duration {
	if o.Clock == nil {
		return 0
	}
	return time.Until(o.Clock.Now())
}

// A Step is one that has been committed.
type Step struct {
	Process  uint32
	Step     uint64
	Began    time.Time
	Snapshot int64 // size in bytes
	Ended    bool  // the process has
	Status   int   // the exit status of the program, if that has ended

	Created time.Time // when the process began, and
	Origin  string    // where it comes from: two lines, as in a traceback; of processes that a Stepper executes
}

// A Result is how the program ended.
type Result struct {
	Exit   int    // exit status; -1 if a signal ended it
	Signal string // "signal: ..." as package os says it, if so
}

// ErrStopped says that the context of Execute ended. The run can be resumed.
var ErrStopped = errors.New("stopped")

// A FailedError says that harkgen gave up on the run. It can be resumed from its last commit.
type FailedError struct {
	ID  string
	Why string // for the user
}

func (e *FailedError) Error() string { return fmt.Sprintf("run %s failed: %s", e.ID, e.Why) }

// A Run is a run whose lease this process has.
type Run struct {
	o      Options
	rec    store.Run
	ver    int64
	args   []string
	lease  *lease
	pages  *pages.Set // of the steps that are kept
	screen screen
	in     *input // nil if there is none
	mail   mail   // events
	kills  int    // of workers since the last commit

	arrived  atomic.Bool // events, for process 0 of several
	changing sync.Mutex  // orders changes of the record of a run of several processes
}

// Create stores a new run of the program and takes its lease.
func Create(ctx context.Context, dir string, s store.Store, prog store.Program, build string) (*Run, error) {
	now := time.Now()
	for range 20 {
		rec := store.Run{ID: newID(time.Now()), Program: prog, Build: build, State: store.Running, Created: now, Updated: now}
		blobs, err := rec.PackArgs()
		if err != nil {
			return nil, err
		}
		ver, err := store.PutRun(ctx, s, &rec, 0, blobs...)
		if errors.Is(err, store.ErrConflict) {
			continue // that id is taken
		}
		if err != nil {
			return nil, err
		}
		l, err := acquire(dir, rec.ID)
		if err != nil {
			return nil, err
		}
		return &Run{rec: rec, ver: ver, args: prog.Args, lease: l}, l.markVersion(ver)
	}
	return nil, errors.New("no free run id")
}

// idAlphabet is in the order of ASCII, without letters that look like digits.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// newID returns an id that sorts by time: milliseconds since 2026 and a random letter.
func newID(now time.Time) string {
	ms := uint64(now.Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Milliseconds())
	var id [9]byte
	id[8] = idAlphabet[rand.IntN(len(idAlphabet))]
	for i := 7; i >= 0; i-- {
		id[i] = idAlphabet[ms%32]
		ms /= 32
	}
	return string(id[:])
}

// Open takes the lease of a run. The error may wrap store.ErrNotFound, store.ErrDamaged or ErrBusy.
func Open(ctx context.Context, dir string, s store.Store, id string) (*Run, error) {
	// Without a record no lease is taken, as that would leave a file.
	if _, err := record(ctx, dir, s, id); err != nil {
		return nil, err
	}
	l, err := acquire(dir, id)
	if err != nil {
		return nil, err
	}
	r := &Run{lease: l}
	err = r.load(ctx, s, dir, id)
	if err == nil && r.rec.Ended() {
		err = r.deleteProcesses(ctx, s)
	}
	if err != nil {
		l.release()
		return nil, err
	}
	return r, nil
}

// record gets what is stored under the id of a run. The error may wrap store.ErrNotFound or store.ErrDamaged.
func record(ctx context.Context, dir string, s store.Store, id string) (store.Record, error) {
	if store.CheckID(id) != nil || filepath.Base(id) != id {
		return store.Record{}, fmt.Errorf("run %s: %w", id, store.ErrNotFound)
	}
	rec, err := s.Get(ctx, id)
	if err == nil {
		return rec, nil
	}
	if _, err2 := os.Stat(leasePath(dir, id)); err2 == nil && errors.Is(err, store.ErrNotFound) {
		return rec, lostRecord(dir, id)
	}
	return rec, fmt.Errorf("run %s: %w", id, err)
}

func (r *Run) load(ctx context.Context, s store.Store, dir, id string) error {
	rec, err := s.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("run %s: %w", id, err)
	}
	if err := r.lease.check(dir, id, rec.Version); err != nil {
		return err
	}
	run, err := store.DecodeRun(rec)
	if err != nil {
		return err
	}
	r.rec, r.ver = *run, rec.Version
	r.args, err = arguments(ctx, s, run)
	return err
}

// getBlob gets a blob that a record points to, so it must be there.
func getBlob(ctx context.Context, s store.Store, id, name string) ([]byte, error) {
	b, err := s.GetBlob(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, store.Damagedf("run %s is damaged: its blob %s is missing; nothing was deleted", id, name)
	}
	return b, err
}

// Unshown reports whether output was committed but not shown, because a supervisor died between the two.
func (r *Run) Unshown() bool { return r.lease.shown() < r.rec.Output.Base+r.rec.Output.Size }

// Record returns what is stored about the run at present.
func (r *Run) Record() *store.Run {
	c := r.rec
	return &c
}

// Close gives the lease back.
func (r *Run) Close() error { return r.lease.release() }
