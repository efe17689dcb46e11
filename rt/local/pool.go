// This file gives processes to workers.
//
// A worker executes one process at a time. It is given more, which wait in it, so that it has one when that ends, and says together what has become of several: a process that
// takes 50 microseconds shares the system calls, and the changes from one process of the operating system to the other, with those before and after it.
//
// What waits in a worker is taken back when that worker does not get on, and goes to another; there are more workers only when all of them are busy for long, or when processes
// come back as soon as they have made room for others.

package local

import (
	"context"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/wire"
)

const (
	mostAhead  = 32                     // processes that wait in one worker at most
	aheadTime  = time.Millisecond       // that they take together
	slowAfter  = 5 * time.Millisecond   // a worker from which nothing comes for so long, while others wait, is slow
	growAfter  = 30 * time.Millisecond  // the same of all: there is to be one more
	startTime  = 100 * time.Millisecond // the same, for a worker that starts
	soon       = 20 * time.Millisecond  // a process that comes back in this time had better stayed
	manySoon   = 8                      // of them: there are too few workers
	endAfter   = 5 * time.Second        // a worker without a process, of a supervisor
	pipeSize   = 256 << 10              // of each pipe that a worker writes to
	roomPer    = 4 * mostAhead          // processes that are loaded, or are about to be, for each worker
	unloadTime = 100 * time.Millisecond // that a worker may take to forget a process
	stuckAfter = 2 * time.Second        // a worker from which nothing comes for so long may be unable to read its pipes
)

// A pool is the workers of this machine. It implements engine.Worker.
type pool struct {
	r    *Run
	id   string                  // of the run, whose record may be replaced at any time
	cwd  string                  // of its program
	fail context.CancelCauseFunc // ends the run with a *FailedError
	stir func()                  // has the first process look for events
	most int                     // workers, besides that of process 0
	once bool                    // a process leaves its worker with its first commit
	keep time.Duration           // a worker without a process is ended after so long
	busy chan struct{}           // something waits; has room for one
	quit chan struct{}           // closed by end
	ends sync.WaitGroup          // of workers

	mu       sync.Mutex
	zero     *member // the worker of process 0
	members  []*member
	starting int
	wanted   int                              // workers there may be at present
	waiting  []*loaded                        // for a worker, in order
	pace     time.Duration                    // that a process takes of a worker, on average
	left     map[exchange.ProcessID]time.Time // those that have made room for another, and when
	backSoon int                              // that came back soon
	ended    bool

	resting bool // at the last look: watch has it
}

// newPool returns a pool that has not begun.
func newPool(r *Run, fail context.CancelCauseFunc, stir func()) *pool {
	s := &pool{
		r: r, id: r.rec.ID, cwd: r.rec.Program.Cwd, fail: fail, stir: stir, most: max(r.o.Workers, 1), keep: endAfter,
		busy: make(chan struct{}, 1), quit: make(chan struct{}), left: map[exchange.ProcessID]time.Time{},
	}
	s.wanted = min(s.most, runtime.NumCPU())
	if r.o.Chaos > 0 {
		s.wanted = s.most
	}
	return s
}

// begin begins to look after workers.
func (s *pool) begin() { s.ends.Go(s.watch) }

// room is how many processes the engine may give to the pool. With chaos a worker that is killed is to lose one only.
func (s *pool) room() int {
	if s.r.o.Chaos > 0 {
		return s.most + 1 // process 0 stays
	}
	return s.most * roomPer
}

// ahead is how many processes may wait in a worker.
func (s *pool) ahead() int {
	if s.r.o.Chaos > 0 {
		return 0
	}
	if s.pace == 0 {
		return 1
	}
	return int(min(max(aheadTime/s.pace, 1), mostAhead))
}

// Execute implements engine.Worker.
func (s *pool) Execute(ctx context.Context, t *engine.Task) error {
	t.Hold()
	return s.execute(ctx, t)
}

func (s *pool) execute(ctx context.Context, t engine.Activation) error {
	l := &loaded{pool: s, t: t, once: s.once, consumed: t.Consumed(), msgs: make(chan message, 16), last: make(chan message, 1)}
	for {
		place := s.place
		if t.Process() == 0 { // its worker has the package variables, and the standard input
			place = s.first
		}
		if err := place(ctx, l); err != nil {
			return err
		}
		err := l.serve(ctx)
		if t.Process() == 0 && s.r.mail.waits(nil) {
			s.stir()
		}
		if l.inside() || l.member.first { // what is still there is not wanted any more
			l.member.end(l)
		}
		if err != errElsewhere {
			return err
		}
	}
}

// place waits until a worker has room for l, and puts it there.
func (s *pool) place(ctx context.Context, l *loaded) error {
	l.large = l.t.StateSize() > wire.MaxQueued
	l.placed = make(chan struct{})
	s.mu.Lock()
	if at, ok := s.left[l.t.Process()]; ok {
		delete(s.left, l.t.Process())
		if time.Since(at) < soon {
			s.backSoon++
		}
		if s.backSoon >= manySoon && s.wanted < s.most {
			s.backSoon = 0
			s.wanted++
		}
	}
	s.waiting = append(s.waiting, l)
	s.assign()
	s.mu.Unlock()
	select {
	case <-l.placed:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting, l); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
		return context.Cause(ctx)
	}
	return nil // it has been placed
}

// assign places what waits, as far as there is room. The caller holds mu.
func (s *pool) assign() {
	for len(s.waiting) > 0 {
		l := s.waiting[0]
		m := s.best(l)
		if m == nil || len(m.tasks) > 0 {
			s.grow()
		}
		if m == nil {
			bell(s.busy)
			return
		}
		s.waiting[0] = nil
		s.waiting = s.waiting[1:]
		m.add(l)
	}
	if len(s.waiting) == 0 {
		s.waiting = nil
	}
}

// best returns the worker that l had best go to, nil if none has room.
func (s *pool) best(l *loaded) (best *member) {
	most := s.ahead()
	for _, m := range s.members {
		n := len(m.tasks)
		full := n > most && !(n == 1 && m.tasks[0].idle) || n > 0 && (m.slow || l.large)
		if m.exclusive || full {
			continue
		}
		if best == nil || m.load() < best.load() {
			best = m
		}
	}
	if best == nil && l.large {
		s.vacate()
	}
	return best
}

// vacate asks a worker to forget its process, which has nothing to do.
func (s *pool) vacate() {
	for _, m := range s.members {
		if len(m.tasks) == 1 && m.tasks[0].idle {
			m.recall(m.tasks[0])
			return
		}
	}
}

// load orders workers: those without a process, those whose process has nothing to do, others.
func (m *member) load() int {
	if len(m.tasks) == 1 && m.tasks[0].idle {
		return 1
	}
	return 2 * len(m.tasks)
}

// grow starts a worker if there may be more.
func (s *pool) grow() {
	if s.ended || len(s.members)+s.starting >= s.wanted {
		return
	}
	s.starting++
	s.ends.Go(func() {
		m, err := s.start()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.starting--
		switch {
		case err != nil:
			s.fail(&FailedError{s.id, err.Error()})
		case s.ended:
			m.worker.end()
		default:
			s.members = append(s.members, m)
			m.begin()
			s.assign()
		}
	})
}

func (s *pool) start() (*member, error) {
	w, err := startWorker(&s.r.o, s.r.args, s.cwd, nil, nil)
	if err != nil {
		return nil, err
	}
	return newMember(s, w), nil
}

// first starts a worker for the first process, which gets the input from where it was at its last commit.
func (s *pool) first(ctx context.Context, l *loaded) error {
	consumed := int64(0)
	if s.r.in != nil {
		if state := l.t.State(ctx); state != nil {
			h, _, err := readHeader(state)
			state.Close()
			if err != nil {
				return err
			}
			consumed = h.Consumed
		}
	}
	w, err := s.r.startFed(context.WithoutCancel(ctx), consumed, nil)
	if err != nil {
		return err
	}
	m := newMember(s, w)
	m.first = true
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zero = m
	m.begin()
	l.placed = make(chan struct{})
	m.add(l)
	return nil
}

// gone takes l, which the worker has done with, out of its list. lives: it has made room for another. It reports whether it was there. The caller holds mu.
func (s *pool) gone(m *member, l *loaded, lives bool) bool {
	i := slices.Index(m.tasks, l)
	if i < 0 {
		return false
	}
	m.tasks = slices.Delete(m.tasks, i, i+1)
	now := time.Now()
	s.pace += (now.Sub(m.since) - s.pace) / 8
	m.since = now
	if lives {
		s.left[l.t.Process()] = now
	}
	s.assign()
	return true
}

// watch looks after workers that do not get on, and ends those that have nothing to do.
func (s *pool) watch() {
	rare := time.NewTicker(endAfter / 5)
	defer rare.Stop()
	var often <-chan time.Time // nil: nothing waits
	for {
		select {
		case <-s.busy:
			if often == nil { // else where much comes and goes nobody would ever look
				often = time.After(slowAfter)
			}
		case <-often:
			if often = nil; s.lookSlow() {
				often = time.After(slowAfter)
			}
		case <-rare.C:
			s.lookIdle()
		case <-s.quit:
			return
		}
	}
}

// lookSlow takes back what waits in slow workers. It reports whether anything waits.
func (s *pool) lookSlow() (again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	shortest := time.Duration(time.Hour) // since something has come from any
	waits := len(s.waiting) > 0
	for _, m := range s.members {
		silent := time.Duration(0)
		if len(m.tasks) > 0 && !m.tasks[0].idle {
			silent = now.Sub(m.moved)
		}
		m.slow = silent >= slowAfter
		shortest = min(shortest, silent)
		waits = waits || len(m.tasks) > 1
	}
	if waits && shortest >= growAfter && s.starting == 0 && s.wanted < s.most {
		s.wanted = min(len(s.members)+1, s.most)
		s.grow()
	}
	if shortest < slowAfter || s.starting > 0 { // there is a better place
		for _, m := range s.members {
			if m.slow {
				m.recallWaiting()
			}
		}
	}
	s.assign()
	return waits
}

// lookIdle ends workers that have had nothing to do for long, and looks at those that may be stuck. When the last worker has ended, the memory that it took to keep them
// busy is given back.
func (s *pool) lookIdle() {
	s.mu.Lock()
	resting := s.zero == nil && len(s.members)+s.starting+len(s.waiting) == 0
	if s.mu.Unlock(); resting && !s.resting {
		debug.FreeOSMemory()
	}
	s.resting = resting
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for p, at := range s.left {
		if now.Sub(at) > soon {
			delete(s.left, p)
		}
	}
	if s.zero != nil {
		s.zero.relieve(now)
	}
	for _, m := range s.members {
		switch {
		case len(m.tasks) > 0:
			m.relieve(now)
		case now.Sub(m.moved) > s.keep:
			s.ends.Go(func() { m.end(nil) })
		}
	}
}

// end ends all workers.
func (s *pool) end() {
	s.mu.Lock()
	s.ended = true
	close(s.quit)
	for _, m := range s.members {
		s.ends.Go(func() { m.end(nil) })
	}
	s.mu.Unlock()
	s.ends.Wait()
}

// bell rings c, which has room for one.
func bell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
