package rt

import (
	"context"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/snap"
)

// This file defines the process: the goroutines of one heap, their start and their end.

// A Program is what a compiled main package hands to Main.
type Program struct {
	Name string
	Main Thunk
}

// word holds what operations must look at: 0 in the common case, so that Before and Poll are one load.
var word atomic.Uint32

const (
	bitStop   = 1 << iota // a stop is in progress
	bitSettle             // some resumed G has not attempted its operation
	bitChaos              // count operations
	bitVisit              // chaos counts polls and entries of functions, too
	bitPoll               // leave at the next poll, to count it
	bitShare              // something is shared with other processes
)

// cur is the process. Goroutines that package initialisation starts belong to it before Main runs.
var cur = newProcess()

type process struct {
	host  Host
	exit  func(status int) // ends the OS process; does not return
	start Start

	mu        sync.Mutex
	gs        []*G // all that are not finished
	free      []*G // finished, for reuse
	running   int  // native goroutines of gs
	unsettled int  // of gs, see G.fresh
	lastID    int64
	changes   uint64 // starts and ends
	mainGone  bool   // main called Goexit
	alarms    alarms // has its own lock
	dones     dones  // the same
	callbacks callbacks
	inbox     inbox       // the same
	lingers   atomic.Bool // see Linger
	answered  atomic.Bool // a response waits to be committed

	// The stop in progress, under mu.
	stopping  bool
	pending   bool // a chaos stop waits for unsettled to become 0
	reason    reason
	stopSince time.Time // also of the pending one

	// Asked by any goroutine.
	pinned    atomic.Int32 // pinned Gs, adopted ones included
	adopted   atomic.Int32
	ops       atomic.Int64 // operations counted by chaos
	crashing  atomic.Bool  // a panic is ending the program
	dozing    atomic.Bool  // a goroutine has gone to sleep since the last look
	ended     atomic.Int32 // exit status + 1, when exit is not os.Exit (tests)
	chaosHeld atomic.Bool  // no chaos stop now: one has failed
	visits    visits       // counted by chaos

	share  *sharing // nil as long as nothing is shared
	origin string   // of the process, see trace.go

	// The monitor's own.
	kicked    chan struct{}
	base      int // native goroutines that are not the program's
	strange   int // of base, those that are neither the monitor nor the host's
	stirring  int // of strange, those that may bring the program on: all but the harmless
	foreign   foreigners
	hindrance hindrance
	pace      pace
	dooms     int      // chaos restarts in this OS process
	taken     []string // events that have come since the last commit
}

func newProcess() *process {
	return &process{
		exit:   os.Exit,
		kicked: make(chan struct{}, 1),
	}
}

// Main runs the program on a host. It never returns.
func Main(p *Program, h Host) {
	cur.exit(runAll(p, h))
	select {}
}

// runAll runs a process and, if it is not that of main, others after it; it returns the exit status.
func runAll(prog *Program, h Host) int {
	status := cur.run(prog, h)
	for status == 0 || status == statusUnloaded {
		s, ok := h.(Sharer)
		if !ok || cur.start.Process == 0 || !s.Again() {
			break
		}
		next := cur.successor()
		if next == nil {
			return statusUnloaded // the program has not ended
		}
		cur = next
		status = cur.execute(prog)
	}
	return status
}

// run begins the life of this OS process, and executes a process; it returns the exit status.
func (p *process) run(prog *Program, h Host) int {
	p.host = h
	p.base = runtime.NumGoroutine() - p.count()
	if what := checkLayout(); what != "" {
		return fatal("harkgen: this Go version is not supported by the compiled program: "+what, 2)
	}
	snap.Begin()
	p.strange = p.base - 1
	if c, ok := h.(Crew); ok {
		p.strange -= c.Goroutines()
	}
	p.stirring = max(p.strange-p.foreign.begin(), 0)
	if !distributed {
		p.dones.restore(nil)
	}
	initialSettings()
	initialRebuilt()
	return p.execute(prog)
}

// successor returns a process that comes after p in this OS process, nil if p does not end. What p has left behind belongs to it.
func (p *process) successor() *process {
	if p.abandon(); p.count() > 0 {
		return nil
	}
	restoreSettings(nil)
	word.Store(0)
	q := newProcess()
	q.host, q.exit = p.host, p.exit
	q.base = runtime.NumGoroutine()
	q.strange, q.stirring = max(p.strange, 0), p.stirring
	if q.base == p.base {
		q.foreign.first = p.foreign.first
	} else {
		q.foreign.begin()
	}
	return q
}

// execute executes what the host says.
func (p *process) execute(prog *Program) int {
	start, err := p.host.Load(context.Background())
	if err != nil {
		return fatal("harkgen: cannot load the run: "+err.Error(), 1)
	}
	if start.Inspect != nil {
		if p.start.Process = start.Process; start.Process != 0 {
			snap.Isolate()
		}
		return p.inspect(start)
	}
	p.start = *start
	snap.SetAhead(start.Ahead)
	p.start.Snapshot = nil // so that it can be freed
	p.inbox.open = start.Events
	if start.Chaos > 0 {
		word.Or(bitChaos)
		if start.Visits {
			word.Or(bitVisit | bitPoll)
		}
	}
	p.pace.begin(time.Now())
	if start.Process != 0 {
		snap.Isolate()
		p.abandon() // what package initialisation has started is part of process 0
	}
	switch {
	case start.Snapshot != nil:
		if err := p.load(start.Snapshot, start.Size); err != nil {
			return p.giveUp("cannot load the snapshot: " + err.Error())
		}
		p.resume()
	case start.Process != 0:
		p.shares() // its goroutine comes with the first reply
	default:
		p.spawn(prog.Main)
	}
	return p.monitor()
}

func fatal(text string, status int) int {
	os.Stderr.WriteString(text + "\n")
	return status
}

func (p *process) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running
}

// Go is the go statement.
func Go(g *G, t Thunk) {
	if g == nil {
		cur.spawn(t) // of package initialisation
		return
	}
	g.p.spawn(t)
}

// spawn makes a goroutine that executes t. During a stop it is born down.
func (p *process) spawn(t Thunk) {
	p.mu.Lock()
	g := p.newG()
	g.root = t
	p.lastID++
	g.id = p.lastID
	p.add(g)
	if p.stopping {
		g.down = true
		g.since = ticks()
		g.waits = append(g.waits[:0], Ready())
		p.mu.Unlock()
		return
	}
	p.running++
	p.mu.Unlock()
	go g.main()
}

// newG returns a blank G. p.mu is held.
func (p *process) newG() *G {
	if n := len(p.free); n > 0 {
		g := p.free[n-1]
		p.free = p.free[:n-1]
		return g
	}
	return &G{p: p, stop: make(chan struct{}, 1)}
}

func (p *process) add(g *G) {
	g.idx = len(p.gs)
	p.gs = append(p.gs, g)
	p.changes++
}

// end takes g out, which has finished: by returning, or else by Goexit. It is the last thing its native goroutine does.
func (p *process) end(g *G, returned bool) {
	if g.id == 1 && returned && p.start.Process == 0 {
		if p.shared() != nil {
			p.finish(&exchange.Exit{})
		}
		p.exit(0)
	}
	if g.fresh != settled {
		g.settle()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.gs) - 1
	p.gs[g.idx] = p.gs[last]
	p.gs[g.idx].idx = g.idx
	p.gs[last] = nil
	p.gs = p.gs[:last]
	p.changes++
	p.mainGone = p.mainGone || g.id == 1
	if returned && len(p.free) < 1024 {
		g.recycle()
		p.free = append(p.free, g)
	}
	p.left()
}

// recycle makes g blank, keeping what is costly to make.
func (g *G) recycle() {
	g.root, g.frames, g.waits = nil, g.frames[:0], nil
	g.pins, g.dyn = 0, 0
	g.held, g.faults = heldList{}, false
	g.deadline.Store(0)
	g.asked, g.reply = false, nil
	g.Unpark()
	select {
	case <-g.stop:
	default:
	}
}

// left counts a native goroutine out. p.mu is held.
func (p *process) left() {
	if p.running--; p.running == 0 {
		p.kick()
	}
}

// kick makes the monitor look now.
func (p *process) kick() {
	select {
	case p.kicked <- struct{}{}:
	default:
	}
}
