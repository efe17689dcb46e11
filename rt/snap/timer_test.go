package snap

import (
	"reflect"
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"
)

type alarmEnv struct{ rang chan int }

func (e *alarmEnv) fn() { e.rang <- 1 }

func init() {
	RegisterClosure("alarm", (*alarmEnv)(nil).fn, reflect.TypeFor[*alarmEnv]())
}

type timers struct {
	Timer, Stopped *time.Timer
	Same           any
	Ticker         *time.Ticker
	Chan           <-chan time.Time // of Timer
	Only, Tick     <-chan time.Time
	Late           *time.Timer
	NoChan         *time.Timer
	Alarm          *time.Timer
	Env            *alarmEnv
	Func           func()
}

func TestTimers(t *testing.T) {
	const d = 50 * time.Millisecond
	start := time.Now()
	env := &alarmEnv{make(chan int, 1)}
	w := &timers{
		Timer: time.NewTimer(d), Stopped: time.NewTimer(d), Ticker: time.NewTicker(d), Only: time.After(d), Tick: time.Tick(d),
		Late: time.NewTimer(0), NoChan: time.NewTimer(d), Env: env, Func: env.fn,
	}
	w.Alarm = time.AfterFunc(time.Hour, w.Func)
	defer w.Alarm.Stop()
	w.Chan, w.Same, w.NoChan.C = w.Timer.C, w.Timer, nil
	w.Stopped.Stop()
	b := save(t, w)
	r := load[timers](t, b)
	runtime.GC()
	if r.Chan != r.Timer.C || r.Same != any(r.Timer) || r.NoChan.C != nil {
		t.Fatal("identities are lost")
	}
	if len(r.Chan) != 0 || cap(r.Chan) != 0 {
		t.Error("the channel is not one of a timer")
	}
	if TimerDue(r.Alarm) != 0 {
		t.Error("the timer of a function is set")
	}
	select {
	case <-r.Late.C:
	default:
		t.Error("no value of a timer that is due")
	}
	first := <-r.Tick
	for n, c := range []<-chan time.Time{r.Chan, r.Only, r.Ticker.C} {
		if at := (<-c).Sub(start); at < d-time.Millisecond || at > 3*d {
			t.Error(n, "fired after", at)
		}
	}
	if at := (<-r.Tick).Sub(first); at < d/2 || at > 3*d/2 {
		t.Error("second tick after", at)
	}
	if r.Stopped.Stop() || r.Stopped.Reset(time.Millisecond) {
		t.Error("a stopped timer was set")
	}
	<-r.Stopped.C
	r.Ticker.Reset(time.Hour)
	if !r.NoChan.Stop() || !r.NoChan.Reset(time.Hour) && !r.NoChan.Stop() {
		t.Error("Stop")
	}
	if r.Alarm.Reset(time.Millisecond) {
		t.Error("the timer of a function was set")
	}
	if <-r.Env.rang; len(env.rang) != 0 {
		t.Error("the old timer has fired")
	}
	b = save(t, r)
	if when := load[timers](t, b); TimerDue(when.Timer) != 0 || ChanDue(when.Ticker.C) < start.Add(time.Hour-time.Minute).UnixNano() {
		t.Error("saved again: wrong due times")
	}
}

func mustTickets(c *sync.Cond) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(c), mustField(reflect.TypeFor[sync.Cond](), "notify").Offset)
}

func TestCond(t *testing.T) {
	c := sync.NewCond(&sync.Mutex{})
	tickets := (*[2]uint32)(mustTickets(c))
	tickets[0] = 3 // three have waited
	c.Signal()
	r := load[*sync.Cond](t, save(t, &c))
	(*r).Signal()
	if got := *(*[2]uint32)(mustTickets(*r)); got != [2]uint32{3, 2} {
		t.Error(got)
	}
	(*r).L.Lock()
}
