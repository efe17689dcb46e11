package ir

import (
	"go/constant"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// The functions of these tests are built by hand, statement by statement.

var intType = types.Typ[types.Int]

func variable(name string) *Var { return &Var{Name: name, Type: intType} }

func konst(n int64) *Expr {
	return &Expr{Op: OpConst, Type: intType, Const: constant.MakeInt64(n)}
}

func plus(x, y *Expr) *Expr {
	return &Expr{Op: OpBinary, Tok: token.ADD, Args: []*Expr{x, y}, Type: intType}
}

func runtimeCall(name string, args ...*Expr) *Expr { return &Expr{Op: OpRT, Name: name, Args: args} }

func call(f *Expr, args ...*Expr) *Expr {
	return &Expr{Op: OpCall, Args: append([]*Expr{f}, args...)}
}

func name(n string) *Expr { return &Expr{Op: OpName, Name: n} }

// set is `l = r`, or `r` alone.
func assign(l *Var, r *Expr) *Stmt {
	s := &Stmt{Kind: Assign, R: []*Expr{r}}
	if l != nil {
		s.L = []*Expr{V(l)}
	}
	return s
}

// A build is a function in the making.
type build struct{ f *Func }

// coloured begins a function that may suspend.
func coloured(params ...*Var) *build {
	return &build{&Func{Name: "f", Title: "main.f", Coloured: true, G: "g", Frame: "frame", Params: params}}
}

func (b *build) vars(vs ...*Var) *build {
	b.f.Vars = append(b.f.Vars, vs...)
	return b
}

func (b *build) block() *Block {
	blk := &Block{Index: len(b.f.Blocks)}
	b.f.Blocks = append(b.f.Blocks, blk)
	return blk
}

func (blk *Block) add(ss ...*Stmt) { blk.Stmts = append(blk.Stmts, ss...) }

// at makes s a suspension point; args: its operands are needed again.
func (b *build) at(s *Stmt, args bool) *Stmt {
	s.Point = &Point{PC: len(b.f.Points) + 1, Op: "op", Args: args}
	b.f.Points = append(b.f.Points, s.Point)
	return s
}

// finish completes the function and verifies it.
func (b *build) finish(t *testing.T) *Func {
	t.Helper()
	b.f.Finish(nil)
	if err := Verify(b.f); err != nil {
		t.Errorf("Verify: %v", err)
	}
	return b.f
}

func live(p *Point) string { return names(p.Live) }

func names(vs []*Var) string {
	var out []string
	for _, v := range vs {
		out = append(out, v.Name)
	}
	return strings.Join(out, " ")
}

func wantLive(t *testing.T, p *Point, want string) {
	t.Helper()
	if got := live(p); got != want {
		t.Errorf("point %d holds %q, want %q", p.PC, got, want)
	}
}

var ret = func(rs ...*Expr) *Stmt { return &Stmt{Kind: Return, R: rs} }

func TestWalk(t *testing.T) {
	t.Parallel()
	x, y := variable("x"), variable("y")
	var got []string
	Walk(plus(plus(V(x), konst(1)), V(y)), func(e *Expr) {
		switch e.Op {
		case OpVar:
			got = append(got, e.Var.Name)
		case OpConst:
			got = append(got, e.Const.ExactString())
		case OpBinary:
			got = append(got, "+")
		}
	})
	if s := strings.Join(got, " "); s != "+ + x 1 y" {
		t.Errorf("visited %s", s)
	}
	Walk(nil, func(*Expr) { t.Error("visited nil") })
}

func TestSuccs(t *testing.T) {
	t.Parallel()
	a, b := new(Block), new(Block)
	tests := []struct {
		name string
		last *Stmt
		want int
		term bool
	}{
		{"goto", &Stmt{Kind: Goto, Then: a}, 1, true},
		{"if", &Stmt{Kind: If, Then: a, Else: b}, 2, true},
		{"return", ret(), 0, true},
		{"panic", &Stmt{Kind: Panic}, 0, true},
		{"assign", assign(nil, konst(1)), 0, false},
		{"poll", &Stmt{Kind: Poll, Then: a}, 0, false},
	}
	for _, tt := range tests {
		blk := &Block{Stmts: []*Stmt{tt.last}}
		if n := len(blk.Succs()); n != tt.want {
			t.Errorf("%s: %d successors, want %d", tt.name, n, tt.want)
		}
		if (blk.Term() != nil) != tt.term {
			t.Errorf("%s: terminator %v", tt.name, blk.Term())
		}
	}
	if new(Block).Term() != nil {
		t.Error("an empty block has a terminator")
	}
}

func TestEffect(t *testing.T) {
	t.Parallel()
	x := V(variable("x"))
	ptr := &Expr{Op: OpVar, Var: variable("p"), Type: types.NewPointer(intType)}
	iface := &Expr{Op: OpVar, Var: variable("i"), Type: types.NewInterfaceType(nil, nil)}
	binary := func(tok token.Token, a, b *Expr) *Expr {
		return &Expr{Op: OpBinary, Tok: tok, Args: []*Expr{a, b}, Type: intType}
	}
	tests := []struct {
		name string
		e    *Expr
		want bool
	}{
		{"variable", x, false},
		{"constant", konst(1), false},
		{"x+1", plus(x, konst(1)), false},
		{"x/1", binary(token.QUO, x, konst(1)), true},
		{"x<<1", binary(token.SHL, x, konst(1)), true},
		{"x==1", binary(token.EQL, x, konst(1)), false},
		{"p==p", binary(token.EQL, ptr, ptr), false},
		{"i==i", binary(token.EQL, iface, iface), true},
		{"float division", &Expr{Op: OpBinary, Tok: token.QUO, Args: []*Expr{x, x}, Type: types.Typ[types.Float64]}, false},
		{"*p", &Expr{Op: OpDeref, Args: []*Expr{ptr}}, true},
		{"p.f", &Expr{Op: OpField, Args: []*Expr{ptr}, Name: "f"}, true},
		{"s.f", &Expr{Op: OpField, Args: []*Expr{{Op: OpVar, Type: types.NewStruct(nil, nil), Var: variable("s")}}, Name: "f"}, false},
		{"a[x]", &Expr{Op: OpIndex, Args: []*Expr{x, x}}, true},
		{"f()", call(name("f")), true},
		{"nested", plus(x, call(name("f"))), true},
		{"float64(x)", &Expr{Op: OpConvert, Args: []*Expr{x}, Type: types.Typ[types.Float64]}, false},
		{"[2]int(s)", &Expr{Op: OpConvert, Args: []*Expr{x}, Type: types.NewArray(intType, 2)}, true},
	}
	for _, tt := range tests {
		if got := tt.e.Effect(); got != tt.want {
			t.Errorf("Effect(%s) = %v", tt.name, got)
		}
	}
}
