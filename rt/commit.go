package rt

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/snap"
)

// This file defines what happens at a quiet point: judge, save, commit, load.

// A savedProcess is the root of a snapshot. Its fields, and those of savedG, are the format.
type savedProcess struct {
	Goroutines []savedG // in the order in which they began to wait
	Alarms     []savedAlarm
	LastID     int64
	Ops        int64 // counted by chaos
	Visits     savedVisits
	MainGone   bool
	Settings   []savedSetting
	Sharing    *savedSharing
	Dones      []any // contexts
	Callbacks  []any // the same
	Origin     string
	Inbox      savedInbox
	Lingers    bool
}

type savedG struct {
	ID       int64
	Root     Thunk
	Frames   []slot
	Waits    []Wait
	Deadline int64
	Turn     turn
	Ticket   uint32
	Faults   bool
	Held     []Wait // locks, with the operation that has taken each
	Asked    bool
	Reply    *exchange.Reply
}

// atQuiet is called when the last goroutine is down.
func (p *process) atQuiet() (status int, done bool) {
	now := time.Now()
	if !p.alone() && !(closePools() && p.alone()) {
		if status, done = p.beside(now); !done {
			p.callOff()
		}
		return status, done
	}
	clear(p.foreign.seen)
	p.hindrance.over()
	pc := &p.pace
	o := p.outlook(p.gs, now.UnixNano())
	if !o.runnable && o.wake == 0 && !o.external && p.stirring == 0 && p.share == nil {
		if p.lingers.Load() {
			return 0, true
		}
		return fatal(p.deadlock(nil), 2), true
	}
	resting := !o.runnable && p.stirring == 0
	far := resting && (o.wake-now.UnixNano() > int64(p.unloadTime()) || o.wake == 0) // without a deadline it is a reply that brings it on
	committed := false
	if p.reason != reasonIdle || far {
		if status, done, committed = p.commit(o, now); done {
			return status, true
		}
		if !committed {
			p.callOff()
			return 0, false
		}
	}
	pc.succeeded()
	if p.reason == reasonIdle && !far { // a false alarm
		pc.idleDelay = min(max(2*pc.idleDelay, 10*time.Millisecond), time.Second)
		pc.calm = now.Add(pc.idleDelay)
	} else {
		pc.idleDelay = 0
	}
	pc.rest, pc.clean, pc.wake = !o.runnable, committed, o.wake
	pc.idleAgain = time.Now().Add(time.Second)
	p.resume()
	return 0, false
}

// commit saves the process and hands it to the host. It reports committed = false if it cannot be saved now.
func (p *process) commit(o outlook, now time.Time) (status int, done, committed bool) {
	pc := &p.pace
	if p.start.Volatile {
		pc.wanted, pc.lastCommit = false, time.Now()
		return 0, false, true
	}
	batch, err := p.nextBatch(&o)
	if err != nil {
		status, done = p.unsavable(err, now)
		return status, done, false
	}
	gs, root := p.saved()
	if root == nil {
		return 0, false, false
	}
	root.Sharing = p.share.saved()
	if name := changedRebuilt(); name != "" {
		return fatal("harkgen: "+name+" was taken for constant after initialisation, and has changed: this is a bug of harkgen", 1), true, false
	}
	memory, err := snap.Prepare(root)
	if err != nil {
		status, done = p.unsavable(err, now)
		return status, done, false
	}
	defer memory.Release()
	var snapshot io.WriterTo = memory
	var made []byte // what it writes, if this process is to be restored from it
	if p.reason == reasonChaos && p.start.InProc {
		var b bytes.Buffer
		if _, err := snapshot.WriteTo(&b); err != nil {
			status, done = p.unsavable(err, now)
			return status, done, false
		}
		made, snapshot = b.Bytes(), bytes.NewReader(b.Bytes())
	}
	step := &Step{
		Snapshot: snapshot,
		Reason:   p.reason.String(),
		Elapsed:  now.Sub(pc.lastCommit),
		Batch:    batch,
		Taken:    p.taken,
		Lingers:  p.lingers.Load(),
	}
	if batch == nil {
		step.Goroutines = list(gs)
	}
	if !o.runnable && o.wake != 0 {
		step.Wake = unixTime(o.wake)
	}
	step.External = !o.runnable && o.external
	pc.wanted = false
	v, err := p.host.Commit(context.Background(), step)
	if err != nil { // the snapshot could not be written: the heap was not as quiet as it seemed
		status, done = p.unsavable(err, now)
		return status, done, false
	}
	pc.failures, p.taken = 0, nil
	p.answered.Store(false)
	if batch != nil {
		p.share.committed()
	}
	if v == Exit {
		return statusUnloaded, true, true
	}
	if made != nil {
		if err := p.load(bytes.NewReader(made), int64(len(made))); err != nil {
			return p.giveUp("cannot load the snapshot just made: " + err.Error()), true, false
		}
	}
	pc.lastCommit = time.Now()
	pc.cost = pc.lastCommit.Sub(now)
	return 0, false, true
}

// inOrder returns the goroutines in the order in which they began to wait, and how often one has started or ended.
func (p *process) inOrder() (gs []*G, changes uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	gs = slices.Clone(p.gs)
	slices.SortStableFunc(gs, func(a, b *G) int { return cmp.Compare(a.since, b.since) })
	return gs, p.changes
}

// saved returns the process as it is now: nil if an alarm has gone off meanwhile. One that goes off later does so after the snapshot.
func (p *process) saved() ([]*G, *savedProcess) {
	_, before := p.inOrder()
	alarms := p.alarms.saved()
	quiet := len(alarms) == 0 || p.alone()
	gs, changes := p.inOrder()
	if !quiet || changes != before {
		return nil, nil
	}
	s := &savedProcess{
		Goroutines: make([]savedG, len(gs)),
		Alarms:     alarms,
		LastID:     p.lastID,
		Ops:        p.ops.Load(),
		Visits:     p.visits.saved(),
		MainGone:   p.mainGone,
		Settings:   changedSettings(),
		Dones:      p.dones.saved(),
		Callbacks:  p.callbacks.saved(),
		Origin:     p.origin,
		Inbox:      p.inbox.saved(),
		Lingers:    p.lingers.Load(),
	}
	for i, g := range gs {
		s.Goroutines[i] = savedG{g.id, g.root, g.frames, g.waits, snap.Told(g.deadline.Load()), g.turn, g.ticket, g.faults, g.savedHeld(), g.asked, g.reply}
	}
	return gs, s
}

// load replaces the process, of which nothing runs, by a snapshot of that many bytes. resume starts it.
func (p *process) load(snapshot io.Reader, size int64) error {
	p.abandon()
	var s savedProcess
	if err := snap.Load(snapshot, size, &s); err != nil {
		return err
	}
	if p.start.Chaos > 0 {
		if p.dooms&15 == 0 {
			churn()
		}
		p.dooms++
	}
	p.mu.Lock()
	for i, sg := range s.Goroutines {
		g := p.newG()
		g.id, g.root, g.frames, g.waits = sg.ID, sg.Root, sg.Frames, sg.Waits
		g.deadline.Store(snap.Meant(sg.Deadline))
		g.turn, g.ticket, g.faults = sg.Turn, sg.Ticket, sg.Faults
		g.restoreHeld(sg.Held)
		g.asked, g.reply = sg.Asked, sg.Reply
		g.since = int64(i) + 1
		g.down = true
		p.add(g)
	}
	p.lastID, p.mainGone, p.origin = s.LastID, s.MainGone, s.Origin
	p.ops.Store(s.Ops)
	p.visits.restore(s.Visits)
	p.mu.Unlock()
	p.callbacks.restore(s.Callbacks)
	p.dones.restore(s.Dones) // before shared memory is looked at, which may have their channels
	if s.Sharing != nil {
		var err error
		if p.share, err = s.Sharing.restore(p.hooks()); err != nil {
			return err
		}
		word.Or(bitShare)
	}
	restoreSettings(s.Settings)
	p.inbox.restore(s.Inbox)
	p.lingers.Store(s.Lingers)
	p.alarms.restore(s.Alarms)
	runtime.KeepAlive(&s)
	return nil
}

// abandon forgets all goroutines. Those that package initialisation has started in this OS process run; they are in the snapshot already, and
// these here are stopped first.
func (p *process) abandon() {
	if p.count() > 0 {
		p.beginStop(reasonIdle)
		for late := time.After(time.Second); late != nil && p.count() > 0; {
			select {
			case <-p.kicked:
			case <-late:
				late = nil
			}
		}
	}
	p.alarms.restore(nil)
	p.mu.Lock()
	p.gs, p.free = nil, nil
	p.mu.Unlock()
	p.abandonTables()
}

// abandonTables empties the waiter tables.
func (p *process) abandonTables() {
	if waiting.Load() == 0 {
		return
	}
	for i := range shards {
		s := &shards[i]
		s.mu.Lock()
		for _, q := range s.queues {
			for q.first != nil {
				s.remove(q.first)
			}
		}
		s.mu.Unlock()
	}
}

// churn makes the collector reuse what is unreachable, so that a reference that the snapshot has lost does harm at once.
func churn() {
	for range 2 {
		var keep [][]byte
		for i := range 256 {
			b := make([]byte, 16+i*8)
			for j := range b {
				b[j] = 0xDB
			}
			keep = append(keep, b)
		}
		runtime.GC()
		runtime.KeepAlive(keep)
	}
}

// unsavable deals with a failed save. The value may be gone at the next one; if it stays, the run ends.
func (p *process) unsavable(err error, now time.Time) (status int, done bool) {
	pc := &p.pace
	if pc.failures++; pc.failures == 1 {
		pc.unsavable = now
	}
	if pc.failures < 3 || now.Sub(pc.unsavable) < refuseAfter {
		return 0, false
	}
	return p.giveUp(explain(err)), true
}

// giveUp ends the process because it can be neither saved nor loaded. The run stays at its last commit, if the host keeps any.
func (p *process) giveUp(text string) (status int) {
	if r, ok := p.host.(Refuser); ok {
		r.Refuse(text)
	}
	return fatal("harkgen: "+text, 1)
}

// list describes goroutines, the first thousand.
func list(gs []*G) []Goroutine {
	out := make([]Goroutine, 0, min(len(gs), 1000))
	for _, g := range gs[:min(len(gs), 1000)] {
		d := Goroutine{ID: g.id, Op: g.waitReason()}
		d.State, d.Deadline = g.prospect()
		for _, f := range g.frames {
			d.Stack = append(d.Stack, describe(f.F))
		}
		for _, f := range d.Stack {
			if d.Func, d.Pos = f.Func, f.Pos; !strings.HasPrefix(f.Func, "hark_") {
				break // the first that is the user's
			}
		}
		out = append(out, d)
	}
	return out
}

// prospect says whether g, which is down, is "waiting" or "runnable", and when it goes on at the latest; zero if nothing bounds that.
func (g *G) prospect() (state string, deadline time.Time) {
	state = "waiting"
	if len(g.waits) == 1 && g.waits[0].op == waitReady {
		state = "runnable"
	}
	var o outlook
	for _, w := range g.waits {
		o.earlier(w.until(g))
	}
	return state, unixTime(o.wake)
}

// unixTime is the time of a deadline by the clock of the deployment, zero if there is none.
func unixTime(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, snap.Told(ns))
}
