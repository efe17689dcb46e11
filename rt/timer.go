package rt

import (
	"math"
	"runtime"
	"sync"
	"time"
	"weak"

	"github.com/harkgen/harkgen/rt/snap"
)

// This file defines time: Sleep, whose deadline is in the G, and AfterFunc.
//
// All other timers are Go's own: time.After, NewTimer, NewTicker, Tick, Stop, Reset are called as they are, and package snap saves what they
// have made. So they mean in a durable program exactly what they mean in Go, also in code that is not compiled. A timer counts, for the
// deadline until which the process sleeps and for a deadlock, while a goroutine waits for its channel.

// Sleep is time.Sleep(d). A sleep that is suspended goes on to its first deadline.
func Sleep(g *G, d time.Duration) {
	if g.deadline.Load() == 0 {
		if d <= 0 {
			if g.Before() { // a loop with a sleep in it has no other place to be suspended in
				g.Concede(Ready())
			}
			return
		}
		g.deadline.Store(deadlineIn(d))
	}
	if g.Before() {
		g.Concede(Wait{op: waitSleep})
		return
	}
	for {
		left := g.deadline.Load() - time.Now().UnixNano()
		if left <= 0 {
			break
		}
		if !g.sleep(time.Duration(left)) {
			return
		}
	}
	g.deadline.Store(0)
}

// sleep parks for d. It reports false if g has conceded.
func (g *G) sleep(d time.Duration) bool {
	if g.alarm == nil {
		g.alarm = time.NewTimer(d)
	} else {
		g.alarm.Reset(d)
	}
	g.Park()
	defer g.Unpark()
	g.p.dozes(d)
	select {
	case <-g.alarm.C:
		return true
	case <-g.Stop():
	}
	g.alarm.Stop()
	g.Concede(Wait{op: waitSleep})
	return false
}

// dozes makes the monitor look whether all sleep, if the process may be unloaded then.
func (p *process) dozes(d time.Duration) {
	if d > unloadShared && (p.start.Process != 0 || word.Load()&bitShare != 0) {
		p.dozing.Store(true)
		p.kick()
	}
}

// deadlineIn returns the wall-clock time in d, in nanoseconds. It is never 0.
func deadlineIn(d time.Duration) int64 {
	now := time.Now().UnixNano()
	if int64(d) > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + int64(d)
}

// An alarm is the function of an AfterFunc. The timer is Go's, so Stop and Reset are; the function that it calls is fire, which starts a goroutine
// of the program.
type alarm struct {
	f       func()
	timer   *time.Timer
	context bool // the deadline of a context: of no use to a process without goroutines
}

func init() { RegisterClosure[alarm]("rt.alarm", (*alarm)(nil).fire) }

// AfterFunc is time.AfterFunc(d, f).
func AfterFunc(d time.Duration, f func()) *time.Timer { return setAlarm(d, &alarm{f: f}) }

// ContextTimer is AfterFunc for the deadline of a context.
func ContextTimer(d time.Duration, f func()) *time.Timer {
	return setAlarm(d, &alarm{f: f, context: true})
}

func setAlarm(d time.Duration, a *alarm) *time.Timer {
	as := &cur.alarms
	as.mu.Lock()
	defer as.mu.Unlock()
	a.timer = time.AfterFunc(d, a.fire)
	as.add(a)
	return a.timer
}

// fire is called by the timer on a goroutine of its own.
func (a *alarm) fire() {
	p := cur
	p.alarms.mu.Lock()
	defer p.alarms.mu.Unlock()
	if _, ok := p.alarms.set[weak.Make(a)]; ok { // else it belongs to what a snapshot has replaced
		p.spawn(&alarmCall{a.f})
	}
}

// An alarmCall is the goroutine of an alarm.
type alarmCall struct{ f func() }

// Run implements Thunk.
func (t *alarmCall) Run(g *G) {
	g.Dyn()
	t.f()
	g.EndDyn()
}

// alarms are the alarms of a process.
//
// It refers to them weakly. One that is set is kept by the runtime, any other by whoever could set it again; the rest is gone.
type alarms struct {
	mu   sync.Mutex
	set  map[weak.Pointer[alarm]]struct{}
	lean int // length after the last pruning
}

// add enters a. as.mu is held.
func (as *alarms) add(a *alarm) {
	if as.set == nil {
		as.set = make(map[weak.Pointer[alarm]]struct{})
	}
	if len(as.set) > 64 && len(as.set) > 2*as.lean {
		as.live()
	}
	as.set[weak.Make(a)] = struct{}{}
}

// live returns the alarms that are left, and forgets the others. as.mu is held.
func (as *alarms) live() []*alarm {
	var list []*alarm
	for w := range as.set {
		if a := w.Value(); a != nil {
			list = append(list, a)
		} else {
			delete(as.set, w)
		}
	}
	as.lean = len(as.set)
	return list
}

// next returns when the first alarm is due, UnixNano, 0 if none is set.
func (as *alarms) next() (first int64) {
	as.mu.Lock()
	defer as.mu.Unlock()
	for w := range as.set {
		if a := w.Value(); a != nil {
			if at := snap.TimerDue(a.timer); at != 0 && (first == 0 || at < first) {
				first = at
			}
		}
	}
	return first
}

// A savedAlarm is an alarm in a snapshot.
type savedAlarm struct {
	When  int64 // by the clock of the deployment; 0 = not set
	Alarm *alarm
}

// saved returns the alarms. One that is not set has been stopped, or the goroutine that calls it exists already.
func (as *alarms) saved() []savedAlarm {
	as.mu.Lock()
	defer as.mu.Unlock()
	var out []savedAlarm
	for _, a := range as.live() {
		out = append(out, savedAlarm{snap.Told(snap.TimerDue(a.timer)), a})
	}
	if len(out) > 0 {
		// A processor may be between clearing the due time and starting the goroutine. To stop the world waits for it.
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
	}
	return out
}

// restore replaces the alarms by saved ones, and sets their timers. Those there were will not fire.
func (as *alarms) restore(list []savedAlarm) {
	as.mu.Lock()
	defer as.mu.Unlock()
	for _, a := range as.live() {
		a.timer.Stop()
	}
	as.set, as.lean = nil, 0
	now := time.Now().UnixNano()
	for _, s := range list {
		as.add(s.Alarm)
		if s.When != 0 {
			s.Alarm.timer.Reset(time.Duration(snap.Meant(s.When) - now))
		}
	}
}
