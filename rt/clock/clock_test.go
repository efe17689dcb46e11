package clock

import (
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestMachine(t *testing.T) {
	var c *Clock
	if d := time.Since(c.Now()); d < 0 || d > time.Minute {
		t.Errorf("%v off", d)
	}
	if !c.Sleep(nil, time.Now().Add(-1)) {
		t.Error("the past has not come")
	}
}

// TestFile checks that another process sees the same time.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clock")
	c, err := New(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(Env, path)
	other := FromEnv()
	for _, change := range []func() error{
		func() error { return nil },
		func() error { return c.Advance(7 * 24 * time.Hour) },
		func() error { return c.SetSpeed(1000) },
		func() error { return c.Advance(time.Hour) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		a := c.Now()
		b := other.Now()
		d := c.Now()
		if b.Before(a.Add(-time.Microsecond)) || b.After(d.Add(time.Microsecond)) {
			t.Errorf("%v is not between %v and %v", b, a, d)
		}
	}
	if got := c.Now(); got.Before(time.Now().Add(7*24*time.Hour)) || got.After(time.Now().Add(8*24*time.Hour)) {
		t.Errorf("it is %v", got)
	}
}

func TestSleep(t *testing.T) {
	c, err := New("", 1)
	if err != nil {
		t.Fatal(err)
	}
	end := c.Now().Add(time.Hour)
	slept := make(chan bool)
	done := make(chan struct{})
	go func() { slept <- c.Sleep(done, end) }()
	c.Advance(30 * time.Minute)
	select {
	case <-slept:
		t.Fatal("half an hour was an hour")
	default:
	}
	c.Advance(30 * time.Minute)
	if !<-slept {
		t.Error("an hour has not come")
	}
	go func() { slept <- c.Sleep(done, end.Add(time.Hour)) }()
	close(done)
	if <-slept {
		t.Error("it came though it was to stop")
	}
}

// TestSleepSeesChange sets the clock forward while sleeps begin: each has seen the new time, or is told of it.
func TestSleepSeesChange(t *testing.T) {
	c, err := New("", 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 20_000 {
		at := c.Now().Add(time.Hour)
		slept := make(chan bool)
		go func() { slept <- c.Sleep(nil, at) }()
		runtime.Gosched()
		if err := c.Advance(2 * time.Hour); err != nil {
			t.Fatal(err)
		}
		select {
		case <-slept:
		case <-time.After(10 * time.Second):
			t.Fatal("it sleeps on")
		}
	}
}
