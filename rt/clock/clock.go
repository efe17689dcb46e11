// Package clock tells the time that a deployment goes by: the machine's, or that of a local cloud, which can be sped up and set forward.
//
// A local cloud writes a file that says how its time follows from the machine's; its functions, which are other OS processes, read it:
//
//	REAL VIRTUAL SPEED      Unix times in nanoseconds, and a factor
//
// means that the time was VIRTUAL at REAL, and has passed SPEED times as fast since.
package clock

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A Clock tells the time. A nil *Clock is the machine's. Its methods may be called by several goroutines.
type Clock struct {
	path string // "": not from a file
	own  bool   // set here, not by another process

	mu      sync.Mutex
	real    time.Time
	virtual time.Time
	speed   float64
	changed chan struct{} // closed when the time was changed
}

// Env is the environment variable through which a function finds the file.
const Env = "HARK_CLOCK"

// New returns a clock of its own, that of a local cloud. Changes are written to the file, if path is not "".
func New(path string, speed float64) (*Clock, error) {
	now := time.Now()
	c := &Clock{path: path, own: true, real: now, virtual: now, speed: speed, changed: make(chan struct{})}
	return c, c.write()
}

// FromEnv returns the clock that the environment names, nil if it names none.
func FromEnv() *Clock {
	path := os.Getenv(Env)
	if path == "" {
		return nil
	}
	return &Clock{path: path, speed: 1}
}

// Now returns the time, without a monotonic reading unless it is the machine's.
func (c *Clock) Now() time.Time {
	if c == nil {
		return time.Now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.own {
		c.read()
	}
	return c.at(time.Now())
}

func (c *Clock) at(now time.Time) time.Time {
	if c.real.IsZero() {
		return now
	}
	return c.virtual.Add(time.Duration(float64(now.Sub(c.real)) * c.speed)).Round(0)
}

// Until returns how long it really is until t.
func (c *Clock) Until(t time.Time) time.Duration {
	if c == nil {
		return time.Until(t)
	}
	left := t.Sub(c.Now())
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := math.Ceil(float64(left) / c.speed); d < math.MaxInt64 {
		return time.Duration(d)
	}
	return math.MaxInt64
}

// Sleep waits until t, or until done is closed, and reports whether it is t. It minds changes of the clock, those of another process after a while.
func (c *Clock) Sleep(done <-chan struct{}, t time.Time) bool {
	for {
		var changed <-chan struct{}
		if c != nil && c.own {
			c.mu.Lock()
			changed = c.changed // before the time is asked for: a change between the two is not missed
			c.mu.Unlock()
		}
		left := c.Until(t)
		if left <= 0 {
			return true
		}
		if changed == nil {
			left = min(left, time.Second)
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-changed:
			timer.Stop()
		case <-done:
			timer.Stop()
			return false
		}
	}
}

// Advance sets the clock forward.
func (c *Clock) Advance(d time.Duration) error { return c.set(d, 0) }

// SetSpeed makes time pass so many times as fast as it really does, from now on.
func (c *Clock) SetSpeed(speed float64) error { return c.set(0, speed) }

func (c *Clock) set(forward time.Duration, speed float64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.virtual, c.real = c.at(now).Add(forward), now
	if speed > 0 {
		c.speed = speed
	}
	close(c.changed)
	c.changed = make(chan struct{})
	return c.write()
}

func (c *Clock) write() error {
	if c.path == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(c.path), ".clock-")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d %d %g\n", c.real.UnixNano(), c.virtual.UnixNano(), c.speed)
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err == nil {
		err = os.Rename(f.Name(), c.path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// read takes over what the file says. If it cannot be read, what was read before holds.
func (c *Clock) read() {
	data, err := os.ReadFile(c.path)
	if err != nil {
		return
	}
	var real, virtual int64
	var speed float64
	if n, _ := fmt.Sscanf(string(data), "%d %d %g", &real, &virtual, &speed); n == 3 && speed > 0 {
		c.real, c.virtual, c.speed = time.Unix(0, real), time.Unix(0, virtual), speed
	}
}
