package snap

import (
	"math"
	"testing"
	"time"
)

// TestAhead saves timers by one clock and loads them when that is further ahead.
func TestAhead(t *testing.T) {
	defer SetAhead(0)
	SetAhead(time.Hour)
	w := &timers{Timer: time.NewTimer(90 * time.Minute), Late: time.NewTimer(3 * time.Hour), Ticker: time.NewTicker(time.Hour)}
	w.Only = time.After(24 * time.Hour)
	due := TimerDue(w.Late)
	b := save(t, w)
	SetAhead(3 * time.Hour) // two hours have passed
	r := load[timers](t, b)
	select {
	case <-r.Timer.C:
	case <-time.After(time.Minute):
		t.Error("a timer that is due by the clock has not fired")
	}
	<-r.Ticker.C
	if got, want := TimerDue(r.Late), due-int64(2*time.Hour); got != want {
		t.Errorf("the other is due %v off", time.Duration(got-want))
	}
	for _, at := range []int64{0, math.MaxInt64} {
		if Told(at) != at || Meant(at) != at {
			t.Errorf("%d is %d, %d", at, Told(at), Meant(at))
		}
	}
}
