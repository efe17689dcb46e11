package ir

import (
	"fmt"
	"go/token"
	"math/rand/v2"
	"slices"
	"testing"
)

// A flow builds a random function of nested loops and branches. Each statement has a Pos of its own, which its copies share.
type flow struct {
	rnd   *rand.Rand
	f     *Func
	cur   *Block
	stmts int
	loops []looping
}

type looping struct{ head, exit *Block }

func (w *flow) block() *Block {
	b := &Block{Index: len(w.f.Blocks)}
	w.f.Blocks = append(w.f.Blocks, b)
	return b
}

func (w *flow) add(s *Stmt) {
	w.stmts++
	s.Pos = token.Pos(w.stmts)
	w.cur.Stmts = append(w.cur.Stmts, s)
}

func (w *flow) jump(to *Block) { w.add(&Stmt{Kind: Goto, Then: to}) }

func (w *flow) point(s *Stmt) *Stmt {
	s.Point = &Point{PC: len(w.f.Points) + 1}
	w.f.Points = append(w.f.Points, s.Point)
	return s
}

// body adds some statements, with loops and branches to the given depth.
func (w *flow) body(depth int) {
	for range 1 + w.rnd.IntN(4) {
		switch n := w.rnd.IntN(10); {
		case n < 3 || depth == 0 && n < 6:
			w.add(w.point(&Stmt{Kind: Assign, R: []*Expr{konst(1)}}))
		case n < 5 || depth == 0:
			w.add(&Stmt{Kind: Assign, R: []*Expr{konst(1)}})
		case n < 8:
			w.loop(depth)
		default:
			w.branch(depth)
		}
	}
}

func (w *flow) loop(depth int) {
	head, body, exit := w.block(), w.block(), w.block()
	w.jump(head)
	w.cur = head
	if w.rnd.IntN(3) == 0 {
		w.add(w.point(&Stmt{Kind: Assign, R: []*Expr{konst(1)}}))
	}
	w.add(&Stmt{Kind: If, R: []*Expr{konst(1)}, Then: body, Else: exit})
	w.cur = body
	w.loops = append(w.loops, looping{head, exit})
	w.body(depth - 1)
	w.loops = w.loops[:len(w.loops)-1]
	if w.rnd.IntN(2) == 0 {
		w.add(w.point(&Stmt{Kind: Poll, Then: head}))
	}
	w.jump(head)
	w.cur = exit
}

// branch may leave or continue any loop around it.
func (w *flow) branch(depth int) {
	yes, join := w.block(), w.block()
	w.add(&Stmt{Kind: If, R: []*Expr{konst(1)}, Then: yes, Else: join})
	w.cur = yes
	w.body(depth - 1)
	to := join
	if len(w.loops) > 0 && w.rnd.IntN(2) == 0 {
		l := w.loops[w.rnd.IntN(len(w.loops))]
		to = l.exit
		if w.rnd.IntN(2) == 0 {
			to = l.head
		}
	}
	w.jump(to)
	w.cur = join
}

func randomFlow(rnd *rand.Rand) *Func {
	w := &flow{rnd: rnd, f: &Func{Title: "f", Coloured: true}}
	w.cur = w.block()
	w.body(4)
	w.add(&Stmt{Kind: Return})
	return w.f
}

// trace executes f for a while. Branches go by seed. Before every nth point, it is suspended and resumed.
func trace(f *Func, seed uint64, n int) (out []token.Pos) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	b, i, points, resumed := f.Blocks[0], 0, 0, false
	for len(out) < 2000 {
		s := b.Stmts[i]
		i++
		if s.Point != nil && !resumed {
			points++
			if n > 0 && points%n == 0 {
				if s.Kind == Poll {
					out = append(out, s.Pos, s.Pos+1) // and the jump
				} else {
					resumed = true
				}
				b, i = s.Point.Resume, 0
				continue
			}
		}
		if s.Pos.IsValid() { // not a jump that Reenter has added
			out = append(out, s.Pos)
			resumed = false
		}
		switch s.Kind {
		case Goto:
			b, i = s.Then, 0
		case If:
			if b, i = s.Then, 0; rnd.IntN(2) == 0 {
				b = s.Else
			}
		case Return:
			return out
		}
	}
	return out
}

// TestReenter: a function that is suspended and resumed at some of its points does the same as one that is not.
func TestReenter(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		f := randomFlow(rand.New(rand.NewPCG(seed, 0)))
		var want [3][]token.Pos
		for k := range want {
			want[k] = trace(f, uint64(k), 0)
		}
		before := len(f.Blocks)
		f.reenter()
		for k, w := range want {
			for _, n := range []int{0, 1, 2, 7} {
				if got := trace(f, uint64(k), n); !slices.Equal(got[:min(len(got), 1900)], w[:min(len(w), 1900)]) {
					t.Fatalf("seed %d, run %d, suspended at every %d points: differs", seed, k, n)
				}
			}
		}
		if what := entries(f); what != "" {
			t.Errorf("seed %d, %d blocks, %d after: %s", seed, before, len(f.Blocks), what)
		}
	}
}

// entries looks for a loop that is entered in the middle, by a jump or a resumption.
func entries(f *Func) string {
	resumed := map[*Block]bool{}
	for _, p := range f.Points {
		resumed[p.Resume] = true
	}
	preds := map[*Block][]*Block{}
	for _, b := range f.Blocks {
		for _, s := range b.Succs() {
			preds[s] = append(preds[s], b)
		}
	}
	var look func(region []*Block) string
	look = func(region []*Block) string {
		for _, loop := range components(region) {
			var heads []*Block
			var rest []*Block
			for _, b := range region {
				if !loop[b] {
					continue
				}
				outside := resumed[b]
				for _, p := range preds[b] {
					outside = outside || !loop[p]
				}
				if outside {
					heads = append(heads, b)
				} else {
					rest = append(rest, b)
				}
			}
			if len(heads) > 1 {
				return fmt.Sprintf("a loop is entered at blocks %d and %d", heads[0].Index, heads[1].Index)
			}
			if what := look(rest); what != "" {
				return what
			}
		}
		return ""
	}
	return look(f.Blocks)
}
