package ir

import "testing"

// TestFoldReturns: results assigned right before a return become its operands, where nothing can tell.
func TestFoldReturns(t *testing.T) {
	t.Parallel()
	x, r0, r1 := variable("x"), variable("r0"), variable("r1")
	risky := func() *Expr { return call(name("f")) }
	tests := []struct {
		name   string
		defers bool
		stmts  []*Stmt
		want   string
	}{
		{"plain", false, []*Stmt{assign(r0, plus(V(x), konst(1))), assign(r1, konst(2)), ret()}, "return x + 1, 2"},
		{"one call", false, []*Stmt{assign(r0, V(x)), assign(r1, risky()), ret()}, "return x, f()"},
		{"two calls", false, []*Stmt{assign(r0, risky()), assign(r1, risky()), ret()}, "return"},
		{"call beside memory", false, []*Stmt{assign(r0, plus(V(x), V(x))), assign(r1, risky()), ret()}, "return"},
		{"reads a result", false, []*Stmt{assign(r0, konst(1)), assign(r1, V(r0)), ret()}, "return"},
		{"other order", false, []*Stmt{assign(r1, konst(1)), assign(r0, konst(2)), ret()}, "return"},
		{"not all", false, []*Stmt{assign(r1, konst(1)), ret()}, "return"},
		{"deferred calls", true, []*Stmt{assign(r0, konst(1)), assign(r1, konst(2)), ret()}, "return"},
	}
	for _, tt := range tests {
		b := coloured(x)
		b.f.Results = []*Var{r0, r1}
		b.f.HasDefer = tt.defers
		blk := b.block()
		blk.add(tt.stmts...)
		b.finish(t)
		if got := blk.Term().String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestDropUnreachable: what only unreachable blocks lead to goes with them; a loop that polls stays.
func TestDropUnreachable(t *testing.T) {
	t.Parallel()
	b := coloured(variable("c"))
	entry, loop, dead, deader := b.block(), b.block(), b.block(), b.block()
	entry.add(&Stmt{Kind: Goto, Then: loop})
	loop.add(b.at(&Stmt{Kind: Poll, Then: loop}, false), &Stmt{Kind: Goto, Then: loop})
	dead.add(b.at(assign(nil, call(name("f"))), false), &Stmt{Kind: Goto, Then: deader})
	deader.add(&Stmt{Kind: Goto, Then: loop})
	f := b.finish(t)
	for _, left := range f.Blocks {
		if left == dead || left == deader {
			t.Errorf("block %d is still there", left.Index)
		}
	}
	if len(f.Blocks) < 2 {
		t.Errorf("%d blocks left", len(f.Blocks))
	}
}
