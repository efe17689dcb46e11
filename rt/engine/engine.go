package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
)

var (
	// ErrFenced says that somebody else has stepped the process: what was computed since its last commit is void.
	ErrFenced = errors.New("engine: the process was taken over")
	// ErrUnload says that the worker is to forget the process: its last commit has everything.
	ErrUnload = errors.New("engine: the process is to be unloaded")
	// ErrDrain says that the worker is to commit once more, if anything has happened since the last time, and then to forget the process.
	ErrDrain = errors.New("engine: the process is to be committed and unloaded")
	// ErrEnded says that the run has ended.
	ErrEnded = errors.New("engine: the run has ended")
	// ErrPaused says that the run goes on with another engine: after Drain, or when there has been nothing to do for PauseAfter.
	ErrPaused = errors.New("engine: the run is paused")
)

// Options say how to execute a run. Store and Run are required.
type Options struct {
	Store store.Store
	Run   string // the ids of all that is stored begin with it and a slash

	// Show gets outputs once they are durable, in order; the first ones again after a crash. It is called by one goroutine at a time.
	Show func([]exchange.Output) error

	IdleAfter time.Duration // how long a process waits before it is unloaded; 0: 5 s
	SyncAfter time.Duration // how long a change may wait for the disk if nothing waits for it; 0: 10 ms
	PollAfter time.Duration // how often to look whether another engine has written to the log; 0: 1 s

	// Run pauses when there has been nothing to do for PauseAfter, and will be nothing for Stay, but by another engine; 0: it never does.
	PauseAfter, Stay time.Duration

	Now func() time.Time // nil: time.Now
}

func (o Options) defaults() Options {
	if o.Show == nil {
		o.Show = func([]exchange.Output) error { return nil }
	}
	if o.IdleAfter == 0 {
		o.IdleAfter = 5 * time.Second
	}
	if o.SyncAfter == 0 {
		o.SyncAfter = 10 * time.Millisecond
	}
	if o.PollAfter == 0 {
		o.PollAfter = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// An Engine executes a run. Its methods may be called by several goroutines.
type Engine struct {
	o     Options
	store store.Store // changes need not wait for the disk
	sync  func(context.Context) error
	bulk  store.Bulk // nil: the store cannot
	log   logStore
	size  size

	toLog   chan struct{} // there are batches to be logged; has room for one
	toFlush chan struct{} // something is to be synced or shown
	toTimer chan struct{} // the first deadline may have changed
	toClean chan struct{} // processes have ended
	toRead  chan chan struct{}

	ctx      context.Context // of all that the engine does, once Run was called
	cancel   context.CancelCauseFunc
	running  sync.WaitGroup // goroutines of the engine, and workers that are attached
	finished chan struct{}  // closed by finish

	mu       sync.Mutex
	fold     *fold
	started  bool
	over     error // nil until Run is to return: ErrEnded, ErrPaused, or what went wrong
	sendings []*sending
	sending  int // batches that were given to the log, and have not been settled
	procs    map[exchange.ProcessID]*proc
	queue    fifo // processes that wait for a worker
	workers  []*attached
	idle     idleList
	wakes    wakeHeap
	moreDue  bool      // there are more than are queued
	stirred  bool      // see Stir
	ended    []garbage // to be deleted; clean takes the first ones away
	shown    uint64    // number of the last output that was shown
	commits  int
	draining bool
	still    time.Time // since when there is nothing to do; zero: there is

	// These belong to the goroutine that writes the log.
	checkpoint checkpoint // while none is being saved
	base       uint64     // entry after the last checkpoint
	baseSize   int        // of its state
	saving     chan error // not nil while a checkpoint is being saved
	logged     int        // bytes of entries since the last checkpoint that was begun
	blobs      []entryBlob
}

// Open loads the state of the run, which begins if nothing is stored of it. Nothing happens before Run.
func Open(ctx context.Context, o Options) (*Engine, error) { return open(ctx, o, normalSize) }

func open(ctx context.Context, o Options, size size) (*Engine, error) {
	o = o.defaults()
	view, sync := store.Unsynced(o.Store)
	e := &Engine{
		o: o, store: patient{view}, sync: sync, size: size, log: newLog(view, o.Run, size.ring),
		toLog: make(chan struct{}, 1), toFlush: make(chan struct{}, 1), toTimer: make(chan struct{}, 1), toClean: make(chan struct{}, 1),
		procs: map[exchange.ProcessID]*proc{}, finished: make(chan struct{}),
		toRead: make(chan chan struct{}), checkpoint: checkpoint{store: patient{view}, run: o.Run},
	}
	e.bulk, _ = view.(store.Bulk)
	return e, e.load(ctx)
}

// maxLoads is how often other engines may make a checkpoint while this one loads.
const maxLoads = 20

// load makes the state from the last checkpoint and the entries after it.
func (e *Engine) load(ctx context.Context) error { // rule: recover
	e.log.seal()
	for tries := 0; ; tries++ {
		f, err := e.checkpoint.load(ctx)
		var blobs []entryBlob
		logged := 0
		if err == nil {
			f.next, err = e.log.readFrom(ctx, f.next, func(k uint64, en *entry) {
				for _, b := range en.batches {
					r := f.x.Apply(b)
					f.outputs = append(f.outputs, r.Outputs...)
					if p, ok := endedIn(b); ok && r.Taken {
						f.ended = append(f.ended, p)
					}
				}
				logged += en.size
				if en.blob != "" {
					blobs = append(blobs, entryBlob{k, en.blob})
				}
			})
		}
		if errors.Is(err, errBehind) { // another engine has made a checkpoint meanwhile
			if tries == maxLoads {
				return damaged(e.o.Run, "its log", errors.New("entries after the last checkpoint are missing"))
			}
			time.Sleep(time.Duration(tries) * time.Millisecond)
			continue
		}
		if err != nil {
			return err
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.adopt(f)
		e.logged, e.blobs = logged, blobs
		e.base, e.baseSize = e.checkpoint.next, e.checkpoint.size
		return nil
	}
}

// adopt replaces the state. Processes that are loaded are given up: somebody else may have stepped them.
func (e *Engine) adopt(f *fold) {
	for _, p := range f.ended {
		e.toDelete(garbage{p: p})
	}
	f.ended = nil
	e.fold = f
	for _, pr := range e.procs {
		if pr.task != nil {
			pr.task.fence()
		}
	}
	e.wakes = e.wakes[:0]
	for p, st := range f.x.Live {
		if runnable(st, 0) { // whether it is due or not
			e.stir(p)
		} else if st.Wake != 0 {
			e.wakes = append(e.wakes, wake{st.Wake, p})
		}
	}
	e.wakes.init()
	bell(e.toTimer)
	e.flush()
}

// Run executes the run until it has ended, and returns how. The error is ErrPaused, or that of ctx if that ends before; the run goes on with the next
// engine then.
func (e *Engine) Run(ctx context.Context) (*exchange.Exit, error) {
	e.mu.Lock()
	e.ctx, e.cancel = context.WithCancelCause(ctx)
	e.started = true
	for _, f := range []func(context.Context) error{e.writeLog, e.flushAll, e.keepTime, e.clean} {
		e.running.Go(func() {
			if err := f(e.ctx); err != nil {
				e.finish(err)
			}
		})
	}
	e.dispatch()
	e.mu.Unlock()

	select {
	case <-e.finished:
	case <-ctx.Done():
		e.finish(ctx.Err())
	}
	e.cancel(e.over)
	e.running.Wait()
	e.mu.Lock()
	workers := slices.Clone(e.workers)
	e.mu.Unlock()
	for _, a := range workers {
		a.tasks.Wait()
	}
	if e.over != ErrEnded {
		return nil, e.over
	}
	return e.fold.x.Exit(), nil
}

// finish ends Run. The first call counts.
func (e *Engine) finish(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over != nil {
		return
	}
	e.over = err
	close(e.finished)
	for _, pr := range e.procs {
		if pr.task != nil {
			pr.task.signal()
		}
	}
}

// bell rings c, which has room for one.
func bell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// flush asks for a sync. The caller holds mu.
func (e *Engine) flush() {
	bell(e.toFlush)
}
