package ir

import "testing"

// TestScope: in a loop, a variable that every round assigns first is declared there, and no other.
//
//	for { x := <-c; y := x + sum; sum += y; use(z) ; z = x }; return sum
func TestScope(t *testing.T) {
	t.Parallel()
	c, x, y, z, sum := variable("c"), variable("x"), variable("y"), variable("z"), variable("sum")
	b := coloured(c).vars(x, y, z, sum)
	b.f.Results = []*Var{variable("r0")}
	loop, done := b.block(), b.block()
	loop.add(
		b.at(assign(x, runtimeCall("Recv", name("g"), V(c))), true),
		assign(y, plus(V(x), V(sum))),
		assign(sum, plus(V(sum), V(y))),
		assign(nil, call(name("use"), V(z))),
		assign(z, V(x)),
		&Stmt{Kind: If, R: []*Expr{V(x)}, Then: loop, Else: done},
	)
	done.add(ret(V(sum)))
	f := b.finish(t)
	if got := names(f.Vars); got != "z sum" {
		t.Errorf("declared at the top: %s", got)
	}
	if got := names(loop.Vars); got != "x y" {
		t.Errorf("declared in the loop: %s", got)
	}
}
