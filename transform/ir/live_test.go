package ir

import (
	"go/types"
	"testing"
)

// TestLiveLoop: a variable that is carried around a loop is in the frame of a point in it; one that is made anew each time is not.
//
//	sum := 0
//	for i := 0; i < n; i++ {
//		x := <-c
//		y := x + i
//		sum += y
//	}
//	return sum
func TestLiveLoop(t *testing.T) {
	t.Parallel()
	n, c := variable("n"), variable("c")
	sum, i, x, y, r := variable("sum"), variable("i"), variable("x"), variable("y"), variable("r0")
	b := coloured(n, c).vars(sum, i, x, y)
	b.f.Results = []*Var{r}
	entry, loop, body, done := b.block(), b.block(), b.block(), b.block()
	entry.add(assign(sum, konst(0)), assign(i, konst(0)), &Stmt{Kind: Goto, Then: loop})
	loop.add(&Stmt{Kind: If, R: []*Expr{plus(V(i), V(n))}, Then: body, Else: done})
	recv := b.at(assign(x, runtimeCall("Recv", name("g"), V(c))), true)
	poll := b.at(&Stmt{Kind: Poll, Then: loop}, false)
	body.add(recv, assign(y, plus(V(x), V(i))), assign(sum, plus(V(sum), V(y))), assign(i, plus(V(i), konst(1))), poll, &Stmt{Kind: Goto, Then: loop})
	done.add(ret(V(sum)))
	b.finish(t)
	wantLive(t, recv.Point, "n c sum i")
	wantLive(t, poll.Point, "n c sum i")
}

// TestLiveOperands: an operation is executed again with its operands; the arguments of a call are in the callee's frame.
func TestLiveOperands(t *testing.T) {
	t.Parallel()
	c, x, arr, k := variable("c"), variable("x"), variable("arr"), variable("k")
	fn, recv, later := variable("fn"), variable("recv"), variable("later")
	fn.Type = types.NewSignatureType(nil, nil, nil, nil, nil, false)
	tests := []struct {
		name string
		stmt *Stmt
		args bool
		want string
	}{
		{"send", assign(nil, runtimeCall("Send", name("g"), V(c), V(x))), true, "c x later"},
		{"static call", assign(nil, call(name("f"), name("g"), V(x))), false, "later"},
		{"func value", &Stmt{Kind: Assign, R: []*Expr{call(V(fn), V(x))}, Dyn: true}, false, "fn later"},
		{"method", &Stmt{Kind: Assign, R: []*Expr{call(&Expr{Op: OpMethodVal, Args: []*Expr{V(recv)}, Name: "M"}, V(x))}, Dyn: true}, false, "recv later"},
		{"method expression", &Stmt{Kind: Assign, R: []*Expr{call(&Expr{Op: OpMethodExp, Type: intType, Name: "M"}, V(recv), V(x))}, Dyn: true}, false, "recv later"},
		{"result replaced", assign(later, call(name("f"), V(x))), false, ""},
		{"result kept beside operand", assign(x, runtimeCall("Recv", name("g"), V(c))), true, "c later"},
		{"result stored in a place", &Stmt{Kind: Assign, L: []*Expr{{Op: OpIndex, Args: []*Expr{V(arr), V(k)}}}, R: []*Expr{call(name("f"), V(x))}}, false, "arr k later"},
		{"select", &Stmt{Kind: Select, Block: true, Cases: []Case{{Chan: V(c), Send: V(x)}, {Chan: V(k)}}}, true, "c x k later"},
		{"select with index", &Stmt{Kind: Select, Index: later, Cases: []Case{{Chan: V(c)}}}, true, "c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := coloured(c, x, arr, k, fn, recv, later)
			b.f.Results = []*Var{variable("r0")}
			blk := b.block()
			s := b.at(tt.stmt, tt.args)
			blk.add(s, assign(nil, call(name("use"), V(later))), ret(konst(0)))
			b.finish(t)
			wantLive(t, s.Point, tt.want)
		})
	}
}

// TestLiveBranches: what only the other branch reads is not saved.
func TestLiveBranches(t *testing.T) {
	t.Parallel()
	c, x, y, z := variable("c"), variable("x"), variable("y"), variable("z")
	b := coloured(c, x, y, z)
	entry, left, right := b.block(), b.block(), b.block()
	entry.add(&Stmt{Kind: If, R: []*Expr{V(x)}, Then: left, Else: right})
	l := b.at(assign(nil, runtimeCall("Recv", V(c))), true)
	left.add(l, assign(nil, call(name("use"), V(y))), ret())
	r := b.at(assign(nil, call(name("f"))), false)
	right.add(r, assign(nil, call(name("use"), V(z))), ret())
	b.finish(t)
	wantLive(t, l.Point, "c y")
	wantLive(t, r.Point, "z")
}

// TestLiveReturn: a bare return yields the results as they are.
func TestLiveReturn(t *testing.T) {
	t.Parallel()
	named := variable("named")
	for _, bare := range []bool{true, false} {
		b := coloured()
		b.f.Results = []*Var{named}
		blk := b.block()
		s := b.at(assign(nil, call(name("f"))), false)
		want := ""
		if bare {
			blk.add(s, ret())
			want = "named"
		} else {
			blk.add(s, ret(konst(1)))
		}
		b.finish(t)
		wantLive(t, s.Point, want)
	}
}

// TestLiveDefers: with deferred calls every frame holds the list of them, the results, and the boxes of the named ones: a recovered panic
// returns them from anywhere.
func TestLiveDefers(t *testing.T) {
	t.Parallel()
	r, boxed, box, dead := variable("r"), variable("boxed"), variable("box"), variable("dead")
	box.Type = types.NewPointer(intType)
	defers := &Var{Name: "defers", RT: "Defers"}
	b := coloured(dead).vars(defers, box)
	f := b.f
	f.HasDefer, f.Defers, f.Results = true, defers, []*Var{r, boxed}
	f.Boxes = []*Expr{nil, {Op: OpDeref, Args: []*Expr{V(box)}, Type: intType}}
	blk := b.block()
	s := b.at(assign(nil, call(name("f"), V(dead))), false)
	blk.add(assign(box, &Expr{Op: OpNew, Type: intType}), s, &Stmt{Kind: Deferred}, ret(konst(1), konst(2)))
	f.RetPoint = &Point{PC: 2, Op: "deferred calls"}
	f.Points = append(f.Points, f.RetPoint)
	b.finish(t)
	wantLive(t, s.Point, "r boxed defers box")
	wantLive(t, f.RetPoint, "r boxed defers box")
}

// TestLiveEnv: the environment of a closure is saved when a captured variable is read later.
func TestLiveEnv(t *testing.T) {
	t.Parallel()
	b := coloured()
	b.f.Kind = Closure
	b.f.Env = &Var{Name: "e", Env: "f_env"}
	blk := b.block()
	before := b.at(assign(nil, call(name("f"))), false)
	after := b.at(assign(nil, call(name("f"))), false)
	field := &Expr{Op: OpField, Args: []*Expr{V(b.f.Env)}, Name: "x"}
	blk.add(before, assign(nil, call(name("use"), field)), after, ret())
	b.finish(t)
	wantLive(t, before.Point, "e")
	wantLive(t, after.Point, "")
}

// TestDropUnread: variables that nothing reads go, and so do assignments to them, unless their right sides do something.
func TestDropUnread(t *testing.T) {
	t.Parallel()
	p, a, b2, c, d := variable("p"), variable("a"), variable("b"), variable("c"), variable("d")
	b := coloured(p).vars(a, b2, c, d)
	blk := b.block()
	useless := assign(a, plus(V(b2), konst(1))) // the only reader of b
	chain := assign(b2, konst(1))
	effect := assign(c, call(name("f")))
	used := assign(d, konst(2))
	param := assign(p, konst(3))
	blk.add(chain, useless, effect, used, param, assign(nil, call(name("use"), V(d))), ret())
	f := b.finish(t)
	if got := names(f.Vars); got != "d" {
		t.Errorf("variables left: %s", got)
	}
	if len(blk.Stmts) != 4 || blk.Stmts[0] != effect || blk.Stmts[1] != used {
		t.Errorf("%d statements left, want 4", len(blk.Stmts))
	}
	if effect.L[0] != nil {
		t.Error("c is still assigned")
	}
}

// TestDropUnreadParts: the parts of a tuple are dropped one by one; so are the variables of a select.
func TestDropUnreadParts(t *testing.T) {
	t.Parallel()
	v, ok, w, n, c := variable("v"), variable("ok"), variable("w"), variable("n"), variable("c")
	b := coloured(c).vars(v, ok, w, n)
	blk := b.block()
	recv := b.at(&Stmt{Kind: Assign, L: []*Expr{V(v), V(ok)}, R: []*Expr{runtimeCall("Recv2", V(c))}}, true)
	sel := b.at(&Stmt{Kind: Select, Index: n, Cases: []Case{{Chan: V(c), L: [2]*Expr{V(w), nil}}}}, true)
	blk.add(recv, sel, assign(nil, call(name("use"), V(ok))), ret())
	f := b.finish(t)
	if recv.L[0] != nil || recv.L[1] == nil {
		t.Errorf("left sides are %v", recv.L)
	}
	if sel.Cases[0].L[0] != nil {
		t.Error("the select still assigns w")
	}
	if got := names(f.Vars); got != "ok" {
		t.Errorf("variables left: %s", got)
	}
}

// TestProtect: x = <-x's channel: a suspended operation yields zero values, and they must not replace what the frame is to save.
func TestProtect(t *testing.T) {
	t.Parallel()
	x, taken := variable("x"), variable("x_")
	b := coloured(x, taken)
	blk := b.block()
	s := b.at(assign(x, runtimeCall("Recv", name("g"), V(x))), true)
	blk.add(s, assign(nil, call(name("use"), V(x), V(taken))), ret())
	f := b.finish(t)
	wantLive(t, s.Point, "x x_")
	if len(blk.Stmts) != 4 {
		t.Fatalf("%d statements, want 4", len(blk.Stmts))
	}
	tmp, after := s.L[0].Var, blk.Stmts[1]
	if tmp == x || tmp == taken || tmp.Name == "x_" {
		t.Errorf("assigns %s", tmp.Name)
	}
	if after.L[0].Var != x || after.R[0].Var != tmp {
		t.Error("x is not assigned after the operation")
	}
	if names(f.Vars) != tmp.Name {
		t.Errorf("variables: %s", names(f.Vars))
	}
}
