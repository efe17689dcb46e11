package leak

import (
	"go/constant"
	"go/token"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// This file judges channels.

// forever is what follows from a wait that nothing ends.
const forever = "it waits for ever, and is saved with the run as long as that lives"

// ends are what is done with a channel, by kind.
type ends struct {
	sends    []*ssa.Send
	recvs    []*ssa.UnOp
	selects  []*ssa.Select // that receive
	tries    bool          // some select sends
	closes   bool
	receives bool // something receives
}

// endsOf sorts what is done with a channel.
func endsOf(u *uses) *ends {
	e := &ends{}
	for _, i := range u.ops {
		switch i := i.(type) {
		case *ssa.Send:
			e.sends = append(e.sends, i)
		case *ssa.UnOp:
			e.recvs, e.receives = append(e.recvs, i), true
		case *ssa.Select:
			e.selectOp(i, u)
		case ssa.CallInstruction:
			if b, ok := i.Common().Value.(*ssa.Builtin); ok && b.Name() == "close" {
				e.closes = true
			}
		}
	}
	return e
}

func (e *ends) selectOp(s *ssa.Select, u *uses) {
	for _, st := range s.States {
		if !u.values[st.Chan] {
			continue
		}
		if st.Send != nil {
			e.tries = true
			continue
		}
		e.selects, e.receives = append(e.selects, s), true
	}
}

// channel judges a channel that is made.
func (p *pass) channel(m *ssa.MakeChan) {
	u := usesOf(m, nil)
	if u.escapes {
		return
	}
	e := endsOf(u)
	size, constant := capacity(m)
	unbuffered := constant && size == 0
	switch {
	case len(e.sends) > 0 && !e.receives && !e.closes && unbuffered:
		for _, s := range e.sends {
			p.stuck(m, s, "a send on the channel made at "+p.at(m.Pos())+", which nobody receives from", "receive from it, or leave the send out")
		}
	case e.receives && len(e.sends) == 0 && !e.tries && !e.closes:
		for _, r := range e.recvs {
			p.stuck(m, r, "a receive from the channel made at "+p.at(m.Pos())+", which nobody sends on or closes", "send on it, or close it")
		}
	case unbuffered && !flow.IsMain(m.Parent()) && p.more(m, e, u):
	case !e.closes && !e.tries:
		p.endless(m, e)
	}
}

// stuck reports that i waits for ever, unless it is in a goroutine that ends with main, or that is meant: as <-make(chan int), or as the last thing in main, which
// lets others run.
func (p *pass) stuck(m *ssa.MakeChan, i ssa.Instruction, what, do string) {
	line := func(pos token.Pos) int { return p.Fset.Position(pos).Line }
	switch main := flow.IsMain(m.Parent()); {
	case line(i.Pos()) == line(m.Pos()) && i.Parent() == m.Parent():
	case main && i.Parent() != m.Parent():
	case main && p.starts && flow.IsReturn(i.Block().Instrs[len(i.Block().Instrs)-1]) && last(i):
	default:
		p.warn(i.Pos(), what, forever, do)
	}
}

// last reports whether nothing but a return follows i.
func last(i ssa.Instruction) bool {
	return !flow.Reaches(i, func(x ssa.Instruction) bool {
		switch x.(type) {
		case *ssa.Return, *ssa.RunDefers, *ssa.DebugRef:
			return false
		}
		return true
	}, nil)
}

// quiet are packages that start no goroutines.
var quiet = library.Words("bufio bytes cmp errors flag fmt io log maps math math/rand os slices sort strconv strings sync sync/atomic unicode unicode/utf8")

// alone reports a select without cases in main, if that is the only goroutine.
func (p *pass) alone(s *ssa.Select) {
	if len(s.States) > 0 || !s.Blocking || !flow.IsMain(s.Parent()) || p.starts {
		return
	}
	for _, imp := range p.Pkg.Imports() {
		if !quiet[imp.Path()] {
			return
		}
	}
	p.warn(suspend.Position(s), "a select without cases in the only goroutine there is", "it is a deadlock", "leave it out, so that the program ends")
}

// capacity is the capacity that a channel is made with, if that is constant.
func capacity(m *ssa.MakeChan) (n int64, ok bool) {
	c, ok := m.Size.(*ssa.Const)
	if !ok || c.Value == nil {
		return 0, false
	}
	return constant.Int64Val(constant.ToInt(c.Value))
}

// more reports goroutines that may send once more than is received.
func (p *pass) more(m *ssa.MakeChan, e *ends, u *uses) bool {
	if len(e.sends) != 1 || e.tries || e.sends[0].Parent() == m.Parent() || flow.Repeats(m.Block()) {
		return false
	}
	send := e.sends[0]
	received := 0
	for _, r := range e.recvs {
		received = min(many, received+p.times(r, m.Parent()))
	}
	for _, s := range e.selects {
		received = min(many, received+p.times(s, m.Parent()))
	}
	start := p.start(send, m.Parent())
	switch {
	case start == nil:
		return false
	case received == 1 && !counted(start.Block()) && p.times(send, m.Parent()) == many && flow.Repeats(start.Block()) && !flow.Repeats(send.Block()):
		p.warn(send.Pos(), "each goroutine that is started at "+p.at(start.Pos())+" sends on a channel that is received from once", "the others wait for ever, and are saved with the run as long as that lives", "receive as often as goroutines are started, or make the channel with a buffer for all of them")
		return true
	case len(e.recvs) == 0 && len(e.selects) == 1 && p.times(send, m.Parent()) == 1 && e.selects[0].Parent() == m.Parent():
		return p.abandoned(m, send, e.selects[0], u)
	}
	return false
}

// counted reports whether a loop around b has a constant number of rounds.
func counted(b *ssa.BasicBlock) bool {
	for _, h := range b.Parent().Blocks {
		if !flow.Header(h) || !slices.Contains(flow.Loop(h), b) {
			continue
		}
		for _, m := range flow.Loop(h) {
			if br, ok := m.Instrs[len(m.Instrs)-1].(*ssa.If); ok && constantBound(br.Cond) {
				return true
			}
		}
	}
	return false
}

func constantBound(cond ssa.Value) bool {
	b, ok := cond.(*ssa.BinOp)
	if !ok || b.Op != token.LSS && b.Op != token.LEQ {
		return false
	}
	_, ok = b.Y.(*ssa.Const)
	return ok
}

// start is the go statement in maker whose function, a literal or one of the package, has the send; nil if it is none.
func (p *pass) start(send *ssa.Send, maker *ssa.Function) *ssa.Go {
	calls := p.calls[send.Parent()]
	if len(calls) != 1 || p.other[send.Parent()] {
		return nil
	}
	g, ok := calls[0].(*ssa.Go)
	if !ok || g.Parent() != maker {
		return nil
	}
	return g
}

// abandoned reports a goroutine whose only receiver, a select, may take another case and return.
func (p *pass) abandoned(m *ssa.MakeChan, send *ssa.Send, s *ssa.Select, u *uses) bool {
	var end ssa.Instruction
	found := flow.Reaches(s, func(i ssa.Instruction) bool {
		end = i
		return flow.IsReturn(i)
	}, func(i ssa.Instruction) bool { return i == s || took(i.Block(), s, u) })
	if !found || !s.Blocking {
		return false
	}
	f := vet.Finding{
		Pos: send.Pos(), What: "the goroutine waits for ever in this send if the select at " + p.at(s.Pos()) + " takes another case",
		Why: "the function returns then (" + p.at(end.Pos()) + "), nobody receives, and the goroutine is saved with the run as long as that lives",
		Do:  "make the channel with a buffer of one",
	}
	if fix, ok := p.buffer(m); ok {
		f.Fixes = []analysis.SuggestedFix{fix}
	}
	p.report(f)
	return true
}

// took reports whether b is only executed after s has received from the channel.
func took(b *ssa.BasicBlock, s *ssa.Select, u *uses) bool {
	for d := b; d != nil && d.Idom() != nil; d = d.Idom() {
		if len(d.Preds) != 1 {
			continue
		}
		br, ok := d.Preds[0].Instrs[len(d.Preds[0].Instrs)-1].(*ssa.If)
		if !ok || br.Block().Succs[0] != d {
			continue
		}
		if n, ok := caseOf(br.Cond, s); ok && u.values[s.States[n].Chan] {
			return true
		}
	}
	return false
}

// caseOf is the case of a select that a condition asks for.
func caseOf(cond ssa.Value, s *ssa.Select) (int, bool) {
	b, ok := cond.(*ssa.BinOp)
	if !ok || b.Op != token.EQL {
		return 0, false
	}
	x, ok := b.X.(*ssa.Extract)
	n, isConst := b.Y.(*ssa.Const)
	if !ok || !isConst || x.Tuple != s || x.Index != 0 {
		return 0, false
	}
	return int(n.Int64()), true
}

// endless reports the range over a channel that nobody closes, whose senders end.
func (p *pass) endless(m *ssa.MakeChan, e *ends) {
	if len(e.sends) == 0 {
		return
	}
	for _, s := range e.sends {
		if !returns(s.Block()) {
			return
		}
	}
	for _, r := range e.recvs {
		if !ranges(r) || r.Parent() != m.Parent() && flow.IsMain(m.Parent()) || r.Parent() == m.Parent() && p.sendsAfter(r, e) {
			continue
		}
		p.warn(r.Pos(), "a range over the channel made at "+p.at(m.Pos())+", which nobody closes", "when all has been received that is sent, "+forever, "close the channel when its senders have ended")
	}
}

// sendsAfter reports whether the function of r sends itself: then it is another mistake.
func (p *pass) sendsAfter(r *ssa.UnOp, e *ends) bool {
	for _, s := range e.sends {
		if s.Parent() == r.Parent() {
			return true
		}
	}
	return false
}

// returns reports whether the function may return after b.
func returns(b *ssa.BasicBlock) bool {
	return flow.Reaches(b.Instrs[0], flow.IsReturn, nil)
}

// ranges reports whether r receives for a range statement that ends only with the channel.
func ranges(r *ssa.UnOp) bool {
	if !r.CommaOk || r.Block().Comment != "rangechan.loop" || !flow.Header(r.Block()) {
		return false
	}
	in := map[*ssa.BasicBlock]bool{}
	body := flow.Loop(r.Block())
	for _, b := range body {
		in[b] = true
	}
	for _, b := range body[1:] {
		for _, s := range b.Succs {
			if !in[s] {
				return false
			}
		}
		if len(b.Succs) == 0 {
			return false
		}
	}
	return true
}

// nilChannel reports operations on a channel that is nil.
func (p *pass) nilChannel(i ssa.Instruction) {
	var ch ssa.Value
	what := "a receive from"
	switch i := i.(type) {
	case *ssa.Send:
		ch, what = i.Chan, "a send on"
	case *ssa.UnOp:
		if i.Op == token.ARROW {
			ch = i.X
		}
	}
	if c, ok := ch.(*ssa.Const); ok && c.IsNil() {
		p.warn(i.Pos(), what+" a nil channel", forever, "make the channel")
	}
}
