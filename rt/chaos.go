package rt

import "time"

// This file defines chaos: a stop before every Nth operation, which proves that a program can be stopped anywhere.

// chaosOp counts an operation. It reports whether a stop comes before it.
func (p *process) chaosOp() bool {
	if n := p.ops.Add(1); n%int64(p.start.Chaos) != 0 {
		return false
	}
	if p.pinned.Load() != 0 || p.chaosHeld.Load() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unsettled > 0 && !p.stopping {
		if !p.pending {
			p.pending = true
			p.stopSince = time.Now()
		}
		p.kick() // the monitor does not wait for ever
		return true
	}
	p.beginStopLocked(reasonChaos)
	p.reason = reasonChaos
	return true
}
