package rt

import (
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file defines the monitor, which runs on the goroutine that called Main, and its policy: when to stop.
//
// It looks at all goroutines every few milliseconds. A stop is asked for when
//
//	wanted    the host asks,
//	interval  the last commit is a second or more ago and something has run since,
//	idle      all goroutines are parked and none has moved since the last look or the last one has gone to sleep, and no deadline is near,
//	chaos     an operation says so (chaos.go),
//	asleep    everything is parked as for idle, but some goroutines are pinned: it may be a deadlock.
//
// Saving takes at most about 5% of the time: the next commit waits for twenty times the cost of the last one.

const (
	lookBusy       = 5 * time.Millisecond   // between looks while something runs
	lookParked     = 2 * time.Millisecond   // while everything is parked, and may be idle
	lookAwaited    = 200 * time.Microsecond // the same, and another process waits
	lookIdle       = 50 * time.Millisecond  // while it is known to be idle
	commitInterval = time.Second
	commitShare    = 20 // a commit at most every so many times its cost
	unloadAfter    = time.Second
	unloadShared   = 5 * time.Millisecond // there are other processes, which may want the worker
	firstPatience  = 20 * time.Millisecond
	lastPatience   = time.Second
	firstBackoff   = time.Millisecond
	lastBackoff    = time.Second
	firstAsk       = time.Second // between stops that ask whether it is a deadlock
	lastAsk        = 30 * time.Second
	settleTime     = 5 * time.Millisecond // a chaos stop waits so long for resumed goroutines
	refuseAfter    = 2 * time.Second      // of saves that fail because of a value
)

// commitWanted is the least time between commits that the host asks for. A variable for tests.
var commitWanted = 20 * time.Millisecond

// A census sums up all goroutines. Two that are equal mean that nothing has moved between.
type census struct {
	parked   bool // all
	moves    uint64
	changes  uint64
	deadline int64 // first of the sleeps, UnixNano
}

// pace is what the monitor remembers between looks.
type pace struct {
	lastCommit time.Time
	cost       time.Duration // of the last commit
	wanted     bool          // the host has asked
	awaited    bool          // another process waits for this OS process

	last      census // of the look before
	rest      bool   // the last quiet point found nobody runnable: the next census of parked goroutines is idle
	idle      census // known to be idle
	clean     bool   // idle, and committed since
	idleAgain time.Time
	idleDelay time.Duration
	calm      time.Time // no stop because of idleness until then
	moved     time.Time // when a look saw that something had moved
	wake      int64     // first deadline at the last quiet point, UnixNano: that of a timer does not show in a census

	// Failures.
	notBefore time.Time     // no stop until then
	backoff   time.Duration // the next one
	patience  time.Duration // how long a stop may take
	unsavable time.Time     // first of the failed saves in a row
	failures  int           // their number
	pokedAt   time.Time
	askAgain  time.Time     // whether it is a deadlock, where goroutines are pinned
	askDelay  time.Duration // the next one
	running   int           // goroutines at the last look
}

func (c *pace) begin(now time.Time) {
	*c = pace{lastCommit: now, patience: firstPatience, backoff: firstBackoff}
}

// monitor looks until the process ends, and returns its exit status.
func (p *process) monitor() int {
	alarm := time.NewTimer(time.Hour)
	alive, wanted := p.host.Alive(), p.host.Wanted()
	sharer, _ := p.host.(Sharer)
	var arrived, unload, awaited <-chan struct{}
	if sharer != nil {
		arrived, unload, awaited = sharer.Arrived(), sharer.Unload(), sharer.Awaited()
	}
	var came <-chan struct{}
	eventer, _ := p.host.(Eventer)
	if eventer != nil {
		came = eventer.Came()
	}
	for {
		select {
		case <-came:
			p.receiveEvents(eventer)
		case <-arrived: // before it looks as if there was nothing to do
			if p.receive(sharer) {
				return statusHostGone
			}
		default:
		}
		now := time.Now()
		d, status, done := p.tend(now)
		if done {
			return status
		}
		if sharer != nil {
			d = min(d, sharer.Tend(now))
		}
		alarm.Reset(max(d, 0))
		select {
		case <-alive:
			return statusHostGone
		case <-wanted:
			p.pace.wanted = true
		case <-arrived:
			if p.receive(sharer) {
				return statusHostGone
			}
		case <-came:
			p.receiveEvents(eventer)
		case <-unload:
			return statusUnloaded
		case <-awaited:
			if sharer.Idle() {
				return statusUnloaded
			}
			p.pace.awaited, p.pace.wanted = true, true
		case <-p.kicked:
		case <-alarm.C:
		}
	}
}

// receive delivers the replies that have come. It reports whether the run has ended.
func (p *process) receive(s Sharer) (killed bool) {
	list := s.Replies()
	for i := range list {
		if list[i].Kind == exchange.ReplyKill {
			return true
		}
		p.deliver(&list[i])
	}
	return false
}

// tend does what is due and returns the time until the next look.
func (p *process) tend(now time.Time) (d time.Duration, status int, done bool) {
	if s := p.ended.Load(); s != 0 {
		return 0, int(s) - 1, true
	}
	if waiting.Load() != 0 && now.Sub(p.pace.pokedAt) > lookBusy {
		p.pace.pokedAt = now
		pokeAll()
	}
	p.mu.Lock()
	if p.stopping && p.running < p.pace.running { // it advances: that takes its time with very many goroutines
		p.stopSince = now
	}
	p.pace.running = p.running
	stopping, pending, quiet, since, why := p.stopping, p.pending, p.running == 0, p.stopSince, p.reason
	p.mu.Unlock()
	switch {
	case p.crashing.Load():
		return time.Second, 0, false
	case quiet && p.hasEnded():
		p.finish(nil)
		return 0, 0, true
	case stopping && quiet:
		status, done = p.atQuiet()
		return lookParked, status, done
	case stopping && why == reasonAsleep:
		known, stuck := p.asleep(now)
		if len(stuck) > 0 {
			return 0, fatal(p.deadlock(stuck), 2), true
		}
		if known || now.Sub(since) > firstPatience {
			p.resume()
		}
		return lookParked, 0, false
	case stopping:
		if left := p.pace.patience - now.Sub(since); left > 0 {
			return min(left, lookBusy), 0, false
		}
		p.hindered(now)
		p.callOff()
	case pending:
		if left := settleTime - now.Sub(since); left > 0 {
			return left, 0, false
		}
		p.beginStop(reasonChaos)
		return 0, 0, false
	}
	timer := p.untilTimed(now)
	if d := p.sharePatience(now, quiet); d >= 0 {
		if d == 0 {
			p.beginStop(reasonShared)
		}
		return d, 0, false
	}
	return min(p.look(now), timer), 0, false
}

// look takes a census and asks for a stop if there is reason to.
func (p *process) look(now time.Time) time.Duration {
	if word.Load()&(bitVisit|bitPoll) == bitVisit {
		word.Or(bitPoll)
	}
	c, took := p.takeCensus()
	pc := &p.pace
	if c != pc.last {
		pc.moved = now
	}
	same := c == pc.last || p.dozing.Swap(false)
	pc.last = c
	if pc.rest && c.parked && same {
		pc.rest, pc.idle = false, c
	}
	idle := c.parked && c == pc.idle
	if !now.Before(pc.notBefore) {
		p.chaosHeld.Store(false)
		if r, ok := p.reasonToStop(now, c, same, idle); ok && p.pinned.Load() == 0 {
			p.beginStop(r)
			return 0
		} else if ok {
			p.hindered(now)
			if c.parked && same && p.stirring == 0 && !now.Before(pc.askAgain) {
				pc.askDelay = min(max(2*pc.askDelay, firstAsk), lastAsk)
				pc.askAgain = now.Add(pc.askDelay)
				p.beginStop(reasonAsleep)
				return 0
			}
		}
	}
	d := lookBusy
	switch {
	case idle && !pc.wanted:
		d = lookIdle
	case c.parked && pc.awaited:
		d = lookAwaited
	case c.parked:
		d = lookParked
	}
	return max(d, 50*took)
}

// reasonToStop decides. same: nothing has moved since the last look; idle: nor since a quiet point found nobody runnable.
func (p *process) reasonToStop(now time.Time, c census, same, idle bool) (reason, bool) {
	pc := &p.pace
	since := now.Sub(pc.lastCommit)
	switch {
	case p.answered.Load() && since >= pc.cost: // somebody waits
		return reasonWanted, true
	case pc.wanted && since >= max(commitWanted, commitShare*pc.cost):
		return reasonWanted, true
	case !(idle && pc.clean) && since >= max(commitInterval, commitShare*pc.cost):
		return reasonInterval, true
	case !c.parked || !same || pc.rest || now.Before(pc.calm):
		return 0, false
	case idle && now.Before(pc.idleAgain):
		return 0, false
	case idle && pc.clean && p.shared() != nil && (pc.wake == 0 || pc.wake > now.UnixNano()):
		return 0, false // a reply brings it on
	}
	if p.inbox.waiters.Load() != 0 && now.Sub(pc.moved) < unloadAfter {
		return 0, false // the next event may be near
	}
	if c.deadline != 0 && c.deadline-now.UnixNano() <= int64(p.unloadTime()) {
		return 0, false
	}
	if left := pc.wake - now.UnixNano(); 0 < left && left <= int64(p.unloadTime()) {
		return 0, false
	}
	return reasonIdle, true
}

// unloadTime is how long a process must have nothing to do to be saved and unloaded for that.
func (p *process) unloadTime() time.Duration {
	if p.shared() != nil {
		return unloadShared
	}
	return unloadAfter
}

func (p *process) takeCensus() (c census, took time.Duration) {
	start := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	c.parked = true
	c.changes = p.changes
	for _, g := range p.gs {
		s := g.state.Load()
		c.moves += s
		c.parked = c.parked && (s&1 != 0 || g.down)
		if at := g.deadline.Load(); at != 0 && (c.deadline == 0 || at < c.deadline) {
			c.deadline = at
		}
	}
	return c, time.Since(start)
}

// callOff ends a stop that did not succeed. The next one comes later and is given more time.
func (p *process) callOff() {
	now := time.Now()
	pc := &p.pace
	p.mu.Lock()
	spent := now.Sub(p.stopSince)
	p.mu.Unlock()
	p.chaosHeld.Store(true)
	pc.notBefore = now.Add(max(pc.backoff, 10*spent))
	pc.backoff = min(2*pc.backoff, lastBackoff)
	pc.patience = min(2*pc.patience, lastPatience)
	p.resume()
}

// succeeded forgets earlier failures.
func (pc *pace) succeeded() {
	pc.backoff, pc.patience = firstBackoff, firstPatience
	pc.notBefore = time.Time{}
	pc.askDelay = 0
}
