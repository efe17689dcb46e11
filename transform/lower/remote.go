package lower

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/ir"
)

// This file lowers what is otherwise in a distributed program: one of several processes, which may share channels.
//
//	go f(x) //hark:go remote    becomes    rt.GoRemote(g, &hark_main_t1{a0: x}, "", "main.v") // v is what f uses of package variables that are state
//	wg.Go(f) //hark:go remote              rt.WaitGroupGoRemote(g, &wg, &hark_main_t2{}, "")
//	close(ch)                              rt.Close(g, ch); if g.Suspending() { push; return }
//	n = len(ch)                            n = rt.Len(g, ch); if g.Suspending() { push; return }
//	select                                 see emit.selectStmt
//	n = x.Add(1) // an atomic.Int64        n = rt.AtomicAdd(g, rt.Int64Word(&x), 1); if g.Suspending() { push; return }
//	m.Store(k, v) // a sync.Map            rt.MapStore(g, &m, k, v); if g.Suspending() { push; return }
//	l.Lock() // a sync.Locker              rt.LockerLock(g, l); if g.Suspending() { push; return }
//	ok = mu.TryLock()                      ok = rt.TryLock(g, &mu); if g.Suspending() { push; return }
//
// Library functions that are compiled along do so natively: analyzer/suspend is not told that they share what they use.

// placed is name, of the function of rt that starts a goroutine in this process, or that for one in a process of its own if the statement at pos is remote. Then
// more are the last arguments: the class and the variables.
func (b *fn) placed(name string, pos token.Pos) (_ string, more []*ir.Expr) {
	if !b.opt.Place.Remote(pos) {
		return name, nil
	}
	more = append(more, text(b.opt.Place.Class(pos)))
	for _, v := range b.apart[pos].Vars {
		more = append(more, text(varName(v)))
	}
	return name + "Remote", more
}

func text(s string) *ir.Expr {
	return &ir.Expr{Op: ir.OpConst, Type: types.Typ[types.String], Const: constant.MakeString(s)}
}

// start calls the function of rt with this name, which starts a goroutine as the statement i says.
func (b *fn) start(name string, i ssa.Instruction, args ...*ir.Expr) {
	name, more := b.placed(name, i.Pos())
	args = append(args, more...)
	b.emit(&ir.Stmt{Kind: ir.Assign, R: []*ir.Expr{b.rtg(name, args...)}, Pos: suspend.Position(i)})
}

// locker returns the function of rt that does what c does with a sync.Locker, which processes may share, or "".
func (b *fn) locker(c *ssa.CallCommon) string {
	if m := suspend.LockerCall(c); m != "" && b.sharesMemory() {
		return "Locker" + m
	}
	return ""
}

// sharesMemory reports whether processes may share the channels and the memory of the function.
func (b *fn) sharesMemory() bool { return b.facts.Shares != nil && b.facts.Shares(b.ssa) }

// sharedBuiltin lowers close and len of a channel that processes may share.
func (b *fn) sharedBuiltin(i *ssa.Call) {
	ch := i.Call.Args[0]
	arg := b.value(ch)
	if arg.Op == ir.OpConst { // nil
		arg = &ir.Expr{Op: ir.OpConvert, Args: []*ir.Expr{arg}, Type: ch.Type()}
	}
	if suspend.ChannelBuiltin(&i.Call) == "close" {
		b.operation(&ir.Stmt{Kind: ir.Assign, R: []*ir.Expr{b.rtg("Close", arg)}}, i)
		return
	}
	name := "Len"
	if ch.Type().Underlying().(*types.Chan).Dir() == types.SendOnly {
		name = "LenSend"
	}
	b.operation(&ir.Stmt{Kind: ir.Assign, L: b.target(i), R: []*ir.Expr{b.rtg(name, arg)}}, i)
}
