package snap

import (
	"reflect"
	"time"
	"unsafe"
)

// This file defines timers in values that go between processes. A timer with a channel is known by its channel, which is shared. It stays in the process that has
// made it; what stands for it in others has the channel and nothing else, so Stop and Reset cannot be called there.

// standsForTimer reports whether the time.Timer or time.Ticker at q stands for one of another process. It has never been given to package time.
func standsForTimer(q unsafe.Pointer) bool {
	return (*time.Timer)(q).C != nil && !(*timeTimer)(q).init
}

// linkedTimer writes a reference to the timer that is region r.
func (e *encoder) linkedTimer(r *region) {
	t := (*time.Timer)(r.ptr())
	e.special(specialTimer)
	e.thing(e.link.share(ThingChan, reflect.TypeFor[time.Time](), 0, *(*unsafe.Pointer)(unsafe.Pointer(&t.C))))
}

// linkedTimer reads a reference to a timer, and returns it, or what stands for it here.
func (d *decoder) linkedTimer() unsafe.Pointer {
	c := d.thing(nil, nil)
	if (*hchan)(c).timer != nil {
		return unsafe.Pointer(timerOf((*hchan)(c)))
	}
	t := new(time.Timer)
	*(*unsafe.Pointer)(unsafe.Pointer(&t.C)) = c
	return unsafe.Pointer(t)
}
