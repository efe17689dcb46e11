package snap

// This file offers what the codec knows about memory to those who show it to people.

import (
	"reflect"
	"time"
	"unsafe"
)

// EachVar calls f with each registered variable, which it may read in place.
func EachVar(f func(name string, v reflect.Value)) {
	for _, v := range registry.vars {
		f(v.name, reflect.NewAt(v.typ, v.ptr).Elem())
	}
}

// ClosureEnv returns the environment of the func value *fn, a pointer to a struct. It is invalid if *fn is no registered closure.
func ClosureEnv(fn unsafe.Pointer) reflect.Value {
	c := *(**closureObject)(fn)
	if c == nil || sectionOf(uintptr(unsafe.Pointer(c))) != secNone {
		return reflect.Value{} // a function without an environment is in the image
	}
	i, ok := registry.closureByCode[c.code]
	if !ok {
		return reflect.Value{}
	}
	return reflect.NewAt(registry.closures[i].env.Elem(), c.env)
}

// ChanElem returns the i-th element in the buffer of a channel, in the order in which they are received. Nobody may use the channel.
func ChanElem(ch reflect.Value, i int) reflect.Value {
	c := (*hchan)(ch.UnsafePointer())
	return reflect.NewAt(ch.Type().Elem(), c.slot(i)).Elem()
}

// TimerPeriod returns the period of t or of a Ticker of that memory, in nanoseconds, 0 for a Timer.
func TimerPeriod(t *time.Timer) int64 { return (*timeTimer)(unsafe.Pointer(t)).timer.period }

// ChanTimer returns the Timer or the Ticker that feeds the channel, nil if there is none.
func ChanTimer(ch unsafe.Pointer) *time.Timer {
	c := (*hchan)(ch)
	if c.timer == nil {
		return nil
	}
	return (*time.Timer)(unsafe.Pointer(timerOf(c)))
}
