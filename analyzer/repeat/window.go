package repeat

import (
	"strconv"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
)

// This file finds the commits around an effect: where the last one before it may fall, and the next one after it.
//
// In a function that may wait a commit may fall in each call that waits, and at the end of each round of a loop that has a call which does not wait in it, as the loop
// around the effect has (transform/lower/loops.go).

// A window is what lies between two commits with an effect in it.
type window struct {
	before, after []string  // places of commits, for a sentence
	next          *ssa.Call // another effect that comes before the next commit, the nearest; nil if there is none
}

// windowOf looks around c, in a function that may wait; found are the effects of the function.
func (p *pass) windowOf(c ssa.CallInstruction, found map[ssa.Instruction]effect) window {
	s := &search{pass: p, at: c, seen: map[*ssa.BasicBlock]bool{}}
	s.back(c.Block(), index(c)-1)
	w := window{before: s.places}
	s = &search{pass: p, at: c, seen: map[*ssa.BasicBlock]bool{}, found: found}
	s.forth(c.Block(), index(c)+1)
	w.after, w.next = s.places, s.next
	return w
}

func index(i ssa.Instruction) int {
	for n, x := range i.Block().Instrs {
		if x == i {
			return n
		}
	}
	return -1
}

// A search goes from an instruction to the nearest places where a commit may fall.
type search struct {
	*pass
	at     ssa.CallInstruction
	seen   map[*ssa.BasicBlock]bool
	found  map[ssa.Instruction]effect
	places []string
	next   *ssa.Call
}

func (s *search) place(text string) {
	for _, p := range s.places {
		if p == text {
			return
		}
	}
	s.places = append(s.places, text)
}

// wait notes i if a commit may fall in it.
func (s *search) wait(i ssa.Instruction) bool {
	if !s.colour.Suspends(i) {
		return false
	}
	step := s.colour.ChainOf(i)[0]
	s.place(step.Where + " (" + step.What + ")")
	return true
}

func (s *search) back(b *ssa.BasicBlock, from int) {
	for n := from; n >= 0; n-- {
		if s.wait(b.Instrs[n]) {
			return
		}
	}
	if len(b.Preds) == 0 {
		s.place("the begin of " + flow.Title(s.at.Parent().String()))
	}
	for _, pred := range b.Preds {
		switch {
		case s.round(pred, b):
			s.place("the end of a round of the loop")
		case !s.seen[pred]:
			s.seen[pred] = true
			s.back(pred, len(pred.Instrs)-1)
		}
	}
}

func (s *search) forth(b *ssa.BasicBlock, from int) {
	for _, i := range b.Instrs[from:] {
		if s.wait(i) {
			return
		}
		if _, ok := s.found[i]; ok && s.next == nil && i != s.at {
			s.next, _ = i.(*ssa.Call)
		}
		if _, ok := i.(*ssa.Return); ok {
			s.place("the end of " + flow.Title(s.at.Parent().String()))
		}
	}
	for _, succ := range b.Succs {
		switch {
		case s.round(b, succ):
			s.place("the end of a round of the loop")
		case !s.seen[succ]:
			s.seen[succ] = true
			s.forth(succ, 0)
		}
	}
}

// round reports whether the edge ends a round of a loop around the effect.
func (s *search) round(from, to *ssa.BasicBlock) bool {
	if !to.Dominates(from) || !to.Dominates(s.at.Block()) {
		return false
	}
	for _, b := range flow.Loop(to) {
		if b == s.at.Block() {
			return true
		}
	}
	return false
}

// list joins places to "a, b or c", at most three.
func list(places []string) string {
	if len(places) > 3 {
		places = append(places[:2:2], strconv.Itoa(len(places)-2)+" other places")
	}
	if len(places) < 2 {
		return strings.Join(places, "")
	}
	last := len(places) - 1
	return strings.Join(places[:last], ", ") + " or " + places[last]
}
