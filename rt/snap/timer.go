package snap

// This file defines what snap knows about timers.
//
// A time.Timer or time.Ticker is the visible head of an object of the runtime (runtime/time.go). It is saved as the time by the wall clock at which
// it is due, and its period; Load makes a new one.
//
// The timer of a channel is plain data while no goroutine waits for the channel: since Go 1.23 it fires only when somebody looks. So it is
// saved as it is. That of a function (time.AfterFunc) fires at any moment. Its due time is left out: whoever has registered
// the function's closure saves it (see TimerDue), and sets the timer again after Load.

import (
	"math"
	"os"
	"reflect"
	"runtime"
	"time"
	"unsafe"
)

// timeTimer mirrors runtime.timeTimer, of which time.Timer and time.Ticker are the first two fields.
type timeTimer struct {
	c     unsafe.Pointer
	init  bool
	timer struct {
		mu            uintptr
		astate, state uint8
		isChan        bool
		isFake        bool // of a testing/synctest bubble
		blocked, rand uint32
		when          int64 // by nanotime, 0 = not set
		period        int64
		f             unsafe.Pointer
		arg           any // chan time.Time or func()
		seq           uintptr
		ts            unsafe.Pointer
		sendLock      uintptr
		isSending     int32
	}
}

const (
	timerOffset = unsafe.Offsetof(timeTimer{}.timer)
	timerSize   = 2 * unsafe.Sizeof(timeTimer{}) // with its channel
)

//go:linkname nanotime runtime.nanotime
func nanotime() int64

func init() {
	// With asynctimerchan=1, which is the default of modules for Go 1.22 and older, timer channels are ordinary channels that nothing leads
	// from to their timers. Programs that are right with them are right without.
	if t := time.NewTimer(0); cap(t.C) != 0 {
		os.Setenv("GODEBUG", os.Getenv("GODEBUG")+",asynctimerchan=0")
	}
	const d = 1234567890123
	t0 := nanotime()
	t := time.NewTicker(d)
	f := time.AfterFunc(d, func() {})
	t1 := nanotime()
	m, a, c := (*timeTimer)(unsafe.Pointer(t)), (*timeTimer)(unsafe.Pointer(f)), *(**hchan)(unsafe.Pointer(&t.C))
	_, isFunc := a.timer.arg.(func())
	ok := m.init && m.timer.isChan && m.timer.period == d && t0+d <= m.timer.when && m.timer.when <= t1+d &&
		c.timer == unsafe.Pointer(&m.timer) && m.channel() == unsafe.Pointer(c) &&
		a.init && !a.timer.isChan && a.timer.period == 0 && a.timer.when > 0 && isFunc && isTimer(unsafe.Pointer(t))
	t.Stop()
	f.Stop()
	if !ok || m.timer.when != 0 || a.timer.when != 0 {
		panic("snap: this Go runtime (" + runtime.Version() + ") lays out timers in an unknown way")
	}
}

// channel returns the channel that t feeds.
func (t *timeTimer) channel() unsafe.Pointer { return (*eface)(unsafe.Pointer(&t.timer.arg)).data }

// clockZero is when nanotime was 0, by the wall clock as it was when this process started: so a timer is saved with the same time whenever that is.
var clockZero = time.Now().UnixNano() - nanotime()

// due returns when t is due by the wall clock, in nanoseconds, 0 if it is not set.
func (t *timeTimer) due() int64 {
	when := t.timer.when
	if when == 0 || when == math.MaxInt64 {
		return when
	}
	if when > math.MaxInt64-clockZero {
		return math.MaxInt64
	}
	return max(clockZero+when, 1)
}

// setDue is the inverse of due, for a timer that is not in the runtime's heap.
func (t *timeTimer) setDue(due int64) {
	if due == 0 || due == math.MaxInt64 {
		t.timer.when = due
		return
	}
	t.timer.when = max(due-clockZero, 1)
}

// TimerDue returns when t, which has been made by package time, is due by the wall clock, in nanoseconds, 0 if it is not set. It may run at that moment.
func TimerDue(t *time.Timer) int64 { return (*timeTimer)(unsafe.Pointer(t)).due() }

// ChanDue is TimerDue of the timer or ticker that feeds the channel ch, 0 if there is none. No goroutine may wait for ch.
func ChanDue(ch any) int64 {
	c := (*hchan)((*eface)(unsafe.Pointer(&ch)).data)
	if c == nil || c.timer == nil {
		return 0
	}
	return timerOf(c).due()
}

// timerOf returns the timer that feeds c.
func timerOf(c *hchan) *timeTimer {
	return (*timeTimer)(unsafe.Add(c.timer, -int(timerOffset)))
}

var timerType, tickerType = reflect.TypeFor[time.Timer](), reflect.TypeFor[time.Ticker]()

// isTimer reports whether the time.Timer or time.Ticker at q is one of the runtime's, not a copy of one.
func isTimer(q unsafe.Pointer) bool {
	if !(*timeTimer)(q).init {
		return false
	}
	base, _, _ := findObject(uintptr(q), 0, 0)
	last, _, _ := findObject(uintptr(q)+unsafe.Sizeof(timeTimer{})-1, 0, 0)
	return base == uintptr(q) && last == base
}

// timerNode records the timer at q.
func (s *scanner) timerNode(q unsafe.Pointer) {
	switch {
	case s.link != nil && (*time.Timer)(q).C == nil:
		s.bailTo(q, timerType, "the timer of a function belongs to one process")
	case s.link == nil && (*timeTimer)(q).timer.isFake:
		s.bailTo(q, timerType, "the timer belongs to a testing/synctest bubble")
	}
	p, _ := progOf(timerType)
	s.node(q, timer, p, 0)
}

var funcOp = op{kind: opFunc, size: wordSize, typ: reflect.TypeFor[func()]()}

func (s *scanner) scanTimer(r *region) {
	if s.link != nil {
		return
	}
	t := (*timeTimer)(r.ptr())
	s.ref(&r.prog().ops[0], r.ptr()) // C
	if t.timer.isChan {
		return
	}
	f := t.channel()
	if s.heapHead(f) == nil {
		s.bailAt(r.ptr(), timerType, "a timer of code that is not compiled belongs to this process")
	}
	s.function(f, funcOp.typ)
}

func (e *encoder) timerRef(t *timeTimer) {
	e.fresh(objTimer)
	if t.timer.isChan {
		e.uvarint(1)
		e.varint(Told(t.due()))
		e.varint(t.timer.period)
	} else {
		e.uvarint(0)
	}
	e.zeros(padding(timerSize))
}

// timerOp stands for the reference of a channel to the timer that feeds it.
var timerOp = op{kind: opPtr, typ: reflect.TypeFor[*time.Timer](), elem: timerType}

// timerChan writes the first reference to the channel c, which is region i and which a timer feeds.
func (e *encoder) timerChan(c *hchan, r *region, i uint32) {
	e.fresh(objTimerChan)
	e.push(i)
	p, _ := progOf(timerType)
	e.ref(&timerOp, unsafe.Pointer(timerOf(c)), p, 1)
	e.length(i, int(c.qcount))
}

func (e *encoder) timerBody(r *region) {
	e.op(&r.prog().ops[0], r.ptr())
	if t := (*timeTimer)(r.ptr()); !t.timer.isChan {
		e.function(&funcOp, t.channel())
	}
}

func (d *decoder) newTimer() *object {
	d.charge(timerSize, 1)
	t := time.NewTimer(math.MaxInt64)
	if d.bool() {
		due, period := d.varint(), d.varint()
		if due < 0 || period < 0 {
			corrupt("bad timer")
		}
		m := (*timeTimer)(unsafe.Pointer(t))
		m.setDue(Meant(due))
		m.timer.period = period
	} else {
		t = time.AfterFunc(math.MaxInt64, func() {})
		t.Stop()
	}
	d.skip(padding(timerSize))
	p, _ := progOf(timerType)
	return d.push(object{kind: timer, prog: p, n: 1, ptr: unsafe.Pointer(t)})
}

// newTimerChan reads the first reference to a channel that a timer feeds.
func (d *decoder) newTimerChan() *object {
	p, n := progOf(reflect.TypeFor[time.Time]())
	x := d.push(object{kind: channel, prog: p, n: n})
	i := d.objects.n
	p, _ = progOf(timerType)
	of, off, _ := d.ref(&timerOp, p, 1)
	if of == nil || of.kind != timer || off != 0 {
		corrupt("channel without its timer")
	}
	t := (*timeTimer)(of.ptr)
	if !t.timer.isChan {
		corrupt("channel without its timer")
	}
	x.ptr = t.channel()
	s := channelState{n: d.length()}
	if s.n > 1 {
		corrupt("bad channel")
	}
	d.buffered[i] = s
	return x
}

func (d *decoder) timerBody(o *object) {
	t := (*timeTimer)(o.ptr)
	d.op(&o.prog.ops[0], o.ptr)
	if t.timer.isChan {
		return
	}
	f := d.node(&funcOp)
	if f == nil {
		corrupt("timer without a function")
	}
	t.timer.arg = *(*func())(unsafe.Pointer(&f))
}
