package placement

import (
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/suspend"
)

// This file looks for what goroutines change, or see of what others change, that processes have of their own: the environment, the standard logger, ...

// What is said of these.
const (
	eventUsed = "an event is waited for or answered"
	eventWhy  = "events come to the process of main"
	inputWhy  = "it is that of the process of main"
	ownWhy    = "each process has its own"
)

// ambient is who uses it, in the compiled part of a program.
type ambient struct {
	sets, gets map[*library.Ambience][]ssa.Instruction
	input      []ssa.Instruction // mentions of os.Stdin
	events     []ssa.Instruction // mentions of functions of hark_event
}

func (p *prover) findAmbient() *ambient {
	x := &ambient{sets: map[*library.Ambience][]ssa.Instruction{}, gets: map[*library.Ambience][]ssa.Instruction{}}
	for _, fn := range p.Funcs {
		for i := range flow.Instructions(fn) {
			for _, op := range i.Operands(nil) {
				x.add(i, *op, p.Points.Analysed)
			}
		}
	}
	return x
}

// add notes that i mentions v. The function analysed reports which functions are part of the program.
func (x *ambient) add(i ssa.Instruction, v ssa.Value, analysed func(*ssa.Function) bool) {
	switch v := v.(type) {
	case *ssa.Global:
		if v.String() == "os.Stdin" {
			x.input = append(x.input, i)
		}
	case *ssa.Function:
		if strings.HasPrefix(suspend.Name(v), "hark_event.") {
			x.events = append(x.events, i)
		}
		if analysed(v) {
			return
		}
		sets, gets := library.AmbienceOf(v)
		for _, a := range sets {
			x.sets[a] = append(x.sets[a], i)
		}
		for _, a := range gets {
			x.gets[a] = append(x.gets[a], i)
		}
	}
}

// within returns the first of list that one of threads executes, nil if none does.
func within(list []ssa.Instruction, threads []*thread) ssa.Instruction {
	n := slices.IndexFunc(list, func(i ssa.Instruction) bool {
		return slices.ContainsFunc(threads, func(t *thread) bool { return t.has(i.Parent()) })
	})
	if n < 0 {
		return nil
	}
	return list[n]
}

// event returns what goroutines of s, or those that they start, do with events, which come to the process of main; nil if they do nothing.
func (p *prover) event(s *thread) ssa.Instruction {
	if p.ambient == nil {
		p.ambient = p.findAmbient()
	}
	return within(p.ambient.events, append([]*thread{s}, s.list()...))
}

// ambience says what goroutines of s, or those that they start, do with what each process has of its own, and with which others would see a difference.
func (p *prover) ambience(s *thread) (at, by token.Pos, what, why string) {
	if p.ambient == nil {
		p.ambient = p.findAmbient()
	}
	inside := append([]*thread{s}, s.list()...)
	if i := within(p.ambient.input, inside); i != nil {
		return suspend.Position(i), by, library.InputName + " is used", inputWhy
	}
	for _, a := range ambiences(p.ambient.sets) {
		if i := within(p.ambient.sets[a], inside); i != nil {
			return suspend.Position(i), by, a.Name + " is used", ownWhy
		}
		i := within(p.ambient.gets[a], inside)
		other := within(p.ambient.sets[a], p.late())
		if i != nil && other != nil {
			return suspend.Position(i), suspend.Position(other), a.Name + " is used", ownWhy + ", and it is changed"
		}
	}
	return at, by, "", ""
}

// late lists the threads without what only the initialisation executes, which each process does.
func (p *prover) late() []*thread {
	if p.afterInit == nil {
		begun := &thread{}
		for _, fn := range p.Funcs {
			if isRoot(fn) && fn.Synthetic != "package initializer" {
				begun.begin = append(begun.begin, fn)
			}
		}
		p.execute(begun, map[*ssa.Function]bool{})
		p.afterInit = append(slices.Clone(p.threads[1:]), begun)
	}
	return p.afterInit
}
