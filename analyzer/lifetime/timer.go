package lifetime

import (
	"go/constant"
	"strconv"
	"time"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// This file judges constant times, by what docs/limits.md says.

const (
	nearby = 2 * time.Second // an invocation waits so long itself
	step   = time.Second     // what other waits are kept to
	far    = time.Minute     // from here on a fraction of a second is no matter
	huge   = 1_000_000       // elements of a buffer
)

// timers are the functions that wait, with the argument that says how long.
var timers = map[string]int{
	"time.Sleep": 0, "time.After": 0, "time.AfterFunc": 0, "time.NewTimer": 0, "time.NewTicker": 0, "time.Tick": 0, "context.WithTimeout": 1,
}

// duration is the constant time that a call waits for.
func duration(i ssa.Instruction) (name string, d time.Duration, ok bool) {
	c, ok := i.(*ssa.Call)
	if !ok {
		return "", 0, false
	}
	name = flow.Callee(&c.Call)
	arg, ok := timers[name]
	if !ok {
		return "", 0, false
	}
	v, ok := c.Call.Args[arg].(*ssa.Const)
	if !ok || v.Value == nil {
		return "", 0, false
	}
	n, ok := constant.Int64Val(constant.ToInt(v.Value))
	return name, time.Duration(n), ok
}

// timer judges the time of a call.
func (p *pass) timer(i ssa.Instruction) {
	name, d, ok := duration(i)
	switch {
	case !ok:
	case d > 0 && d <= nearby && (name == "time.NewTicker" || name == "time.Tick"):
		p.report(vet.Info, i.Pos(), "a ticker of "+d.String(), busy, often)
	case d > nearby && d < far && d%step != 0:
		p.report(vet.Info, i.Pos(), "a wait of "+d.String(), "on AWS a wait of more than two seconds is kept to about a second", "take whole seconds")
	}
}

const (
	busy  = "the run is never at rest: on AWS an invocation stays for it and is billed for as long as this goes on, and the run is saved every second"
	often = "tick every few seconds or less often, or wait for what is to happen (a channel, an event)"
)

// naps judges the sleeps of a loop without end that waits for nothing else.
func (p *pass) naps(l *loop) {
	var nap ssa.Instruction
	for _, b := range l.list {
		for _, i := range b.Instrs {
			name, d, ok := duration(i)
			switch {
			case ok && name == "time.Sleep" && d > 0 && d <= nearby:
				nap = i
			case p.colour.Suspends(i):
				return
			}
		}
	}
	if nap == nil || !always(l, nap.Block()) {
		return
	}
	_, d, _ := duration(nap)
	p.report(vet.Info, nap.Pos(), "a sleep of "+d.String()+" in a loop that never ends", busy, often)
}

// buffer judges the capacity of a channel.
func (p *pass) buffer(i ssa.Instruction) {
	m, ok := i.(*ssa.MakeChan)
	if !ok {
		return
	}
	c, ok := m.Size.(*ssa.Const)
	if !ok || c.Value == nil || c.Int64() < huge {
		return
	}
	p.report(vet.Info, m.Pos(), "a channel with a buffer of "+strconv.FormatInt(c.Int64(), 10), "what is in it is saved with each commit", "take a buffer as small as the work needs, so that senders wait")
}
