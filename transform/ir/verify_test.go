package ir

import (
	"regexp"
	"testing"
)

// valid is a function with one of most things:
//
//	for { x := <-c; sum += x; if x { return sum } }
func valid() (b *build, recv, poll *Stmt) {
	c, x, sum := variable("c"), variable("x"), variable("sum")
	b = coloured(c).vars(x, sum)
	b.f.Results = []*Var{variable("r0")}
	loop, again, done := b.block(), b.block(), b.block()
	recv = b.at(assign(x, runtimeCall("Recv", name("g"), V(c))), true)
	loop.add(recv, assign(sum, plus(V(sum), V(x))), &Stmt{Kind: If, R: []*Expr{V(x)}, Then: done, Else: again})
	poll = b.at(&Stmt{Kind: Poll, Then: loop}, false)
	again.add(poll, &Stmt{Kind: Goto, Then: loop})
	done.add(ret(V(sum)))
	return b, recv, poll
}

// TestVerify: each damage to a valid function is found.
func TestVerify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		damage func(b *build, recv, poll *Stmt)
		want   string
	}{
		{"none", func(*build, *Stmt, *Stmt) {}, ""},
		{"no terminator", func(b *build, _, _ *Stmt) { b.f.Blocks[2].Stmts = nil }, "block 2 has no terminator"},
		{"early terminator", func(b *build, _, _ *Stmt) { b.f.Blocks[2].add(ret()) }, "terminator at statement 0 of 2"},
		{"stray block", func(b *build, _, _ *Stmt) { b.f.Blocks = b.f.Blocks[:2] }, "malformed"},
		{"undeclared", func(b *build, _, _ *Stmt) { b.f.Vars = b.f.Vars[:1] }, "variable sum is not declared"},
		{"same name", func(b *build, _, _ *Stmt) { b.f.Vars[0].Name = "c" }, "two variables are named c"},
		{"name of g", func(b *build, _, _ *Stmt) { b.f.Vars[0].Name = "g" }, "two variables are named g"},
		{"declared twice", func(b *build, _, _ *Stmt) { b.f.Vars = append(b.f.Vars, b.f.Vars[0]) }, "declared twice"},
		{"shared node", func(b *build, recv, _ *Stmt) {
			b.f.Blocks[2].Stmts[0].R[0] = b.f.Blocks[0].Stmts[1].R[0]
		}, "part of two statements"},
		{"frame lacks", func(_ *build, recv, _ *Stmt) { recv.Point.Live = recv.Point.Live[1:] }, "the frame lacks c"},
		{"frame holds", func(b *build, _, poll *Stmt) { poll.Point.Live = append(poll.Point.Live, b.f.Vars[0]) }, "holds x for nothing"},
		{"frame order", func(_ *build, recv, _ *Stmt) {
			l := recv.Point.Live
			l[0], l[1] = l[1], l[0]
		}, "not in order"},
		{"overwrites", func(b *build, recv, _ *Stmt) { recv.L[0] = V(b.f.Params[0]) }, "overwrites c"},
		{"poll alone", func(b *build, _, _ *Stmt) { b.f.Blocks[1].Stmts[1].Then = b.f.Blocks[2] }, "not followed by the jump"},
		{"numbering", func(_ *build, recv, _ *Stmt) { recv.Point.PC = 7 }, "point 1 is numbered 7"},
		{"unlisted point", func(b *build, _, _ *Stmt) { b.f.Points = b.f.Points[:1] }, "is not listed"},
		{"resumed elsewhere", func(b *build, recv, _ *Stmt) {
			b.f.facts |= resumable
			recv.Point.Resume = b.f.Blocks[len(b.f.Blocks)-1]
		}, "not resumed where it was"},
		{"resumed nowhere", func(b *build, recv, _ *Stmt) {
			b.f.facts |= resumable
			recv.Point.Resume = &Block{}
		}, "a block that is not there"},
		{"points of a plain function", func(b *build, _, _ *Stmt) { b.f.Coloured = false }, "not coloured"},
		{"no deferred list", func(b *build, _, _ *Stmt) { b.f.RetPoint = b.f.Points[1] }, "without a point, or the reverse"},
		{"wrong results", func(b *build, _, _ *Stmt) { b.f.Blocks[2].Stmts[0].R = []*Expr{konst(1), konst(2)} }, "malformed"},
		{"dynamic without point", func(b *build, _, _ *Stmt) { b.f.Blocks[0].Stmts[1].Dyn = true }, "malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, recv, poll := valid()
			for _, p := range passes {
				if p.adds&resumable == 0 && p.name != "scope" { // which would move blocks and variables
					p.run(b.f)
					b.f.facts |= p.adds
				}
			}
			tt.damage(b, recv, poll)
			err := Verify(b.f)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !regexp.MustCompile(tt.want).MatchString(err.Error())):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
