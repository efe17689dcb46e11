package ir

import (
	"errors"
	"fmt"
)

// Verify checks the invariants of the package documentation that f has after the passes it went through, and returns everything wrong.
//
// It finds what a frame must hold in its own way, so that a mistake in a pass shows: which variables may be read after a
// resumption before they are assigned.
func Verify(f *Func) error {
	v := &verifier{f: f, vars: map[*Var]bool{}, blocks: map[*Block]bool{}, owner: map[*Expr]*Stmt{}}
	v.declarations()
	for _, b := range f.Blocks {
		v.blocks[b] = true
	}
	for _, b := range f.Blocks {
		v.block(b)
	}
	v.points()
	if len(v.errs) == 0 && f.facts&framesKnown != 0 { // else the flow may not be there to follow
		v.frames()
	}
	return errors.Join(v.errs...)
}

type verifier struct {
	f      *Func
	vars   map[*Var]bool
	blocks map[*Block]bool
	owner  map[*Expr]*Stmt // of each node that is evaluated
	errs   []error
}

func (v *verifier) bad(format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf("%s: "+format, append([]any{v.f.Title}, args...)...))
}

// declarations checks that names are unique and indexes dense.
func (v *verifier) declarations() {
	names := map[string]bool{}
	name := func(n string) {
		if n != "" && names[n] {
			v.bad("two variables are named %s", n)
		}
		names[n] = true
	}
	if v.f.Coloured {
		name(v.f.G)
		name(v.f.Frame)
	}
	for _, x := range v.f.all() {
		if v.vars[x] {
			v.bad("variable %s is declared twice", x.Name)
		}
		v.vars[x] = true
		name(x.Name)
		if x.Name == "" {
			v.bad("a variable has no name")
		}
	}
	for _, x := range v.f.Locals() {
		if !v.vars[x] { // declared in blocks
			v.vars[x] = true
			name(x.Name)
		}
	}
}

// block checks that b ends in its one terminator and that its statements are well formed.
func (v *verifier) block(b *Block) {
	if b.Term() == nil {
		v.bad("block %d has no terminator", b.Index)
	}
	for i, s := range b.Stmts {
		if s.Terminator() && i < len(b.Stmts)-1 {
			v.bad("block %d: terminator at statement %d of %d", b.Index, i, len(b.Stmts))
		}
		if s.Kind == Poll && (i+1 == len(b.Stmts) || b.Stmts[i+1].Kind != Goto || b.Stmts[i+1].Then != s.Then) {
			v.bad("block %d: a poll is not followed by the jump it resumes at", b.Index)
		}
		v.shape(b, s)
		for _, e := range s.exprs() {
			v.expr(b, s, e)
		}
		if s.Index != nil && !v.vars[s.Index] {
			v.bad("block %d: variable %s is not declared", b.Index, s.Index.Name)
		}
	}
}

// shape checks that s has what its kind wants.
func (v *verifier) shape(b *Block, s *Stmt) {
	ok := true
	switch s.Kind {
	case Assign:
		ok = len(s.R) == len(s.L) || len(s.R) == 1
	case Goto, Poll:
		ok = v.blocks[s.Then]
	case If:
		ok = v.blocks[s.Then] && v.blocks[s.Else] && len(s.R) == 1
	case Return:
		ok = len(s.R) == 0 || len(s.R) == len(v.f.Results)
	case Panic, NativeDefer:
		ok = len(s.R) == 1
	case Defer:
		ok = len(s.R) == 2 || len(s.R) < 2 && v.f.Defers != nil
	case Deferred, CatchOuter, DeferOuter:
		ok = v.f.Defers != nil
	case Select:
		ok = !s.Choose || s.Index != nil && s.Point != nil
	}
	if !ok || s.Point == nil && (s.Dyn || s.Kind == Select && v.f.Coloured || s.Kind == Poll) {
		v.bad("block %d: malformed statement of kind %d", b.Index, s.Kind)
	}
}

// exprs lists the expressions of s, nil for blanks.
func (s *Stmt) exprs() []*Expr {
	es := append(append([]*Expr(nil), s.L...), s.R...)
	for _, c := range s.Cases {
		es = append(es, c.Chan, c.Send, c.L[0], c.L[1])
	}
	return es
}

// expr checks that e reads declared variables and that no other statement evaluates its nodes.
func (v *verifier) expr(b *Block, s *Stmt, e *Expr) {
	Walk(e, func(e *Expr) {
		switch {
		case e.Op == OpVar && !v.vars[e.Var]:
			v.bad("block %d: variable %s is not declared", b.Index, e.Var.Name)
		case e.Op == OpVar || e.Op == OpConst:
		case v.owner[e] != nil && v.owner[e] != s:
			v.bad("block %d: an expression (op %d) is part of two statements", b.Index, e.Op)
		}
		v.owner[e] = s
	})
}

// points checks that points are numbered, belong to statements of a coloured function, and are resumed where they were suspended.
func (v *verifier) points() {
	if !v.f.Coloured && len(v.f.Points) > 0 {
		v.bad("not coloured, but it has points")
	}
	at := map[*Point][]*Stmt{}
	for _, b := range v.f.Blocks {
		for _, s := range b.Stmts {
			if s.Point != nil {
				at[s.Point] = append(at[s.Point], s)
			}
		}
	}
	if v.f.Entry != nil && (len(v.f.Points) == 0 || v.f.Entry.PC != 0) {
		v.bad("an entry without other points, or not numbered 0")
	}
	if (v.f.RetPoint != nil) != (v.f.Defers != nil) {
		v.bad("deferred calls without a point, or the reverse")
	}
	for i, p := range v.f.Points {
		if p.PC != i+1 {
			v.bad("point %d is numbered %d", i+1, p.PC)
		}
		if p != v.f.RetPoint {
			v.resume(p, at[p])
		}
		delete(at, p)
	}
	for p := range at {
		v.bad("point %d (%s) is not listed", p.PC, p.Op)
	}
}

// resume checks where p, which is at the statements at, goes on.
func (v *verifier) resume(p *Point, at []*Stmt) {
	if v.f.facts&resumable == 0 || len(at) == 0 { // nothing reaches the point
		return
	}
	if !v.blocks[p.Resume] {
		v.bad("point %d is resumed at a block that is not there", p.PC)
		return
	}
	skip := func(b *Block) *Block {
		for b.Stmts[0].Kind == Goto {
			b = b.Stmts[0].Then
		}
		return b
	}
	to := skip(p.Resume)
	for _, s := range at {
		if to.Stmts[0] == s || s.Kind == Poll && skip(s.Then).origin() == to.origin() {
			return
		}
	}
	v.bad("point %d is not resumed where it was suspended", p.PC)
}

// frames checks that each point's frame holds every variable that may be read after a resumption there, and no other.
func (v *verifier) frames() {
	must, may := v.flow(false), v.flow(true)
	for _, b := range v.f.Blocks {
		for i, s := range b.Stmts {
			if s.Point == nil {
				continue
			}
			v.frame(s.Point, v.resumed(s, v.after(must, b, i, false), false), v.resumed(s, v.after(may, b, i, true), true))
			if s.Kind == Select || v.f.facts&framesSafe == 0 {
				continue
			}
			for _, l := range s.L {
				if l != nil && l.Op == OpVar && contains(s.Point.Live, l.Var) {
					v.bad("point %d: a suspended operation overwrites %s, which its frame holds", s.Point.PC, l.Var.Name)
				}
			}
		}
	}
	if p := v.f.Entry; p != nil {
		v.frame(p, v.given(must[v.f.Blocks[0]]), v.given(may[v.f.Blocks[0]]))
	}
	if v.f.RetPoint != nil {
		need := vars{}
		v.always(need)
		v.frame(v.f.RetPoint, need, need)
	}
}

// given picks from need what has a value at the start: the others are zero, as in a frame that lacks them.
func (v *verifier) given(need vars) vars {
	out := vars{}
	for x := range need {
		switch {
		case contains(v.f.Params, x), x == v.f.Env, x == v.f.Recv, x == v.f.Raised:
			out[x] = true
		case x == v.f.Defers && x.RT == "*Defers": // made before the frame is popped
			out[x] = true
		}
	}
	return out
}

func (v *verifier) frame(p *Point, must, may vars) {
	for x := range must {
		if !contains(p.Live, x) {
			v.bad("point %d (%s): the frame lacks %s", p.PC, p.Op, x.Name)
		}
	}
	for i, x := range p.Live {
		if !may[x] {
			v.bad("point %d (%s): the frame holds %s for nothing", p.PC, p.Op, x.Name)
		}
		if i > 0 && x.Index <= p.Live[i-1].Index {
			v.bad("point %d (%s): the frame is not in order", p.PC, p.Op)
		}
	}
}

func contains(vs []*Var, v *Var) bool {
	for _, x := range vs {
		if x == v {
			return true
		}
	}
	return false
}

type vars map[*Var]bool

func (s vars) read(e *Expr) {
	Walk(e, func(e *Expr) {
		if e.Op == OpVar {
			s[e.Var] = true
		}
	})
}

// flow finds the variables needed at the start of each block. With keep it adds those that a frame may hold although nothing may come
// to read them: the first argument of a call whose callee may find a method by it.
func (v *verifier) flow(keep bool) map[*Block]vars {
	at := map[*Block]vars{}
	for changed := true; changed; {
		changed = false
		for _, b := range v.f.Blocks {
			need := v.after(at, b, -1, keep)
			changed = changed || len(need) > len(at[b])
			at[b] = need
		}
	}
	return at
}

// after finds the variables needed after statement i of b; -1 is the start of b.
func (v *verifier) after(at map[*Block]vars, b *Block, i int, keep bool) vars {
	need := vars{}
	for _, s := range b.Succs() {
		for x := range at[s] {
			need[x] = true
		}
	}
	for j := len(b.Stmts) - 1; j > i; j-- {
		v.before(b.Stmts[j], need, keep)
	}
	return need
}

// before turns what is needed after s into what is needed before it.
func (v *verifier) before(s *Stmt, need vars, keep bool) {
	assigned(s, need)
	operands(s, need)
	if s.Kind == Return && len(s.R) == 0 {
		for _, r := range v.f.Results {
			need[r] = true
		}
	}
	if s.Kind == Return || s.Kind == Panic {
		v.always(need)
	}
}

// assigned takes the variables that s replaces out of need.
func assigned(s *Stmt, need vars) {
	for _, l := range s.L {
		if l != nil && l.Op == OpVar {
			delete(need, l.Var)
		}
	}
	if s.Index != nil {
		delete(need, s.Index)
	}
}

// operands adds what s reads.
func operands(s *Stmt, need vars) {
	for _, e := range s.R {
		need.read(e)
	}
	for _, e := range s.L {
		if e != nil && e.Op != OpVar {
			need.read(e)
		}
	}
	for _, c := range s.Cases {
		need.read(c.Chan)
		need.read(c.Send)
		for _, e := range c.L {
			if e != nil && e.Op != OpVar {
				need.read(e)
			}
		}
	}
}

// resumed turns what is needed after s into what is needed to resume at s.
func (v *verifier) resumed(s *Stmt, need vars, keep bool) vars {
	assigned(s, need)
	switch {
	case s.Point.Args:
		operands(s, need)
	case s.Kind != Poll:
		for _, l := range s.L {
			if l != nil && l.Op != OpVar {
				need.read(l)
			}
		}
		if s.Dyn {
			callee := s.R[0].Args[0]
			need.read(callee)
			// The first argument may be the receiver of a method expression, in a func value too.
			if len(s.R[0].Args) > 1 && (callee.Op == OpMethodExp || keep && callee.Op != OpMethodVal) {
				need.read(s.R[0].Args[1])
			}
		}
	}
	v.always(need)
	return need
}

// always adds what a function with deferred calls needs whenever it ends, by a panic too.
func (v *verifier) always(need vars) {
	if v.f.Defers != nil {
		need[v.f.Defers] = true
	}
	if !v.f.HasDefer {
		return
	}
	for _, b := range v.f.Boxes {
		need.read(b)
	}
	for _, r := range v.f.Results {
		need[r] = true
	}
}
