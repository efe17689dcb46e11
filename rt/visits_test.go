package rt_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/harkgen/harkgen/rt"
)

// This file tests chaos where a program has no operation, on a recursion whose calls each have a loop.

type visitMain struct{ n, turns int }

func (m *visitMain) Run(g *rt.G) {
	if sum := visitSum(g, m.n, m.turns); !g.Suspending() {
		say("sum %d", sum)
	}
}

type visitSum__f struct {
	rt.Frame
	n, turns, i, sum int
}

var _ = rt.Register[visitSum__f]("main.visitSum", rt.Point{PC: 0, Op: "entry"}, rt.Point{PC: 1, Op: "running"}, rt.Point{PC: 2, Op: "calls main.visitSum"})

func visitSum(g *rt.G, n, turns int) (sum int) {
	var i, below, pc int
	if g.Resuming() {
		f := rt.Entry(g, &visitSum__f{n: n, turns: turns})
		if g.Suspending() {
			return
		}
		n, turns, i, sum = f.n, f.turns, f.i, f.sum
		pc = f.PC
	}
	switch pc {
	case 1:
		goto loop
	case 2:
		goto p2
	}
loop:
	if i < turns {
		sum++
		i++
		if g.Poll() {
			g.Yield()
			g.Push(&visitSum__f{Frame: rt.Frame{PC: 1}, n: n, turns: turns, i: i, sum: sum})
			return
		}
		goto loop
	}
	if n == 0 {
		return sum
	}
p2:
	below = visitSum(g, n-1, turns)
	if g.Suspending() {
		g.Push(&visitSum__f{Frame: rt.Frame{PC: 2}, n: n, turns: turns, i: i, sum: sum})
		return
	}
	return sum + below
}

// TestVisits: a program without operations is stopped at its polls and entries, at first each time and then ever more rarely.
func TestVisits(t *testing.T) {
	main := &visitMain{20, 200_000}
	h := &memHost{start: rt.Start{Chaos: 1, InProc: true, Visits: true}}
	if s := run(t, main, h); s != 0 {
		t.Errorf("status %d", s)
	}
	if want := []string{"sum 4200000"}; !slices.Equal(out, want) {
		t.Errorf("out %q, want %q", out, want)
	}
	ops := map[string]int{}
	for _, c := range h.commits {
		if c.Reason == "chaos" {
			ops[c.Goroutines[0].Stack[0].Op]++
		}
	}
	t.Logf("%d commits, chaos %v", len(h.commits), ops)
	if got := slices.Sorted(maps.Keys(ops)); !slices.Equal(got, []string{"entry", "running"}) {
		t.Errorf("stopped at %q", got)
	}
	if n := ops["entry"] + ops["running"]; n < 4 || n > 100 {
		t.Errorf("%d stops", n)
	}

	// A process that goes on from a snapshot knows what has been visited.
	before := len(out)
	again := &memHost{start: rt.Start{Chaos: 1, InProc: true, Visits: true}, from: h.commits[len(h.commits)-1].snapshot}
	if s := run(t, main, again); s != 0 || before != 1 {
		t.Errorf("status %d", s)
	}
	if len(again.commits) > len(h.commits)/2+2 {
		t.Errorf("%d more commits after the last of %d", len(again.commits), len(h.commits))
	}

	// Every Nth counts.
	some := &memHost{start: rt.Start{Chaos: 3, InProc: true, Visits: true}}
	if s := run(t, main, some); s != 0 || len(some.commits) >= len(h.commits) {
		t.Errorf("chaos 3: status %d, %d commits", s, len(some.commits))
	}
	// Without chaos none does.
	none := &memHost{start: rt.Start{Visits: true}}
	if s := run(t, main, none); s != 0 || len(none.commits) > 1 {
		t.Errorf("no chaos: status %d, %d commits", s, len(none.commits))
	}
}

// TestVisitOps: all of the first operations are chosen, and a bounded number of any more.
func TestVisitOps(t *testing.T) {
	if n := rt.ChosenOps(499); n != 499 {
		t.Errorf("%d of 499 chosen", n)
	}
	few, many := rt.ChosenOps(100_000), rt.ChosenOps(10_000_000)
	if few < 1000 || many <= few || many > 2000 {
		t.Errorf("%d of 1e5 chosen, %d of 1e7", few, many)
	}
}
