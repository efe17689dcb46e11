package rt

import (
	"cmp"
	"runtime"
	"slices"
	"time"
)

// This file defines the stop: how all goroutines come down, and go up again.

// A reason says why a stop was asked for.
type reason uint8

const (
	reasonIdle     reason = iota // everything seems to wait
	reasonInterval               // the last commit is long ago
	reasonWanted                 // the host asked
	reasonChaos
)

func (r reason) String() string {
	return [...]string{"idle", "interval", "wanted", "chaos"}[r]
}

// beginStop asks all goroutines to concede.
func (p *process) beginStop(r reason) {
	p.mu.Lock()
	p.beginStopLocked(r)
	p.mu.Unlock()
}

func (p *process) beginStopLocked(r reason) {
	if p.stopping {
		return
	}
	p.stopping, p.pending, p.reason = true, false, r
	p.stopSince = time.Now()
	word.Or(bitStop)
	for _, g := range p.gs {
		if !g.down {
			select {
			case g.stop <- struct{}{}:
			default:
			}
		}
	}
	p.kick()
}

// concede takes g down, whose frames are complete. It reports false if no stop is in progress: g goes on.
func (p *process) concede(g *G) bool {
	if g.fresh != settled {
		g.settle()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopping && !p.pending {
		g.fresh = resumed // it is: its wait goes on from where it was
		p.unsettled++
		word.Or(bitSettle)
		return false
	}
	g.down = true
	p.left()
	return true
}

// settle counts a resumed G that has made its attempt. The last one lets a pending chaos stop begin.
func (p *process) settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unsettled--; p.unsettled > 0 {
		return
	}
	word.And(^uint32(bitSettle))
	if p.pending {
		p.beginStopLocked(reasonChaos)
	}
}

// resume ends the stop, complete or not, and starts the goroutines that are down, those first that have waited longest.
func (p *process) resume() {
	p.mu.Lock()
	p.stopping, p.pending = false, false
	word.And(^uint32(bitStop))
	var up []*G
	for _, g := range p.gs {
		select {
		case <-g.stop:
		default:
		}
		if g.down {
			up = append(up, g)
			g.down = false
			g.fresh = resumed
		}
	}
	p.running += len(up)
	if p.unsettled += len(up); p.unsettled > 0 {
		word.Or(bitSettle)
	}
	p.mu.Unlock()
	slices.SortStableFunc(up, func(a, b *G) int { return cmp.Compare(a.since, b.since) })
	startInOrder(up)
}

// patienceInOrder bounds the time that a resume spends on the order of waiters.
const patienceInOrder = 20 * time.Millisecond

// startInOrder starts goroutines such that those waiting on the same channel queue up in the order of the list: each waits until the one
// before it has parked, but not for ever. Those that may have something to do come after all that will only wait: what they do
// is to find the others in their places.
func startInOrder(up []*G) {
	last := make(map[*hchan]*G)
	left := patienceInOrder
	await := func(g *G) {
		if left > 0 {
			left -= g.awaitParked()
		}
	}
	var later []*G
	for _, g := range up {
		if !g.willPark() {
			later = append(later, g)
			continue
		}
		for _, w := range g.waits {
			if c := w.channel(); c != nil {
				if before := last[c]; before != nil && before != g {
					await(before)
				}
				last[c] = g
			}
		}
		g.start()
	}
	if len(later) > 0 {
		for _, g := range last {
			await(g)
		}
	}
	for _, g := range later {
		g.start()
	}
}

// start makes g run on a native goroutine.
func (g *G) start() {
	clear(g.waits)
	g.waits = g.waits[:0]
	g.state.Store(g.state.Load() &^ 1)
	go g.main()
}

// willPark reports whether g, which is down, most likely finds nothing to do. Others may run.
func (g *G) willPark() bool {
	for _, w := range g.waits {
		switch w.op {
		case waitReady, waitSleep:
			return false
		case waitRecv, waitSend:
			if w.possible(0, g) || w.until(g) != 0 {
				return false
			}
		}
	}
	return true
}

// awaitParked gives g up to 2 ms to park, and returns the time it took.
func (g *G) awaitParked() time.Duration {
	var since time.Time
	for i := 0; !g.parked(); i++ {
		runtime.Gosched()
		if i&15 != 15 {
			continue
		}
		if since.IsZero() {
			since = time.Now()
		} else if d := time.Since(since); d > 2*time.Millisecond {
			return d
		}
	}
	return 0
}
