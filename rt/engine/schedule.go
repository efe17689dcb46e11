// This file gives processes that have something to do to workers.

package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
)

// A Worker executes processes.
type Worker interface {
	// Execute loads the process and executes it, until it has ended, Task says that it is to be unloaded or is not its any more (ErrUnload, ErrDrain,
	// ErrFenced, ErrEnded; what Execute returns then does not matter), or something is wrong. A process that was not
	// committed is executed again from its last commit, here or elsewhere; the run fails when that does not help.
	Execute(ctx context.Context, t *Task) error
}

const maxFailures = 5 // of a process in a row, without a commit

// An attached is a worker of this engine.
type attached struct {
	worker Worker
	slots  int // how many processes it may have loaded
	used   int
	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup
}

// A proc is a process that has something to do or is loaded.
type proc struct {
	task     *Task // nil: it is not loaded
	queued   bool
	paused   bool // it is not to be queued yet
	woken    bool // its wake time is not in the heap any more
	fresh    bool // it has begun in this engine, and was not loaded: it has no record
	failures int
	tries    int // loads in a row that brought nothing
}

// Attach adds a worker that may have so many processes loaded. detach says that it has died or is to end: its processes are loaded elsewhere, from
// their last commits. A worker that comes back nevertheless does no harm: its commits are refused, or come first.
func (e *Engine) Attach(w Worker, slots int) (detach func()) {
	a := &attached{worker: w, slots: slots}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	e.mu.Lock()
	e.workers = append(e.workers, a)
	e.dispatch()
	e.mu.Unlock()
	return func() { e.detach(a) }
}

func (e *Engine) detach(a *attached) {
	a.cancel()
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, b := range e.workers {
		if a == b {
			e.workers = append(e.workers[:i], e.workers[i+1:]...)
			break
		}
	}
	now := e.o.Now().UnixNano()
	for p, pr := range e.procs {
		if pr.task == nil || pr.task.on != a {
			continue
		}
		e.idle.drop(pr.task) // it may never stop
		pr.task = nil
		if st, live := e.fold.x.Status(p); live && e.runnable(p, st, now) {
			e.stir(p)
		} else {
			e.rest(p)
		}
	}
	e.dispatch()
}

// Stir says that something has come from outside for the first process, which is to look, loaded or not.
func (e *Engine) Stir() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stirred = true
	e.stir(0)
	e.dispatch()
}

// stir sees to it that p, which may have something to do, does it. The caller holds mu, and calls dispatch afterwards.
func (e *Engine) stir(p exchange.ProcessID) *proc {
	pr := e.procs[p]
	if pr == nil {
		pr = &proc{}
		e.procs[p] = pr
	}
	switch {
	case pr.task != nil:
		e.idle.remove(pr.task)
		pr.task.due = true
		pr.task.signal()
	case !pr.queued && !pr.paused:
		pr.queued = true
		e.queue.push(p)
	}
	return pr
}

// leaves reports whether no process is to be loaded any more. The caller holds mu.
func (e *Engine) leaves() bool {
	return e.over != nil || e.draining || e.fold.x.Exit() != nil
}

// dispatch loads processes while there is room. The caller holds mu.
func (e *Engine) dispatch() {
	if !e.started || e.leaves() {
		return
	}
	for e.queue.len() > 0 {
		a := e.free()
		if a == nil {
			e.evict(e.queue.len())
			return
		}
		if t := e.next(a); t != nil {
			a.tasks.Go(func() {
				for t != nil {
					t = t.stop(e.execute(t))
				}
			})
		}
	}
}

// next gives the next process that waits to a worker. It returns nil if that has ended meanwhile. The caller holds mu.
func (e *Engine) next(a *attached) *Task {
	p := e.queue.pop()
	if e.moreDue && e.queue.len() <= maxDue/2 {
		e.moreDue = false
		bell(e.toTimer)
	}
	pr := e.procs[p]
	pr.queued = false
	if _, live := e.fold.x.Status(p); !live {
		delete(e.procs, p)
		return nil
	}
	t := &Task{stored: stored{store: e.store, run: e.o.Run, p: p}, e: e, on: a, due: true, fresh: pr.fresh, changed: make(chan struct{}, 1)}
	pr.task, pr.fresh = t, false
	a.used++
	return t
}

// free returns the worker with the most room, nil if none has any.
func (e *Engine) free() *attached {
	var best *attached
	for _, a := range e.workers {
		if a.used < a.slots && (best == nil || a.used*best.slots < best.used*a.slots) {
			best = a
		}
	}
	return best
}

// evict unloads up to n idle processes, those first that have been idle for the longest time.
func (e *Engine) evict(n int) {
	n -= e.idle.leaving
	for t := e.idle.first; n > 0 && t != nil; {
		next := t.next
		if !t.held {
			e.idle.unload(t)
			n--
		}
		t = next
	}
}

// unloadIdle unloads those that have been idle for long, and returns how long it is to the next.
func (e *Engine) unloadIdle() time.Duration {
	now := time.Now()
	for t := e.idle.first; t != nil; t = e.idle.first {
		if left := t.since.Add(e.o.IdleAfter).Sub(now); left > 0 {
			return left
		}
		e.idle.unload(t)
	}
	return tick
}

func (e *Engine) execute(t *Task) error {
	ctx, cancel := context.WithCancelCause(t.on.ctx)
	defer context.AfterFunc(e.ctx, func() { cancel(context.Cause(e.ctx)) })()
	defer cancel(nil)
	something, err := t.load(ctx)
	if something && err == nil {
		err = t.on.worker.Execute(ctx, t)
	}
	t.settled(ctx)
	return err
}

// stop takes t from its worker. It returns what this executes next in the same goroutine, whose stack has grown already.
func (t *Task) stop(err error) (next *Task) {
	e := t.e
	e.mu.Lock()
	defer e.mu.Unlock()
	t.on.used--
	e.idle.drop(t)
	defer func() {
		if !e.leaves() && e.queue.len() > 0 && t.on.ctx.Err() == nil {
			next = e.next(t.on)
		}
		e.dispatch()
		bell(e.toTimer)
	}()
	pr := e.procs[t.p]
	if pr == nil || pr.task != t {
		return nil // its worker was detached
	}
	pr.task = nil
	st, live := e.fold.x.Status(t.p)
	if !live {
		delete(e.procs, t.p)
		return nil
	}
	if pr.tries++; t.commits > 0 {
		pr.tries, pr.failures = 0, 0
	}
	if err != nil && !errors.Is(err, ErrFenced) && !errors.Is(err, ErrUnload) && !errors.Is(err, ErrDrain) && !errors.Is(err, ErrEnded) && e.ctx.Err() == nil {
		if pr.failures++; pr.failures >= maxFailures {
			go e.finish(fmt.Errorf("run %s, process %d, step %d: %w", e.o.Run, t.p, st.Step+1, err))
			return nil
		}
		pr.tries = max(pr.tries, 1)
	}
	switch {
	case pr.tries > 0:
		e.pause(t.p, pr)
	case e.runnable(t.p, st, e.o.Now().UnixNano()):
		e.stir(t.p)
	default:
		e.rest(t.p)
	}
	return nil
}

// pause looks after p again in a while: its worker could do nothing with it, for instance because its clock goes behind.
func (e *Engine) pause(p exchange.ProcessID, pr *proc) {
	pr.paused = true
	time.AfterFunc(min(time.Millisecond<<min(pr.tries, 10), time.Second), func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		pr.paused = false
		if st, live := e.fold.x.Status(p); live && e.runnable(p, st, e.o.Now().UnixNano()) {
			e.stir(p)
			e.dispatch()
		} else {
			e.rest(p)
		}
	})
}
