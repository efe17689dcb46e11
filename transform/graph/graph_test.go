package graph

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// random makes a graph of some processes with goroutines, and what they use.
func random(r *rand.Rand) *Graph {
	g := &Graph{}
	var goroutines, used []string
	for p := range 1 + r.IntN(4) {
		process := fmt.Sprint("process", p)
		g.Nodes = append(g.Nodes, Node{ID: process, Kind: Process, Label: process})
		for range 1 + r.IntN(4) {
			id := fmt.Sprint("goroutine", len(goroutines))
			g.Nodes = append(g.Nodes, Node{ID: id, Kind: Goroutine, Label: id + `<"&`, Detail: strings.Repeat("x", r.IntN(20)), In: process})
			if len(goroutines) > 0 {
				g.Add(goroutines[r.IntN(len(goroutines))], id, "starts")
			}
			goroutines = append(goroutines, id)
		}
	}
	g.Nodes = append(g.Nodes, Node{ID: "trigger", Kind: Trigger, Label: "trigger"})
	g.Add("trigger", goroutines[0], "")
	for n := range r.IntN(12) {
		id := fmt.Sprint("used", n)
		g.Nodes = append(g.Nodes, Node{ID: id, Kind: kinds[3+r.IntN(5)], Label: id})
		used = append(used, id)
	}
	for range r.IntN(30) {
		if len(used) > 0 {
			a, b := goroutines[r.IntN(len(goroutines))], used[r.IntN(len(used))]
			if r.IntN(2) == 0 {
				a, b = b, a
			}
			g.Add(a, b, "uses")
		}
	}
	g.Sort()
	return g
}

// TestLayout: no two boxes of a picture overlap, all are in it, and each row is in its box; whatever the graph.
func TestLayout(t *testing.T) {
	for seed := range uint64(300) {
		g := random(rand.New(rand.NewPCG(seed, 1)))
		l := g.layout()
		for i, a := range l.boxes {
			ra := rect{a.x, a.y, a.w, a.h}
			if a.x < 0 || a.y < 0 || a.x+a.w > l.w || a.y+a.h > l.h {
				t.Errorf("seed %d: %s at %v is outside of %v x %v", seed, a.ID, ra, l.w, l.h)
			}
			for _, b := range l.boxes[i+1:] {
				if ra.overlaps(rect{b.x, b.y, b.w, b.h - 1e-6}) {
					t.Errorf("seed %d: %s overlaps %s", seed, a.ID, b.ID)
				}
			}
			for _, r := range a.rows {
				if r.y < 0 || r.y > a.h {
					t.Errorf("seed %d: %s is outside of %s", seed, r.ID, a.ID)
				}
			}
		}
		for _, w := range l.wires {
			for k := range w.path[1:] {
				if d := w.path[k+1].layer - w.path[k].layer; len(w.path) > 2 && d != 1 && d != -1 {
					t.Errorf("seed %d: a wire from %s to %s leaps over a layer", seed, w.From, w.To)
				}
			}
		}
	}
}

// TestSVG: pictures are well-formed, and the same each time.
func TestSVG(t *testing.T) {
	for seed := range uint64(50) {
		var first, second bytes.Buffer
		for _, b := range []*bytes.Buffer{&first, &second} {
			if err := random(rand.New(rand.NewPCG(seed, 1))).SVG(b); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("seed %d: two pictures of one graph differ", seed)
		}
		for d := xml.NewDecoder(&first); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
}

func TestMermaid(t *testing.T) {
	g := &Graph{Nodes: []Node{
		{ID: "t", Kind: Trigger, Label: "sqs orders"},
		{ID: "p", Kind: Process, Label: "shop"},
		{ID: "g", Kind: Goroutine, Label: "main.main", Detail: "main.go:3", In: "p"},
		{ID: "c", Kind: Channel, Label: `<-chan "x"|#`},
	}}
	g.Add("t", "g", "")
	g.Add("g", "c", "sends")
	g.Add("g", "c", "closes")
	g.Add("g", "c", "sends")
	var b strings.Builder
	if err := g.Mermaid(&b); err != nil {
		t.Fatal(err)
	}
	const want = `flowchart LR
	t(["sqs orders"])
	subgraph p["shop"]
		g["main.main<br/>main.go:3"]
	end
	c[("#lt;-chan #quot;x#quot;#124;#35;")]
	t --> g
	g -->|"sends, closes"| c
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
