// Package model checks the protocol by which processes are stepped: it explores all that can happen to small programs, with the real exchange.Exchange
// and a model of the rest: the records, the log and its checkpoints, messages that come late, twice or never, workers and engines that crash at any
// point, come back, or are two where there should be one.
//
// docs/processes.md has the rules. Those that the engine must keep stand in actions.go with their names; a rule that is switched off (broken) must be
// missed: tests do that, to know that the model sees what it is for.
package model

import (
	"errors"
	"fmt"
	"slices"

	"github.com/harkgen/harkgen/rt/exchange"
)

// A run explores one scenario.
type run struct {
	s      *scenario
	broken string // name of a rule that is not kept

	*tables
	seen  map[string]int32 // state to its number
	todo  []state
	from  [][]int32 // edges, backwards: numbers of the states that lead to one
	first []int32   // state from which one was reached first
	by    []string  // action by which it was
	ends  []int32   // states in which the run has ended

	outcomes map[string]bool
	err      error
	failed   int32 // state in which err was seen
}

// errWrong is wrapped by what the model finds wrong.
var errWrong = errors.New("wrong")

// limit bounds the states, so that a mistake in a scenario ends.
const limit = 20_000_000

// explore visits every state that can be reached. It returns what may come of the scenario, and what is wrong, with the actions that led there.
func explore(s *scenario, left budget, broken string) (outcomes []string, states int, err error) {
	r := &run{s: s, broken: broken, tables: newTables(), seen: map[string]int32{}, outcomes: map[string]bool{}}
	first := state{left: left}
	n, err := r.node(exchange.New(), "")
	if err != nil {
		return nil, 0, err
	}
	first.head = n
	first.engines[0] = engine{up: true, node: n}
	for i := range first.records {
		first.records[i].proc = r.proc(proc{})
	}
	r.reach(first, -1, "")
	for i := 0; i < len(r.todo) && r.err == nil && i < limit; i++ {
		s := r.todo[i]
		r.todo[i] = state{}
		r.guarded(int32(i), &s)
	}
	if r.err == nil && len(r.todo) >= limit {
		return nil, len(r.todo), fmt.Errorf("more than %d states", limit)
	}
	if r.err == nil {
		r.stuck()
	}
	for o := range r.outcomes {
		outcomes = append(outcomes, o)
	}
	slices.Sort(outcomes)
	if r.err != nil {
		return outcomes, len(r.todo), fmt.Errorf("%w, after:\n%s", r.err, r.path(r.failed))
	}
	return outcomes, len(r.todo), nil
}

// reach notes that an action leads from state number from to s.
func (r *run) reach(s state, from int32, action string) {
	s.normalize()
	key := string(s.key(nil))
	n, ok := r.seen[key]
	if !ok {
		n = int32(len(r.todo))
		r.seen[key] = n
		r.todo = append(r.todo, s)
		r.from = append(r.from, nil)
		r.first = append(r.first, from)
		r.by = append(r.by, action)
		if e := r.nodes[s.head].x.Exit(); e != nil {
			r.ends = append(r.ends, n)
			r.outcomes[outcome(r.nodes[s.head].outputs, e)] = true
		}
	}
	if from >= 0 {
		r.from[n] = append(r.from[n], from)
	}
}

func outcome(outputs string, e *exchange.Exit) string {
	s := fmt.Sprintf("%sexit %d", outputs, e.Status)
	if e.Text != "" {
		s += " " + e.Text
	}
	return s
}

// guarded does all actions of a state; a worker that meets what cannot be panics.
func (r *run) guarded(n int32, s *state) {
	defer func() {
		if e := recover(); e != nil {
			r.wrong(n, fmt.Sprint(e))
		}
	}()
	if r.nodes[s.head].x.Exit() == nil {
		r.actions(n, s)
	}
}

func (r *run) wrong(n int32, what string) {
	if r.err == nil {
		r.err, r.failed = fmt.Errorf("%w: %s", errWrong, what), n
	}
}

// stuck looks for states from which the run cannot end any more: it goes backwards from those in which it has.
func (r *run) stuck() {
	ends := make([]bool, len(r.todo))
	todo := slices.Clone(r.ends)
	for _, n := range todo {
		ends[n] = true
	}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, f := range r.from[n] {
			if !ends[f] {
				ends[f] = true
				todo = append(todo, f)
			}
		}
	}
	if n := slices.Index(ends, false); n >= 0 {
		r.wrong(int32(n), "the run cannot end any more")
	}
}

// path returns the actions that lead to a state, one a line.
func (r *run) path(n int32) string {
	if n < 0 || r.first[n] < 0 {
		return ""
	}
	return r.path(r.first[n]) + r.by[n] + "\n"
}
