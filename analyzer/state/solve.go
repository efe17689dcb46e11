package state

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
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

// An object is memory: of a package variable, of an allocation, or whatever a call of code that is not compiled returns.
type object struct {
	site   ssa.Value  // *ssa.Global, or the instruction; nil: unknown
	typ    types.Type // of the memory: T of a variable or of new(T), a map type, ...; nil: unknown
	lib    *ssa.Function
	locs   map[int]locID
	all    nodeID // union of the contents
	writes []*write
	early  []*write // that run during initialisation only

	external bool // a variable of code that is not compiled, or what its value leads to
	compared bool
}

type location struct {
	obj     *object
	field   int
	content nodeID // what is stored there; what is read from a whole object is obj.all
}

type fieldEdge struct {
	field int
	to    nodeID
}

// A filter says which locations flow along an edge; nil: all.
type filter func(*object) bool

type copyEdge struct {
	to   nodeID
	when filter
}

type node struct {
	set    locSet
	fresh  []locID // of set, not yet moved on
	copies []copyEdge
	loads  []nodeID
	stores []nodeID
	fields []fieldEdge
	closes []nodeID
	queued bool
}

// A locSet is a set of locations in the order in which they came. Most have few.
type locSet struct {
	list  []locID
	index map[locID]bool // of list, once it is long
}

const shortSet = 16

// add reports whether l is new.
func (s *locSet) add(l locID) bool {
	if s.index != nil {
		if s.index[l] {
			return false
		}
		s.index[l] = true
	} else if slices.Contains(s.list, l) {
		return false
	}
	s.list = append(s.list, l)
	if s.index == nil && len(s.list) > shortSet {
		s.index = make(map[locID]bool, 2*shortSet)
		for _, l := range s.list {
			s.index[l] = true
		}
	}
	return true
}

type edge struct{ from, to nodeID }

type solver struct {
	edges   map[edge]bool // copies without a filter
	nodes   []node
	locs    []location
	objects []*object
	queue   []nodeID
	work    int
}

func (s *solver) node() nodeID {
	s.nodes = append(s.nodes, node{})
	return nodeID(len(s.nodes) - 1)
}

func (s *solver) object(site ssa.Value, t types.Type) *object {
	o := &object{site: site, typ: t, locs: map[int]locID{}}
	o.all = s.node()
	s.objects = append(s.objects, o)
	s.loc(o, whole)
	return o
}

// loc returns the location of a field of o.
func (s *solver) loc(o *object, field int) locID {
	if l, ok := o.locs[field]; ok {
		return l
	}
	l := locID(len(s.locs))
	s.locs = append(s.locs, location{o, field, s.node()})
	o.locs[field] = l
	content := s.locs[l].content
	s.copy(content, o.all, nil)
	if field != whole {
		s.copy(s.locs[o.locs[whole]].content, content, nil)
	}
	return l
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
	if !x.set.add(l) {
		return
	}
	x.fresh = append(x.fresh, l)
	s.enqueue(n)
}

func (s *solver) enqueue(n nodeID) {
	if !s.nodes[n].queued {
		s.nodes[n].queued = true
		s.queue = append(s.queue, n)
	}
}

// again moves everything in n once more, along a new edge.
func (s *solver) again(n nodeID) {
	x := &s.nodes[n]
	if len(x.set.list) == 0 {
		return
	}
	x.fresh = append(x.fresh[:0], x.set.list...)
	s.enqueue(n)
}

func (s *solver) copy(from, to nodeID, f filter) {
	if from == to {
		return
	}
	if f == nil {
		if e := (edge{from, to}); s.edges[e] {
			return
		} else {
			s.edges[e] = true
		}
	}
	s.nodes[from].copies = append(s.nodes[from].copies, copyEdge{to, f})
	for _, l := range s.nodes[from].set.list {
		if f == nil || f(s.locs[l].obj) {
			s.add(to, l)
		}
	}
}

func (s *solver) load(p, to nodeID) {
	s.nodes[p].loads = append(s.nodes[p].loads, to)
	s.again(p)
}

func (s *solver) store(v, p nodeID) {
	s.nodes[p].stores = append(s.nodes[p].stores, v)
	s.again(p)
}

func (s *solver) fieldOf(p nodeID, field int, to nodeID) {
	s.nodes[p].fields = append(s.nodes[p].fields, fieldEdge{field, to})
	s.again(p)
}

// reach makes to hold what can be reached from the locations in p.
func (s *solver) reach(p, to nodeID) {
	s.nodes[p].closes = append(s.nodes[p].closes, to)
	s.again(p)
}

// solve moves locations until nothing changes. It reports false if that takes too long.
func (s *solver) solve() bool {
	for len(s.queue) > 0 {
		n := s.queue[len(s.queue)-1]
		s.queue = s.queue[:len(s.queue)-1]
		fresh := s.nodes[n].fresh
		s.nodes[n].fresh, s.nodes[n].queued = nil, false
		for _, l := range fresh {
			s.move(n, l)
		}
		if s.work > maxWork {
			return false
		}
	}
	return true
}

// move applies the constraints of n to one location. The slices may grow meanwhile; a new edge sees the whole set by itself.
func (s *solver) move(n nodeID, l locID) {
	for _, e := range s.nodes[n].copies {
		s.work++
		if e.when == nil || e.when(s.locs[l].obj) {
			s.add(e.to, l)
		}
	}
	for _, to := range s.nodes[n].loads {
		s.copy(s.read(l), to, nil)
	}
	for _, v := range s.nodes[n].stores {
		s.copy(v, s.locs[l].content, nil)
	}
	for _, to := range s.nodes[n].closes {
		s.copy(s.locs[l].obj.all, to, nil)
	}
	for _, f := range s.nodes[n].fields {
		s.add(f.to, s.fieldLoc(l, f.field))
	}
	s.work++
}

// fieldLoc is the location of field f of what is at l.
func (s *solver) fieldLoc(l locID, f int) locID {
	if s.locs[l].field != whole {
		return l
	}
	return s.loc(s.locs[l].obj, f)
}

// reached lists the objects that can be reached from o, o first.
func (s *solver) reached(o *object) []*object {
	seen := map[*object]bool{o: true}
	list := []*object{o}
	for i := 0; i < len(list); i++ {
		for _, x := range s.contents(list[i]) {
			if !seen[x] {
				seen[x] = true
				list = append(list, x)
			}
		}
	}
	return list
}

// contents lists what may be stored in o.
func (s *solver) contents(o *object) []*object {
	locs := slices.Sorted(slices.Values(s.nodes[o.all].set.list))
	var out []*object
	for _, l := range locs {
		out = append(out, s.locs[l].obj)
	}
	return slices.Compact(out)
}
