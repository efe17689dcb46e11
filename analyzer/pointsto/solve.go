package pointsto

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/types/typeutil"
)

// This file solves inclusion constraints. A node is a set of locations; a location is an object or one of its fields. The content of
// a location is again a node. Fields of fields, and elements, share the location of what they are in.
//
//	whole(o) ⊆ field(o, f) ⊆ all(o)       what is stored into all of o may be read from each field, and the other way round
//
//	v = x       x ⊆ v                      copies
//	v = *p      content(l) ⊆ v, l in p     loads
//	*p = v      v ⊆ content(l), l in p     stores
//	v = &p.f    l.f in v, l in p           fields
//	reach(p)    all(l) ⊆ v, l in p         closes: whatever can be reached

type (
	nodeID int32
	locID  int32
)

// whole is the field number of a location that is a whole object.
const whole = -1

// maxWork bounds how many locations are moved along edges. A program that needs more is too large to be told about.
const maxWork = 50_000_000

type location struct {
	obj     *Object
	field   int32
	content nodeID // what is stored there; what is read from a whole object is obj.all
}

// A rule is a constraint of a node that makes edges, or adds to sets, for each location in it.
type rule struct {
	kind  ruleKind
	field int32
	to    nodeID // of a store, the node whose locations are stored
	typ   types.Type
}

type ruleKind int32

const (
	ruleLoad ruleKind = iota
	ruleStore
	ruleField
	ruleReach
	ruleFit // a copy of what a value of typ may lead to
)

type node struct {
	set    locSet
	copies []nodeID // the nodes that hold all that this one holds
	rules  []rule
	moved  int // how many of set.list are in the copies
	ruled  int // how many of set.list the rules were applied to
	queued bool

	merged     nodeID // the node that this one became part of; itself if it did not
	index, low int32  // see order
	open       bool
}

// A locSet is a set of locations in the order in which they came. Most have few.
type locSet struct {
	list  []locID
	index map[locID]struct{} // of list, once it is long
	bits  []uint64           // the same, once that takes no more memory than the map
	last  locID              // the largest in list
}

const (
	shortSet = 16  // a list that is searched faster than the map
	mapCost  = 128 // bits that an entry of the map takes, about
)

func (s *locSet) has(l locID) bool {
	switch {
	case s.bits != nil:
		return int(l/64) < len(s.bits) && s.bits[l/64]&(1<<(l%64)) != 0
	case s.index != nil:
		_, ok := s.index[l]
		return ok
	}
	return slices.Contains(s.list, l)
}

// add reports whether l is new.
func (s *locSet) add(l locID) bool {
	if s.has(l) {
		return false
	}
	s.list = append(s.list, l)
	s.last = max(s.last, l)
	switch {
	case s.bits != nil:
		s.setBit(l)
	case len(s.list) <= shortSet:
	case len(s.list) > int(s.last)/mapCost:
		s.index = nil
		for _, l := range s.list {
			s.setBit(l)
		}
	case s.index != nil:
		s.index[l] = struct{}{}
	default:
		s.index = make(map[locID]struct{}, 2*shortSet)
		for _, l := range s.list {
			s.index[l] = struct{}{}
		}
	}
	return true
}

func (s *locSet) setBit(l locID) {
	for int(l/64) >= len(s.bits) {
		s.bits = append(s.bits, 0)
	}
	s.bits[l/64] |= 1 << (l % 64)
}

type edge struct{ from, to nodeID }

type solver struct {
	nodes   []node
	locs    []location
	objects []*Object
	queue   []nodeID          // nodes that hold what is not in their copies
	edges   map[edge]struct{} // the edges that rules made
	late    []lateRules
	work    int

	converted typeutil.Map // types T of conversions to *T

	// Of the search for cycles, see order.
	count, base  int32
	stack, found []nodeID
}

// lateRules are to be applied to locations.
type lateRules struct {
	rules []rule
	locs  []locID
}

func (s *solver) node() nodeID {
	n := nodeID(len(s.nodes))
	s.nodes = append(s.nodes, node{merged: n})
	return n
}

// find returns the node that n has become part of.
func (s *solver) find(n nodeID) nodeID {
	for s.nodes[n].merged != n {
		up := s.nodes[n].merged
		s.nodes[n].merged = s.nodes[up].merged
		n = up
	}
	return n
}

// locations lists what n may hold, in no order.
func (s *solver) locations(n nodeID) []locID { return s.nodes[s.find(n)].set.list }

func (s *solver) object(site ssa.Value, t types.Type) *Object {
	o := &Object{Site: site, Type: t, id: len(s.objects), all: s.node()}
	s.objects = append(s.objects, o)
	o.whole = s.location(o, whole)
	return o
}

func (s *solver) location(o *Object, field int32) locID {
	l := locID(len(s.locs))
	content := s.node()
	s.locs = append(s.locs, location{o, field, content})
	s.copy(content, o.all)
	return l
}

// content is the node of what is stored in all of o.
func (s *solver) content(o *Object) nodeID { return s.locs[o.whole].content }

// fieldLoc is the location of field f of what is at l.
func (s *solver) fieldLoc(l locID, field int32) locID {
	o := s.locs[l].obj
	if s.locs[l].field != whole || o.flat {
		return l
	}
	for _, l := range o.fields {
		if s.locs[l].field == field {
			return l
		}
	}
	f := s.location(o, field)
	o.fields = append(o.fields, f)
	s.copy(s.content(o), s.locs[f].content)
	return f
}

// read is the node of what is read at l.
func (s *solver) read(l locID) nodeID {
	if s.locs[l].field == whole {
		return s.locs[l].obj.all
	}
	return s.locs[l].content
}

func (s *solver) add(n nodeID, l locID) {
	x := &s.nodes[n]
	if x.set.add(l) && !x.queued {
		x.queued = true
		s.queue = append(s.queue, n)
	}
}

// copy makes an edge: what is in from is also in to.
func (s *solver) copy(from, to nodeID) {
	from, to = s.find(from), s.find(to)
	if from == to {
		return
	}
	x := &s.nodes[from]
	x.copies = append(x.copies, to)
	for _, l := range x.set.list[:x.moved] {
		s.add(to, l)
	}
}

// The builder makes all rules before anything is solved.

func (s *solver) rule(n nodeID, r rule) { s.nodes[n].rules = append(s.nodes[n].rules, r) }
func (s *solver) load(p, to nodeID)     { s.rule(p, rule{kind: ruleLoad, to: to}) }
func (s *solver) store(v, p nodeID)     { s.rule(p, rule{kind: ruleStore, to: v}) }
func (s *solver) fieldOf(p nodeID, field int, v nodeID) {
	s.rule(p, rule{kind: ruleField, to: v, field: int32(field)})
}

// reach makes to hold what can be reached from the locations in p.
func (s *solver) reach(p, to nodeID) { s.rule(p, rule{kind: ruleReach, to: to}) }

// copyFitting is copy of what a value of type t may lead to.
func (s *solver) copyFitting(from, to nodeID, t types.Type) {
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Map, *types.Chan, *types.Signature:
	default:
		if holdsPointers(t) {
			s.copy(from, to)
		}
		return
	}
	s.rule(from, rule{kind: ruleFit, to: to, typ: t})
}

// solve moves locations until nothing changes. It reports false if that takes too long.
//
// It goes in waves, as Pereira and Berlin (Wave propagation and deep propagation for pointer analysis, CGO 2009): merge the cycles of
// copies, all of whose nodes hold the same in the end; move locations along copies, in topological order; apply the rules, which makes
// new copies. Each does only what is new since the last wave.
func (s *solver) solve() bool {
	s.edges = map[edge]struct{}{}
	s.substitute()
	for len(s.queue) > 0 && s.work <= maxWork {
		order := s.order()
		for _, n := range order {
			s.move(n)
		}
		for _, l := range s.late {
			s.apply(l.rules, l.locs)
		}
		s.late = s.late[:0]
		for _, n := range order {
			x := &s.nodes[n]
			locs := x.set.list[x.ruled:x.moved]
			x.ruled = x.moved
			s.apply(x.rules, locs)
		}
	}
	return len(s.queue) == 0
}

// substitute merges nodes with the only one that they hold a copy of, if nothing else can ever come into them: most values of a function are
// such copies. Rountev and Chandra, Off-line variable substitution for scaling points-to analysis, PLDI 2000.
func (s *solver) substitute() {
	const several = -2
	from := make([]nodeID, len(s.nodes)) // the only node that flows into this one; -1: none
	for n := range s.nodes {
		from[n] = -1
		if len(s.nodes[n].set.list) > 0 {
			from[n] = several
		}
	}
	for n := range s.nodes {
		for _, to := range s.nodes[n].copies {
			if from[to] == -1 {
				from[to] = nodeID(n)
			} else if from[to] != nodeID(n) {
				from[to] = several
			}
		}
		for _, r := range s.nodes[n].rules {
			if r.kind != ruleStore {
				from[r.to] = several
			}
		}
	}
	for _, l := range s.locs {
		from[l.content], from[l.obj.all] = several, several
	}
	grown := map[nodeID]bool{}
	for n := range s.nodes {
		if from[n] < 0 || s.find(from[n]) == nodeID(n) {
			continue
		}
		to, old := s.find(from[n]), &s.nodes[n]
		old.merged = to
		s.nodes[to].copies = append(s.nodes[to].copies, old.copies...)
		s.nodes[to].rules = append(s.nodes[to].rules, old.rules...)
		old.copies, old.rules = nil, nil
		grown[to] = true
	}
	for n := range grown {
		s.tidy(n)
	}
}

// move puts what is new in n into its copies.
func (s *solver) move(n nodeID) {
	x := &s.nodes[n]
	locs := x.set.list[x.moved:]
	x.moved = len(x.set.list)
	s.moveTo(x.copies, locs)
}

func (s *solver) moveTo(copies []nodeID, locs []locID) {
	s.work += len(copies) * len(locs)
	for _, to := range copies {
		set := &s.nodes[s.find(to)].set
		for _, l := range locs {
			set.add(l)
		}
	}
}

func (s *solver) apply(rules []rule, locs []locID) {
	s.work += len(rules) * len(locs)
	for _, r := range rules {
		for _, l := range locs {
			switch r.kind {
			case ruleLoad:
				s.edge(s.read(l), r.to)
			case ruleStore:
				s.edge(r.to, s.locs[l].content)
			case ruleReach:
				s.edge(s.locs[l].obj.all, r.to)
			case ruleField:
				s.add(s.find(r.to), s.fieldLoc(l, r.field))
			case ruleFit:
				if s.fits(s.locs[l].obj, r.typ) {
					s.add(s.find(r.to), l)
				}
			}
		}
	}
}

// edge is copy for a rule, which may ask for the same edge many times.
func (s *solver) edge(from, to nodeID) {
	e := edge{s.find(from), s.find(to)}
	if _, ok := s.edges[e]; ok || e.from == e.to {
		return
	}
	s.edges[e] = struct{}{}
	s.copy(e.from, e.to)
}

// order empties the queue, and lists what can be reached from it along copies, in topological order, after it has merged the cycles there.
// This is Tarjan's algorithm for strongly connected components.
func (s *solver) order() []nodeID {
	s.base, s.found = s.count, s.found[:0]
	for _, n := range s.queue {
		s.nodes[n].queued = false
		if n = s.find(n); s.nodes[n].index <= s.base {
			s.visit(n)
		}
	}
	s.queue = s.queue[:0]
	slices.Reverse(s.found)
	return s.found
}

func (s *solver) visit(n nodeID) {
	x := &s.nodes[n]
	s.count++
	x.index, x.low, x.open = s.count, s.count, true
	height := len(s.stack)
	s.stack = append(s.stack, n)
	for _, to := range x.copies {
		to = s.find(to)
		y := &s.nodes[to]
		if y.index <= s.base {
			s.visit(to)
		}
		if y.open {
			x.low = min(x.low, y.low)
		}
	}
	if x.low == x.index {
		s.found = append(s.found, s.merge(s.stack[height:]))
		s.stack = s.stack[:height]
	}
}

// merge makes one node of those of a cycle. What that has moved, or applied its rules to, has met the constraints of all.
func (s *solver) merge(cycle []nodeID) nodeID {
	n := cycle[0]
	for _, x := range cycle {
		s.nodes[x].open = false
		if len(s.nodes[x].set.list) > len(s.nodes[n].set.list) {
			n = x
		}
	}
	for _, x := range cycle {
		s.nodes[x].merged = n
	}
	into := &s.nodes[n]
	moved, ruled := into.set.list[:into.moved], into.set.list[:into.ruled]
	for _, x := range cycle {
		if x == n {
			continue
		}
		old := &s.nodes[x]
		old.copies = slices.DeleteFunc(old.copies, func(to nodeID) bool { return s.find(to) == n })
		if len(old.copies) > 0 {
			s.moveTo(old.copies, old.set.missing(moved, old.moved))
		}
		if len(old.rules) > 0 {
			s.late = append(s.late, lateRules{old.rules, old.set.missing(ruled, old.ruled)})
		}
		for _, l := range old.set.list {
			into.set.add(l)
		}
		into.copies = append(into.copies, old.copies...)
		into.rules = append(into.rules, old.rules...)
		old.set, old.copies, old.rules = locSet{}, nil, nil
	}
	if len(cycle) > 1 {
		s.tidy(n)
	}
	return n
}

// missing lists those of locs that are not among the first n of s.
func (s *locSet) missing(locs []locID, n int) []locID {
	var out []locID
	for _, l := range locs {
		if !s.has(l) || slices.Contains(s.list[n:], l) {
			out = append(out, l)
		}
	}
	return out
}

// tidy drops the constraints of n that say the same as others.
func (s *solver) tidy(n nodeID) {
	x := &s.nodes[n]
	for i, to := range x.copies {
		x.copies[i] = s.find(to)
	}
	slices.Sort(x.copies)
	x.copies = slices.DeleteFunc(slices.Compact(x.copies), func(to nodeID) bool { return to == n })
	met := make(map[rule]bool, len(x.rules))
	x.rules = slices.DeleteFunc(x.rules, func(r rule) bool {
		r.to = s.find(r.to)
		old := met[r]
		met[r] = true
		return old
	})
}
