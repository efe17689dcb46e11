package graph

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// This file writes SVG.

// colours are the fill and the line of each kind.
var colours = map[Kind][2]string{
	Trigger: {"#fff4d6", "#b7860b"}, Process: {"#eef4ff", "#3b6fb6"}, Goroutine: {"#ffffff", "#9db7da"}, Channel: {"#e8f6ec", "#2f8f4e"},
	Lock: {"#fdecec", "#c0504d"}, Timer: {"#f3ecfb", "#7b4fb0"}, Outside: {"#f2f2f2", "#666666"}, Unknown: {"#ffffff", "#c0504d"},
}

// roundness of the corners of each kind.
var roundness = map[Kind]float64{Trigger: 16, Process: 4, Goroutine: 3, Channel: 10, Lock: 0, Timer: 16}

const head = `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="Helvetica, Arial, sans-serif">
<rect width="100%%" height="100%%" fill="#fff"/>
`

// arrow is the tip of the wires that have the colour of a kind.
const arrow = `<marker id="%s" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="%s"/></marker>` + "\n"

// svg prints a picture.
type svg struct {
	b     strings.Builder
	taken []rect // by boxes and labels
}

func (s *svg) printf(format string, args ...any) { fmt.Fprintf(&s.b, format, args...) }

// SVG writes g as a picture.
func (g *Graph) SVG(w io.Writer) error {
	l := g.layout()
	var s svg
	s.printf(head, l.w, l.h, l.w, l.h)
	for _, k := range kinds {
		s.printf(arrow, k, colours[k][1])
	}
	for _, w := range l.wires {
		s.wire(w)
	}
	for _, b := range l.boxes {
		s.box(b)
		s.taken = append(s.taken, rect{b.x, b.y, b.w, b.h})
	}
	for _, w := range l.wires { // above what they cross
		s.label(w)
	}
	s.printf("</svg>\n")
	_, err := io.WriteString(w, s.b.String())
	return err
}

func (s *svg) box(b *box) {
	s.frame(b.Kind, b.x, b.y, b.w, b.h)
	if b.Kind != Process {
		s.text(b.Node, b.x+b.w/2, b.y+b.h/2, "middle", "")
		return
	}
	s.text(b.Node, b.x+padding, b.y+padding+lineHeight-2, "start", "bold")
	for _, r := range b.rows {
		indent := padding + indentStep*float64(r.indent)
		height := 2*lineHeight - 2 + padding/2
		if r.Detail == "" {
			height = lineHeight + padding/2
		}
		s.frame(Goroutine, b.x+indent, b.y+r.y-height/2, b.w-indent-padding, height)
		if r.indent > 0 {
			s.printf(`<path d="M%.1f %.1fh%.1f" stroke="%s" fill="none" marker-end="url(#%s)"/>`+"\n", b.x+indent-indentStep/2-2, b.y+r.y, indentStep/2+1, colours[Process][1], Process)
		}
		s.text(r.Node, b.x+indent+padding, b.y+r.y, "start", "")
	}
}

func (s *svg) frame(k Kind, x, y, w, h float64) {
	dash := ""
	if k == Unknown {
		dash = ` stroke-dasharray="5 3"`
	}
	s.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%.0f" fill="%s" stroke="%s"%s/>`+"\n", x, y, w, h, roundness[k], colours[k][0], colours[k][1], dash)
}

// text writes label and detail around the height y.
func (s *svg) text(n Node, x, y float64, anchor, weight string) {
	if weight != "" {
		weight = fmt.Sprintf(` font-weight="%s"`, weight)
	}
	if n.Detail == "" {
		y += 7
	}
	s.printf(`<text x="%.1f" y="%.1f" font-size="13" text-anchor="%s"%s>%s</text>`+"\n", x, y-2, anchor, weight, escaped(n.Label))
	if n.Detail != "" {
		s.printf(`<text x="%.1f" y="%.1f" font-size="11" text-anchor="%s" fill="#555">%s</text>`+"\n", x, y+11, anchor, escaped(n.Detail))
	}
}

// A point is one of the picture.
type point struct{ x, y float64 }

// points are where a wire begins, goes through, and ends.
func (w *wire) points() []point {
	var ps []point
	for i, e := range w.path {
		left, right := point{e.x, e.at()}, point{e.x + e.w, e.at()}
		to := w.path[max(i-1, 0)] // the neighbour
		if i == 0 {
			to = w.path[1]
		}
		switch {
		case e.dummy && w.path[0].x < e.x:
			ps = append(ps, left, right)
		case e.dummy:
			ps = append(ps, right, left)
		case to.layer < e.layer:
			ps = append(ps, left)
		default:
			ps = append(ps, right)
		}
	}
	return ps
}

// kind is that of the end that is no process; its colour is that of the wire.
func (w *wire) kind() Kind {
	if k := w.path[0].Kind; k != Process {
		return k
	}
	return w.path[len(w.path)-1].Kind
}

// control is where the control points of the curve from p to q are: between them, or beside for one within a layer.
func (w *wire) control(p, q point) float64 {
	if w.path[0].layer == w.path[len(w.path)-1].layer {
		return max(p.x, q.x) + layerGap
	}
	return (p.x + q.x) / 2
}

// loop is how far the control points are from the ends of a wire that leads to where it begins.
func (w *wire) loop() float64 {
	if w.From == w.To {
		return lineHeight
	}
	return 0
}

func (s *svg) wire(w *wire) {
	ps := w.points()
	s.printf(`<path d="M%.1f %.1f`, ps[0].x, ps[0].y)
	for i := range ps[1:] {
		p, q := ps[i], ps[i+1]
		x := w.control(p, q)
		s.printf(` C%.1f %.1f %.1f %.1f %.1f %.1f`, x, p.y+w.loop(), x, q.y-w.loop(), q.x, q.y)
	}
	both := ""
	if w.both {
		both = fmt.Sprintf(` marker-start="url(#%s)"`, w.kind())
	}
	s.printf(`" fill="none" stroke="%s" marker-end="url(#%s)"%s/>`+"\n", colours[w.kind()][1], w.kind(), both)
}

// label writes what a wire says, on its first or last part, where nothing else is, if there is such a place.
func (s *svg) label(w *wire) {
	if w.Label == "" {
		return
	}
	ps := w.points()
	n := len(ps)
	var best rect
	for i, t := range []float64{0.5, 0.6, 0.4, 0.7, 0.3, 0.8, 0.2} {
		for _, part := range [][2]point{{ps[0], ps[1]}, {ps[n-1], ps[n-2]}} {
			p, q := part[0], part[1]
			u := 1 - t
			x, y := u*u*u*p.x+3*t*u*w.control(p, q)+t*t*t*q.x, (u*u*u+3*t*u*u)*p.y+(3*t*t*u+t*t*t)*q.y // of the curve
			width := detailWidth*float64(utf8.RuneCountInString(w.Label)) + 4
			r := rect{x - width/2, y - 7, width, 14}
			if i == 0 && best.w == 0 {
				best = r
			}
			if !slices.ContainsFunc(s.taken, r.overlaps) {
				s.put(r, w)
				return
			}
		}
	}
	s.put(best, w)
}

func (s *svg) put(r rect, w *wire) {
	s.taken = append(s.taken, r)
	s.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#fff" fill-opacity="0.9"/>`+"\n", r.x, r.y, r.w, r.h)
	s.printf(`<text x="%.1f" y="%.1f" font-size="11" text-anchor="middle" fill="%s">%s</text>`+"\n", r.x+r.w/2, r.y+11, colours[w.kind()][1], escaped(w.Label))
}

// A rect is a part of the picture.
type rect struct{ x, y, w, h float64 }

func (r rect) overlaps(o rect) bool {
	return r.x < o.x+o.w && o.x < r.x+r.w && r.y < o.y+o.h && o.y < r.y+r.h
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder returns no errors
	return b.String()
}
