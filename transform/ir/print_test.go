package ir

import (
	"go/constant"
	"go/token"
	"go/types"
	"testing"
)

// TestPrint: the text of a function before and after the passes.
func TestPrint(t *testing.T) {
	t.Parallel()
	b, _, _ := valid()
	before := `func f(g, c int) (r0 int) // main.f, coloured
	var x int
	var sum int
	b0:
		p1 [] op: x = rt.Recv(g, c)
		sum = sum + x
		if x goto b2 else b1
	b1:
		p2 [] op: poll for b0
		goto b0
	b2:
		return sum
`
	after := `func f(g, c int) (r0 int) // main.f, coloured
	var sum int
	b3: // enter
		goto b0
	b0:
		var x int
		p1@b3 [c sum] op: x = rt.Recv(g, c)
		sum = sum + x
		if x goto b2 else b1
	b1:
		p2@b3 [c sum] op: poll for b0
		goto b0
	b2:
		return sum
`
	var first, last string
	b.f.Finish(func(pass string) {
		if pass == "lower" {
			first = b.f.String()
		}
		last = b.f.String()
	})
	if first != before {
		t.Errorf("as lowered:\n%s\nwant:\n%s", first, before)
	}
	if last != after {
		t.Errorf("finished:\n%s\nwant:\n%s", last, after)
	}
}

// TestPrintParts: the text of statements and expressions.
func TestPrintParts(t *testing.T) {
	t.Parallel()
	x, y, p := V(variable("x")), V(variable("y")), V(variable("p"))
	lib := types.NewPackage("example.com/lib", "lib")
	named := types.NewNamed(types.NewTypeName(0, lib, "T", nil), types.NewStruct(nil, nil), nil)
	slice := types.NewSlice(named)
	global := types.NewVar(0, lib, "Var", intType)
	one, two := &Block{Index: 1}, &Block{Index: 2}
	e := func(op Op, t types.Type, name string, args ...*Expr) *Expr {
		return &Expr{Op: op, Type: t, Name: name, Args: args}
	}
	tests := []struct {
		got  interface{ String() string }
		want string
	}{
		{(*Expr)(nil), "_"},
		{konst(-1), "-1"},
		{&Expr{Op: OpConst, Const: constant.MakeString("a\n")}, `"a\n"`},
		{&Expr{Op: OpConst}, "nil"},
		{e(OpZero, named, ""), "zero(lib.T)"},
		{&Expr{Op: OpGlobal, Obj: global}, "lib.Var"},
		{&Expr{Op: OpGlobal, Obj: global, Args: []*Expr{e(OpTypeName, slice, "")}}, "lib.Var[[]lib.T]"},
		{&Expr{Op: OpUnary, Tok: token.SUB, Args: []*Expr{plus(x, y)}}, "-(x + y)"},
		{plus(plus(x, y), konst(1)), "(x + y) + 1"},
		{e(OpDeref, nil, "", e(OpAddr, nil, "", x)), "*(&x)"},
		{e(OpField, nil, "f", e(OpDeref, nil, "", p)), "(*p).f"},
		{e(OpIndex, nil, "", p, x), "p[x]"},
		{e(OpSlice, nil, "", p, nil, x, nil), "p[:x]"},
		{e(OpSlice, nil, "", p, x, y, konst(3)), "p[x:y:3]"},
		{e(OpConvert, slice, "", x), "[]lib.T(x)"},
		{e(OpAssert, slice, "", x), "x.([]lib.T)"},
		{&Expr{Op: OpCall, Args: []*Expr{name("f"), x, p}, Spread: true}, "f(x, p...)"},
		{e(OpBuiltin, nil, "len", x), "len(x)"},
		{runtimeCall("Recv", name("g"), x), "rt.Recv(g, x)"},
		{e(OpComposite, slice, "", x, y), "[]lib.T{x, y}"},
		{e(OpNew, named, ""), "new(lib.T)"},
		{e(OpMake, slice, ""), "make([]lib.T)"},
		{e(OpMake, slice, "", x, y), "make([]lib.T, x, y)"},
		{&Expr{Op: OpMethodVal, Name: "fn", Args: []*Expr{{Op: OpEnv, Name: "f_env", Fields: []string{"a"}, Args: []*Expr{x}}}}, "(&f_env{a: x}).fn"},
		{e(OpMethodExp, named, "M"), "(lib.T).M"},

		{assign(nil, call(name("f"))), "f()"},
		{&Stmt{Kind: Assign, L: []*Expr{x, nil}, R: []*Expr{x, y}}, "x, _ = x, y"},
		{&Stmt{Kind: If, R: []*Expr{x}, Then: one, Else: two}, "if x goto b1 else b2"},
		{ret(), "return"},
		{ret(x, y), "return x, y"},
		{&Stmt{Kind: Panic, R: []*Expr{x}}, "panic(x)"},
		{&Stmt{Kind: Defer}, "defer recover()"},
		{&Stmt{Kind: Defer, R: []*Expr{x}, Direct: true}, "defer itself x"},
		{&Stmt{Kind: Defer, R: []*Expr{x, y}}, "defer x in y"},
		{&Stmt{Kind: NativeDefer, R: []*Expr{call(name("f"))}}, "native defer f()"},
		{&Stmt{Kind: Select, Index: x.Var, Cases: []Case{{Chan: p, Send: y}, {Chan: p, L: [2]*Expr{nil, y}}, {Chan: p, L: [2]*Expr{y}}, {Chan: p}}},
			"x = select {p <- y; _, y = <-p; y = <-p; <-p; default}"},
		{&Stmt{Kind: Assign, R: []*Expr{call(p, x)}, Dyn: true, Point: &Point{PC: 3, Op: "calls p", Live: []*Var{x.Var, p.Var}}},
			"p3 [x p] calls p: dyn p(x)"},
	}
	for _, tt := range tests {
		if got := tt.got.String(); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}
