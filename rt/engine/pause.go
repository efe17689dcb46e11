// This file defines how an engine leaves a run to the next one.

package engine

import (
	"math"
	"time"
)

// Drain asks for a pause: no process is loaded any more, and those that are commit once more. Run returns ErrPaused when they have.
func (e *Engine) Drain() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.draining = true
	for _, pr := range e.procs {
		if pr.task != nil {
			pr.task.signal()
		}
	}
	bell(e.toTimer)
}

// Wake returns when a process goes on by itself: a time that has come if one has something to do now, the zero time if none ever will.
func (e *Engine) Wake() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.o.Now().UnixNano()
	first := int64(math.MaxInt64)
	for _, st := range e.fold.x.Live {
		if runnable(st, now) {
			return time.Unix(0, now)
		}
		if st.Wake != 0 {
			first = min(first, st.Wake)
		}
	}
	if first == math.MaxInt64 {
		return time.Time{}
	}
	return time.Unix(0, first)
}

// Commits returns how many commits this engine has seen.
func (e *Engine) Commits() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.commits
}

// untilPause returns how long it is until Run pauses, as far as is known. The caller holds mu.
func (e *Engine) untilPause() time.Duration {
	if !e.isStill() {
		e.still = time.Time{}
		return math.MaxInt64
	}
	if e.draining {
		return 0
	}
	if e.still.IsZero() {
		e.still = time.Now()
	}
	return time.Until(e.still.Add(e.o.PauseAfter))
}

// isStill reports whether nothing is under way, and nothing to do. The caller holds mu.
func (e *Engine) isStill() bool {
	if !e.draining && e.o.PauseAfter == 0 || e.sending > 0 || len(e.fold.outputs) > 0 || e.fold.x.Exit() != nil {
		return false
	}
	if !e.draining && (len(e.ended) > 0 || len(e.wakes) > 0 && e.wakes[0].at < e.o.Now().Add(e.o.Stay).UnixNano()) {
		return false
	}
	for _, pr := range e.procs {
		if e.draining && pr.task != nil || !e.draining && !(pr.task != nil && pr.task.idle) {
			return false
		}
	}
	return true
}
