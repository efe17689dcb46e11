package rt

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file writes the report of a deadlock, in Go's words.

// deadlock describes a quiet process of which nothing can go on.
// Those that are pinned are on native stacks.
func (p *process) deadlock(pinned []native) string {
	if len(p.gs) == 0 {
		return "fatal error: no goroutines (main called runtime.Goexit) - deadlock!"
	}
	gs := slices.Clone(p.gs)
	slices.SortFunc(gs, func(a, b *G) int { return int(a.id - b.id) })
	var b strings.Builder
	b.WriteString("fatal error: all goroutines are asleep - deadlock!\n")
	for _, g := range gs {
		n := slices.IndexFunc(pinned, func(n native) bool { return n.g == g.address() })
		if n >= 0 {
			b.WriteString(pinned[n].traceback(g.id))
			continue
		}
		b.WriteString("\ngoroutine " + strconv.FormatInt(g.id, 10) + " [" + g.waitReason() + "]:\n")
		for _, f := range g.frames {
			d := describe(f.F)
			args := "(...)"
			if d.Func == "main.main" {
				args = "()"
			}
			b.WriteString(d.Func + args + "\n\t" + line(d.Pos) + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// traceback describes a goroutine of the program that is on a native stack.
func (n *native) traceback(id int64) string {
	text := "\ngoroutine " + strconv.FormatInt(id, 10) + " [" + n.state + "]:\n"
	for _, f := range n.stack {
		if !f.runtime() && !f.generated() {
			text += f.named() + "(...)\n\t" + f.short() + "\n"
		}
	}
	return text
}

// asleep is asked during a stop that began as everything was parked, and some goroutines pinned. It reports known when only these are left and each
// has said what it waits for; the others are down. If nothing can go on, and so Go would report a deadlock, stuck has them.
//
// That they wait is told by the runtime, which stops all of them to list them: whoever had just been woken would be runnable there. So what each
// waits for matters only in that a timer could bring it.
func (p *process) asleep(now time.Time) (known bool, stuck []native) {
	var down, left []*G
	gs, before := p.inOrder()
	p.mu.Lock()
	for _, g := range gs {
		if g.down {
			down = append(down, g)
		} else {
			left = append(left, g)
		}
	}
	p.mu.Unlock()
	blocks := make([]*block, len(left))
	for i, g := range left {
		if blocks[i] = g.blocked.Load(); !g.blockedIn(blocks[i]) {
			return false, nil
		}
	}
	if len(left) == 0 || p.adopted.Load() != 0 {
		return true, nil
	}
	for i, g := range left {
		for _, w := range blocks[i].waits {
			if w.op == waitSleep || w.op == waitEvent || w.until(g) != 0 {
				return true, nil
			}
		}
	}
	for _, g := range down {
		if slices.ContainsFunc(g.waits, Wait.partnered) {
			return true, nil
		}
	}
	if o := p.outlook(down, now.UnixNano()); o.runnable || o.wake != 0 || o.external || p.expects(down) {
		return true, nil
	}
	for _, n := range natives() {
		switch {
		case p.foreign.first[n.id] || n.in(harmless):
		case n.g == 0 || !n.blocked():
			return true, nil
		default:
			stuck = append(stuck, n)
		}
	}
	for i, g := range left {
		if !g.blockedIn(blocks[i]) || !slices.ContainsFunc(stuck, func(n native) bool { return n.g == g.address() }) {
			return true, nil
		}
	}
	if _, changes := p.inOrder(); changes != before { // an alarm has gone off
		return true, nil
	}
	return true, stuck
}

// expects reports whether another process may make this one go on, of which these goroutines are down: by a reply, or by cancelling a context.
func (p *process) expects(down []*G) bool {
	return p.share != nil && (slices.ContainsFunc(down, (*G).expects) || !p.dones.none() || !p.callbacks.none())
}

// blockedIn reports whether g is parked in b, which it has said when it parked.
func (g *G) blockedIn(b *block) bool { return b != nil && b.state == g.state.Load() && b.state&1 != 0 }

// blocked reports whether nothing but another goroutine, or a timer, can make n go on.
func (n *native) blocked() bool {
	for _, s := range []string{"chan ", "select", "sync.", "semacquire"} {
		if strings.HasPrefix(n.state, s) {
			return true
		}
	}
	return false
}

// line cuts the column from file:line:col.
func line(pos string) string {
	if strings.Count(pos, ":") < 2 {
		return pos
	}
	return pos[:strings.LastIndexByte(pos, ':')]
}
