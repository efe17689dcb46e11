package pointsto

import (
	"fmt"
	"go/types"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSolve compares the solver with one that applies all constraints again and again, on systems with many cycles.
func TestSolve(t *testing.T) {
	merged := 0
	for seed := range uint64(500) {
		p := random(rand.New(rand.NewPCG(seed, 1)))
		s := p.solver()
		if !s.solve() {
			t.Fatal("too large")
		}
		sets := p.naive()
		for v := range p.vars {
			var got []string
			for _, l := range s.locations(nodeID(v)) {
				got = append(got, name(s.locs[l].obj.id, int(s.locs[l].field)))
			}
			slices.Sort(got)
			var want []string
			for l := range sets[variable(v)] {
				want = append(want, name(l.obj, l.field))
			}
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d, variable %d: got %v, want %v\n%v", seed, v, got, want, p)
			}
		}
		for n := range s.nodes {
			if s.nodes[n].merged != nodeID(n) {
				merged++
			}
		}
	}
	if merged == 0 {
		t.Error("no cycle was merged")
	}
}

func name(obj, field int) string { return fmt.Sprintf("%d.%d", obj, field) }

// A problem is a system of constraints over variables and objects.
type problem struct {
	vars, objs  int
	constraints []constraint
}

type constraint struct {
	kind  string
	a, b  int // variables; b is an object of "address"
	field int
}

// The type of every other object is int, of the rest string.
var objectTypes = []types.Type{types.Typ[types.Int], types.Typ[types.String]}

func random(r *rand.Rand) *problem {
	p := &problem{vars: 2 + r.IntN(30), objs: 1 + r.IntN(25)}
	kinds := []string{"address", "copy", "copy", "load", "store", "field", "reach", "fit"}
	for range r.IntN(4 * p.vars) {
		c := constraint{kind: kinds[r.IntN(len(kinds))], a: r.IntN(p.vars), b: r.IntN(p.vars), field: r.IntN(2)}
		if c.kind == "address" {
			c.b = r.IntN(p.objs)
		}
		p.constraints = append(p.constraints, c)
	}
	return p
}

func (p *problem) solver() *solver {
	s := &solver{}
	for range p.vars {
		s.node()
	}
	for o := range p.objs {
		s.object(nil, objectTypes[o%2])
	}
	if p.objs%10 == 0 { // the fields that are asked for get high numbers
		for range 40 * mapCost {
			s.location(s.objects[0], whole)
		}
	}
	for _, c := range p.constraints {
		a, b := nodeID(c.a), nodeID(c.b)
		switch c.kind {
		case "address":
			s.add(a, s.objects[c.b].whole)
		case "copy":
			s.copy(a, b)
		case "load":
			s.load(a, b)
		case "store":
			s.store(a, b)
		case "field":
			s.fieldOf(a, c.field, b)
		case "reach":
			s.reach(a, b)
		case "fit":
			s.copyFitting(a, b, types.NewPointer(objectTypes[c.field]))
		}
	}
	return s
}

type (
	// A holder is what has a set: a variable, or memory.
	holder struct {
		variable int // -1: memory
		place
	}
	place struct{ obj, field int }
)

func variable(v int) holder { return holder{v, place{}} }
func memory(l place) holder { return holder{-1, l} }

// naive returns the sets, by the definitions at the beginning of solve.go.
func (p *problem) naive() map[holder]map[place]bool {
	sets := map[holder]map[place]bool{}
	changed := true
	put := func(l place, to holder) {
		if sets[to] == nil {
			sets[to] = map[place]bool{}
		}
		changed = changed || !sets[to][l]
		sets[to][l] = true
	}
	flow := func(from, to holder) {
		for l := range sets[from] {
			put(l, to)
		}
	}
	all := func(obj int, to holder) {
		for _, f := range []int{whole, 0, 1} {
			flow(memory(place{obj, f}), to)
		}
	}
	for changed {
		changed = false
		for o := range p.objs {
			flow(memory(place{o, whole}), memory(place{o, 0}))
			flow(memory(place{o, whole}), memory(place{o, 1}))
		}
		for _, c := range p.constraints {
			a, b := variable(c.a), variable(c.b)
			if c.kind == "address" {
				put(place{c.b, whole}, a)
			}
			if c.kind == "copy" {
				flow(a, b)
			}
			if c.kind == "store" {
				for l := range sets[b] {
					flow(a, memory(l))
				}
			}
			for l := range sets[a] {
				switch {
				case c.kind == "load" && l.field == whole, c.kind == "reach":
					all(l.obj, b)
				case c.kind == "load":
					flow(memory(l), b)
				case c.kind == "field" && l.field == whole:
					put(place{l.obj, c.field}, b)
				case c.kind == "field":
					put(l, b)
				case c.kind == "fit" && types.Identical(objectTypes[l.obj%2], objectTypes[c.field]):
					put(l, b)
				}
			}
		}
	}
	return sets
}

// TestRecursive asks about a type that has a slice of itself, which is not memory of its own.
func TestRecursive(t *testing.T) {
	tree := types.NewNamed(types.NewTypeName(0, nil, "tree", nil), nil, nil)
	tree.SetUnderlying(types.NewStruct([]*types.Var{types.NewField(0, nil, "kids", types.NewSlice(tree), false)}, nil))
	integer := types.Typ[types.Int]
	for _, test := range []struct {
		memory, part types.Type
		want         bool
	}{
		{tree, tree, true},
		{tree, integer, false},
		{types.NewSlice(tree), tree, true}, // of make
		{types.NewSlice(tree), integer, false},
	} {
		if got := (&solver{}).fits(&Object{Type: test.memory}, types.NewPointer(test.part)); got != test.want {
			t.Errorf("a *%v into memory of type %v: %v", test.part, test.memory, got)
		}
	}
}
