package rt

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/harkgen/harkgen/rt/snap"
)

// This file defines frames: how a suspended call is kept, and how it is named to people.

// A Frame is embedded in every frame struct.
type Frame struct {
	PC int // the point at which the function goes on
}

func (f *Frame) point() int { return f.PC }

// A Framer is a pointer to a struct that embeds Frame.
type Framer interface{ point() int }

// A slot holds a frame in the saved state. It names the frame in the path of an unmovable value.
type slot struct{ F Framer }

// SnapLabel implements snap.Labeler.
func (s slot) SnapLabel() string {
	if s.F == nil {
		return "frame"
	}
	p := describe(s.F)
	return p.Pos + " " + p.Func
}

// Push adds the frame of a function that is being suspended. Functions push innermost first.
func (g *G) Push(f Framer) { g.frames = append(g.frames, slot{f}) }

// Pop takes the frame of the function that is being resumed, outermost first.
func Pop[F any](g *G) *F {
	n := len(g.frames) - 1
	if n < 0 {
		panic("harkgen: resuming goroutine " + strconv.FormatInt(g.id, 10) + ": no frame left")
	}
	f, ok := any(g.frames[n].F).(*F)
	if !ok {
		mismatch(g, reflect.TypeFor[*F]())
	}
	g.frames[n] = slot{}
	g.frames = g.frames[:n]
	g.resuming = n > 0 || word.Load()&bitVisit != 0
	return f
}

// Entry is Pop for a function that can also be suspended before its first statement, under chaos. Resuming is then true at every call,
// and f is the frame that the call begins with; the caller returns if it is Suspending afterwards.
func Entry[F any](g *G, f *F) *F {
	if len(g.frames) > 0 {
		return Pop[F](g)
	}
	g.enter(any(f).(Framer))
	return f
}

func mismatch(g *G, want reflect.Type) {
	f := g.frames[len(g.frames)-1].F
	panic(fmt.Sprintf("harkgen: resuming goroutine %d: the next frame is %s (PC %d), the function called wants %s",
		g.id, reflect.TypeOf(f), f.point(), want))
}

// A Point is a place at which a function can be suspended.
type Point struct {
	PC   int
	Pos  string // file:line:col
	Op   string // what is done there: "chan receive", "call main.f", ...
	Live string // bit i%8 of byte i/8: the frame's i-th field after Frame has a value there; "": all have
}

// A Meta describes the frames of one function.
type Meta struct {
	Func   string
	Points []Point
	frame  reflect.Type // pointer to the frame struct
}

var metas struct {
	mu     sync.Mutex
	list   []*Meta                // registered, not yet in byType
	byType map[reflect.Type]*Meta // made on demand, to keep start-up short
}

// Register describes the frame struct F of the function fn.
func Register[F any](fn string, pts ...Point) *Meta {
	m := &Meta{Func: fn, Points: pts, frame: reflect.TypeFor[*F]()}
	metas.mu.Lock()
	metas.list = append(metas.list, m)
	metas.mu.Unlock()
	snap.NameFrame(reflect.TypeFor[F](), fn)
	return m
}

func metaOf(t reflect.Type) *Meta {
	metas.mu.Lock()
	defer metas.mu.Unlock()
	if metas.byType == nil {
		metas.byType = make(map[reflect.Type]*Meta, len(metas.list))
	}
	for _, m := range metas.list {
		metas.byType[m.frame] = m
	}
	metas.list = nil
	return metas.byType[t]
}

// A FramePos is one line of a goroutine's stack.
type FramePos struct {
	Func string
	Pos  string // file:line:col
	Op   string
}

// describe names the function and the point of a frame.
func describe(f Framer) FramePos {
	t := reflect.TypeOf(f)
	m := metaOf(t)
	if m == nil {
		return FramePos{Func: strings.TrimSuffix(strings.TrimPrefix(t.String(), "*"), "__f"), Pos: "?:" + strconv.Itoa(f.point())}
	}
	p := FramePos{Func: m.Func, Pos: "?"}
	if pt := m.point(f.point()); pt != nil {
		p.Pos, p.Op = pt.Pos, pt.Op
	}
	return p
}

// loweredName returns what the user calls a lowered function, by its frame: main.hark_T_run is (*T).run, say. It is "" if there is none.
func loweredName(function string) string {
	if !strings.Contains(strings.ToLower(function), ".hark_") {
		return ""
	}
	metaOf(nil) // so that the map has all
	want := "*" + base(function) + "_frame"
	metas.mu.Lock()
	defer metas.mu.Unlock()
	for t, m := range metas.byType {
		if t.String() == want {
			return m.Func
		}
	}
	return ""
}

func (m *Meta) point(pc int) *Point {
	for i := range m.Points {
		if m.Points[i].PC == pc {
			return &m.Points[i]
		}
	}
	return nil
}

// live returns which fields of a frame have a value, as Point.Live does.
func live(f Framer) string {
	if m := metaOf(reflect.TypeOf(f)); m != nil {
		if pt := m.point(f.point()); pt != nil {
			return pt.Live
		}
	}
	return ""
}
