package graph

import (
	"cmp"
	"math"
	"slices"
	"unicode/utf8"
)

// This file places the boxes of a picture: a process with a row for each of its goroutines, any other node by itself.
//
// Boxes stand in layers, from left to right: what starts entry points; their processes; then in turn what processes use, and the processes that these start. So
// an edge goes from one side of a box to the other side of one in another layer, whatever its direction. Within a layer they are ordered by the means of what they are
// joined to, which leaves few crossings, and then moved as near to these as they may.

// Sizes, in pixels. Text is about as wide as its font says.
const (
	labelWidth  = 7.6 // of a character
	detailWidth = 6.6
	lineHeight  = 16.0
	padding     = 10.0
	boxGap      = 22.0
	layerGap    = 60.0
	wireGap     = 5.0
	indentStep  = 16.0
	rounds      = 12 // of ordering
)

// A box is a node with its place.
type box struct {
	Node
	rows       []row // of a process
	layer      int
	x, y, w, h float64
	joined     []end // what edges lead to
	dummy      bool  // an edge passes through the layer
	prefer     float64
}

// A row is a goroutine in a process.
type row struct {
	Node
	parent string // id of the goroutine above that starts it
	indent int
	y      float64 // of its middle, in the box
}

// An end is where an edge meets a box.
type end struct {
	*box
	row string // id of a goroutine, "" if the box is none of a process
}

// at is the height of the end.
func (e end) at() float64 {
	for _, r := range e.rows {
		if r.ID == e.row {
			return e.y + r.y
		}
	}
	return e.y + e.h/2
}

// A wire is an edge, or two that go back and forth, with what it passes on its way.
type wire struct {
	Edge
	both bool // there is one in the other direction, too
	path []end
}

// A layout is a picture.
type layout struct {
	boxes  []*box
	of     map[string]*box // by the ids of nodes
	layers [][]*box
	wires  []*wire
	w, h   float64
}

func (g *Graph) layout() *layout {
	l := &layout{of: map[string]*box{}}
	for _, n := range g.Nodes {
		if n.In != "" {
			continue
		}
		b := &box{Node: n, layer: -1}
		for _, r := range g.tree(n.ID) {
			b.rows = append(b.rows, r)
			l.of[r.ID] = b
		}
		b.measure()
		l.of[n.ID] = b
		l.boxes = append(l.boxes, b)
	}
	l.assign(g)
	l.wire(g)
	for range rounds {
		l.order()
	}
	l.place()
	return l
}

// tree lists the goroutines of a process, each below the first that starts it.
func (g *Graph) tree(process string) (out []row) {
	in := g.in(process)
	seen := map[string]bool{}
	var add func(n Node, parent string, indent int)
	add = func(n Node, parent string, indent int) {
		if seen[n.ID] {
			return
		}
		seen[n.ID] = true
		out = append(out, row{Node: n, parent: parent, indent: indent})
		for _, e := range g.Edges {
			if e.From == n.ID {
				if k := slices.IndexFunc(in, func(m Node) bool { return m.ID == e.To }); k >= 0 {
					add(in[k], n.ID, indent+1)
				}
			}
		}
	}
	for _, n := range in {
		add(n, "", 0)
	}
	return out
}

// measure computes the size of a box, and where its rows are.
func (b *box) measure() {
	text := func(n Node, indent float64) float64 {
		return indent + max(labelWidth*float64(utf8.RuneCountInString(n.Label)), detailWidth*float64(utf8.RuneCountInString(n.Detail)))
	}
	lines := func(n Node) float64 {
		if n.Detail == "" {
			return lineHeight
		}
		return 2*lineHeight - 2
	}
	b.w, b.h = text(b.Node, 0), padding+lines(b.Node)
	for i := range b.rows {
		r := &b.rows[i]
		b.w = max(b.w, text(r.Node, 2*padding+indentStep*float64(r.indent)))
		b.h += padding / 2
		r.y = b.h + lines(r.Node)/2
		b.h += lines(r.Node) + padding/2
	}
	b.w, b.h = b.w+2*padding, b.h+padding
}

// assign puts boxes into layers: entry points in 1, the processes that those of layer n start in n+2, what processes use beside the leftmost.
func (l *layout) assign(g *Graph) {
	for _, b := range l.boxes {
		if b.Kind == Trigger {
			b.layer = 0
		}
	}
	for changed := true; changed; {
		changed = false
		for _, e := range g.Edges {
			from, to := l.of[e.From], l.of[e.To]
			if to.Kind != Process || to.layer >= 0 || from.layer < 0 || from.Kind != Trigger && from.Kind != Process {
				continue
			}
			to.layer = from.layer + 2
			if from.Kind == Trigger {
				to.layer = 1
			}
			changed = true
		}
	}
	for _, e := range g.Edges {
		for _, pair := range [][2]*box{{l.of[e.From], l.of[e.To]}, {l.of[e.To], l.of[e.From]}} {
			process, used := pair[0], pair[1]
			if process.Kind == Process && used.Kind != Process && used.Kind != Trigger && (used.layer < 0 || used.layer > process.layer+1) {
				used.layer = process.layer + 1
			}
		}
	}
	for _, b := range l.boxes {
		b.layer = max(b.layer, 0)
		l.insert(b)
	}
}

func (l *layout) insert(b *box) {
	for len(l.layers) <= b.layer {
		l.layers = append(l.layers, nil)
	}
	l.layers[b.layer] = append(l.layers[b.layer], b)
}

// wire makes the wires of edges between boxes, with a dummy in each layer that one passes, and of those in a box that indentation does not show.
func (l *layout) wire(g *Graph) {
	back := map[[2]string]*wire{}
	for _, e := range g.Edges {
		from, to := end{l.of[e.From], e.From}, end{l.of[e.To], e.To}
		if from.box == to.box {
			if !from.nests(e) {
				l.wires = append(l.wires, &wire{Edge: e, path: []end{from, to}})
			}
			continue
		}
		if w := back[[2]string{e.To, e.From}]; w != nil {
			w.both = true
			w.Label = joined(w.Label, e.Label)
			continue
		}
		w := &wire{Edge: e, path: []end{from}}
		back[[2]string{e.From, e.To}] = w
		step := cmp.Compare(to.layer, from.layer)
		for n := from.layer + step; step != 0 && n != to.layer; n += step {
			d := &box{layer: n, dummy: true, h: 2}
			l.insert(d)
			w.path = append(w.path, end{box: d})
		}
		w.path = append(w.path, to)
		for i := range w.path[1:] {
			w.path[i].joined = append(w.path[i].joined, w.path[i+1])
			w.path[i+1].joined = append(w.path[i+1].joined, w.path[i])
		}
		l.wires = append(l.wires, w)
	}
}

// nests reports whether the indentation of a row shows e.
func (b *box) nests(e Edge) bool {
	return slices.ContainsFunc(b.rows, func(r row) bool { return r.ID == e.To && r.parent == e.From })
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}

// order sorts each layer by the means of what its boxes are joined to, and stacks them.
func (l *layout) order() {
	for _, layer := range l.layers {
		for _, b := range layer {
			b.mean()
		}
		slices.SortStableFunc(layer, func(a, b *box) int { return cmp.Compare(a.prefer+a.h/2, b.prefer+b.h/2) })
		y := 0.0
		for _, b := range layer {
			b.y = y
			y += b.h + boxGap
		}
		for _, b := range layer { // around one line
			b.y -= y / 2
		}
	}
}

// mean computes where a box would stand best: such that its edges are level, on average.
func (b *box) mean() {
	b.prefer = b.y
	if len(b.joined) == 0 {
		return
	}
	sum := 0.0
	for _, e := range b.joined {
		sum += e.at()
	}
	b.prefer = sum/float64(len(b.joined)) - b.h/2
}

// place moves boxes to where they stand best, without changing their order, and computes the size of the picture.
func (l *layout) place() {
	for range rounds {
		for _, layer := range l.layers {
			spread(layer)
		}
	}
	top, bottom, x := math.Inf(1), math.Inf(-1), padding
	for _, layer := range l.layers {
		for _, b := range layer {
			top, bottom = min(top, b.y), max(bottom, b.y+b.h)
		}
	}
	for n, layer := range l.layers {
		width := 0.0
		for _, b := range layer {
			width = max(width, b.w)
			b.y += padding - top
		}
		for _, b := range layer {
			b.x = x
			if b.dummy {
				b.w = width
			}
		}
		x += width + l.gap(n)
	}
	l.w, l.h = x+padding, bottom-top+2*padding
}

// spread moves the boxes of a layer to where they stand best; those that would overlap are moved apart, as little as can be.
func spread(layer []*box) {
	type group struct {
		boxes     []*box
		sum, size float64 // of where its first box would stand best for each; its height
	}
	var groups []*group
	for _, b := range layer {
		b.mean()
		g := &group{boxes: []*box{b}, sum: b.prefer, size: b.h + boxGap}
		for n := len(groups); n > 0 && groups[n-1].sum/float64(len(groups[n-1].boxes))+groups[n-1].size > g.sum/float64(len(g.boxes)); n = len(groups) {
			before := groups[n-1]
			before.sum += g.sum - before.size*float64(len(g.boxes))
			before.size += g.size
			before.boxes = append(before.boxes, g.boxes...)
			g, groups = before, groups[:n-1]
		}
		groups = append(groups, g)
	}
	for _, g := range groups {
		y := g.sum / float64(len(g.boxes))
		for _, b := range g.boxes {
			b.y = y
			y += b.h + boxGap
		}
	}
}

// gap is the space behind layer n, for wires and their labels; none behind the last if it has no wires within.
func (l *layout) gap(n int) float64 {
	widest, wires := 0, 0
	for _, w := range l.wires {
		if min(w.path[0].layer, w.path[1].layer) == n {
			wires++
			widest = max(widest, utf8.RuneCountInString(w.Label))
		}
	}
	if wires == 0 && n == len(l.layers)-1 {
		return 0
	}
	return layerGap + detailWidth*float64(widest) + wireGap*float64(wires)
}
