package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/refuse"
	"github.com/harkgen/harkgen/transform/ir"
)

// fn lowers one function body.
type fn struct {
	*lowerer
	ssa      *ssa.Function
	home     *types.Package // that it is emitted in
	out      *ir.Func
	coloured bool

	vals    map[ssa.Value]*ir.Expr           // what stands for a value: a variable, a constant, a place, or a pending tree
	tuples  map[ssa.Value][]*ir.Var          // the parts of a tuple
	direct  map[*ssa.Alloc]*ir.Var           // plain variables
	params  map[*ssa.Parameter]bool          // parameters whose variable is the spill's
	lits    map[*ssa.Alloc]*literal          // backing arrays of slice literals and variadic calls
	structs map[*ssa.UnOp]*structLit         // their loads
	fill    map[*ssa.Alloc]map[int]ssa.Value // the elements of a literal
	skip    map[ssa.Instruction]bool         // done as part of an earlier instruction
	pending []*pend
	thunks  int
	edges   []*ir.Block // that poll
	extra   int         // blocks that go/ssa does not have
	blocks  []*ir.Block
	cur     *ir.Block
	pos     token.Pos
	names   map[string]bool

	rotated map[*ssa.BasicBlock]*rotation // by the block of the loop
	started map[ssa.Instruction]*rotation // by what begins it

	loops      map[*ssa.BasicBlock]*ssa.BasicBlock // see loopOf
	quietLoops map[*ssa.BasicBlock]quietness

	caseExprs map[token.Pos]bool // see cases
	ranged    []ast.Expr         // see unevaluated

	importsInited bool // see initImports
}

func (l *lowerer) body(f *ssa.Function, kind ir.Kind) *ir.Func {
	b := &fn{
		lowerer: l, ssa: f, home: l.homeOf(f), coloured: l.facts.Coloured(f),
		vals: map[ssa.Value]*ir.Expr{}, tuples: map[ssa.Value][]*ir.Var{},
		direct: map[*ssa.Alloc]*ir.Var{}, params: map[*ssa.Parameter]bool{},
		lits: map[*ssa.Alloc]*literal{}, skip: map[ssa.Instruction]bool{},
		names: map[string]bool{},
	}
	b.out = &ir.Func{
		Name: l.loweredName(f), Title: l.goName(f), Kind: kind, Coloured: b.coloured, Pos: f.Pos(),
		File: l.prog.Fset.PositionFor(f.Pos(), false).Filename, Variadic: f.Signature.Variadic(), HasDefer: hasDefer(f),
	}
	if kind == ir.Method {
		b.out.Pragma = pragma(f)
	}
	if !f.Pos().IsValid() {
		b.out.File = l.prog.All[b.home.Path()].CompiledGoFiles[0]
	}
	b.reserve()
	b.declare()
	for _, blk := range f.Blocks {
		b.blocks = append(b.blocks, &ir.Block{Index: blk.Index, Comment: blk.Comment})
	}
	b.rotations()
	for i, blk := range f.Blocks {
		if i > 0 && len(blk.Preds) == 0 || blk == f.Recover {
			continue
		}
		b.block(blk)
	}
	b.places()
	b.finish()
	return b.out
}

// reserve keeps the names that a variable at the top of the function would hide.
func (b *fn) reserve() {
	for _, n := range types.Universe.Names() {
		b.names[n] = true
	}
	for _, n := range b.home.Scope().Names() {
		b.names[n] = true
	}
	for n := range b.localNames(b.home) {
		b.names[n] = true
	}
	// Generated code has the last ones: the fields of rt.Frame, which a variable's field in the frame would hide, and the parameters
	// of a thunk's methods.
	for _, n := range []string{"rt", "_", "", "Frame", "PC", "t_", "d_", "g_"} {
		b.names[n] = true
	}
}

func (b *fn) unique(name string) string {
	name = identifier(name)
	try := name
	for n := 2; b.names[try]; n++ {
		try = fmt.Sprintf("%s%d", name, n)
	}
	b.names[try] = true
	return try
}

// identifier makes a Go identifier of a name that go/ssa may have made up.
func identifier(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '_'
	}, name)
	if !token.IsIdentifier(name) || name == "_" {
		return "v"
	}
	return name
}

// declare makes the parameters, results and environment, and classifies the Allocs.
func (b *fn) declare() {
	f := b.ssa
	spill := map[*ssa.Parameter]*ssa.Alloc{}
	results := b.resultAllocs()
	eachInstr(f, func(i ssa.Instruction) {
		switch i := i.(type) {
		case *ssa.Alloc:
			if isDirect(i) {
				b.direct[i] = nil
			}
		case *ssa.Store:
			a, ok := i.Addr.(*ssa.Alloc)
			p, ok2 := i.Val.(*ssa.Parameter)
			if ok && ok2 && i.Block() == f.Blocks[0] && isDirect(a) && spill[p] == nil && !i.Pos().IsValid() {
				spill[p] = a
				b.skip[i] = true
			}
		}
	})
	if len(f.FreeVars) > 0 {
		b.out.Env = &ir.Var{Name: b.unique("e"), Env: b.env(f).Name}
	}
	for i, p := range f.Params {
		v := &ir.Var{Name: b.unique(p.Name()), User: userName(p.Name()), Type: p.Type()}
		if a := spill[p]; a != nil {
			b.direct[a] = v
		}
		b.vals[p] = ir.V(v)
		if i == 0 && f.Signature.Recv() != nil && b.out.Kind == ir.Method {
			b.out.Recv = v
			continue
		}
		b.out.Params = append(b.out.Params, v)
	}
	for i := 0; i < f.Signature.Results().Len(); i++ {
		r := f.Signature.Results().At(i)
		var a *ssa.Alloc
		if i < len(results) {
			a = results[i]
		}
		name := r.Name()
		if _, ok := b.direct[a]; !ok || name == "" || name == "_" {
			name = fmt.Sprintf("r%d", i)
		}
		v := &ir.Var{Name: b.unique(name), Type: r.Type()}
		if name == r.Name() {
			v.User = name
		}
		b.out.Results = append(b.out.Results, v)
		if _, ok := b.direct[a]; ok && a != nil {
			b.direct[a] = v
		}
	}
	for _, blk := range f.Blocks {
		for _, i := range blk.Instrs {
			a, ok := i.(*ssa.Alloc)
			if !ok {
				continue
			}
			if b.structLiteral(a) {
				delete(b.direct, a)
				b.skip[a] = true
				continue
			}
			if v, ok := b.direct[a]; ok && v == nil {
				b.direct[a] = b.newVar(a.Comment, deref(a.Type()))
				b.direct[a].User = allocName(a)
			}
		}
	}
	if b.coloured {
		b.out.G = b.unique("g")
		if b.out.Kind != ir.Direct && refuse.Recovers(f) {
			b.out.Raised = &ir.Var{Name: b.unique("raised"), RT: "*Raised"}
			b.out.Vars = append(b.out.Vars, b.out.Raised)
		}
		b.out.Frame = b.unique("f")
		if b.out.HasDefer {
			b.out.Defers = &ir.Var{Name: b.unique("defers"), RT: "Defers"}
			if bodiesDefer(f) {
				b.out.Defers.RT = "*Defers"
			}
			b.out.Vars = append(b.out.Vars, b.out.Defers)
		}
	}
}

// resultAllocs finds the variables that hold the results.
func (b *fn) resultAllocs() []*ssa.Alloc {
	var out []*ssa.Alloc
	for _, blk := range b.ssa.Blocks {
		r, ok := blk.Instrs[len(blk.Instrs)-1].(*ssa.Return)
		if !ok {
			continue
		}
		as := make([]*ssa.Alloc, 0, len(r.Results))
		for _, v := range r.Results {
			u, ok := v.(*ssa.UnOp)
			if !ok || u.Op != token.MUL {
				break
			}
			a, ok := u.X.(*ssa.Alloc)
			if !ok {
				break
			}
			as = append(as, a)
		}
		if len(as) == len(r.Results) {
			return as
		}
	}
	return out
}

func (b *fn) newVar(name string, t types.Type) *ir.Var {
	v := &ir.Var{Name: b.unique(name), Type: t}
	b.out.Vars = append(b.out.Vars, v)
	return v
}

// userName is name if a user can have written it.
func userName(name string) string {
	if !token.IsIdentifier(name) || name == "_" {
		return ""
	}
	return name
}

// allocName is the user's name for the variable a, "" if go/ssa has made it up. The made-up names are those of emitLocal and emitNew in
// go/ssa/builder.go; a user may have taken one of them.
func allocName(a *ssa.Alloc) string {
	switch a.Comment {
	case "complit", "makeslice", "new", "rangeindex", "slicelit", "varargs":
		if !declared(a) {
			return ""
		}
	}
	return userName(a.Comment)
}

// copied returns the user's name for the variable of which v is the value, "" if there is none.
func copied(v ssa.Value) string {
	switch v := v.(type) {
	case *ssa.ChangeType:
		return copied(v.X)
	case *ssa.UnOp:
		if v.Op != token.MUL {
			return ""
		}
		switch x := v.X.(type) {
		case *ssa.Alloc:
			return allocName(x)
		case *ssa.FreeVar:
			return userName(x.Name())
		case *ssa.Global:
			return x.Name()
		}
	}
	return ""
}

// declared reports whether the user declares a variable of a's name at its position.
func declared(a *ssa.Alloc) bool {
	if !a.Pos().IsValid() || a.Parent().Pkg == nil {
		return false
	}
	for s := a.Parent().Pkg.Pkg.Scope().Innermost(a.Pos()); s != nil; s = s.Parent() {
		if o := s.Lookup(a.Comment); o != nil && o.Pos() == a.Pos() {
			return true
		}
	}
	return false
}

func deref(t types.Type) types.Type { return t.Underlying().(*types.Pointer).Elem() }

// isDirect reports whether every use of a's address is a load, a store, or the address of a part used in the same way.
func isDirect(a *ssa.Alloc) bool {
	if a.Comment == "varargs" || a.Comment == "slicelit" || a.Comment == "makeslice" {
		return false
	}
	return directUses(a)
}

func directUses(v ssa.Value) bool {
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.DebugRef:
		case *ssa.UnOp:
			if r.Op != token.MUL {
				return false
			}
		case *ssa.Store:
			if r.Val == v {
				return false
			}
		case *ssa.FieldAddr:
			if !directUses(r) {
				return false
			}
		case *ssa.IndexAddr:
			if r.X != v || r.Index == v || !directUses(r) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// finish adds what the whole function needs once its blocks are there.
func (b *fn) finish() {
	f := b.out
	if f.HasDefer {
		for i, a := range b.resultAllocs() {
			if _, direct := b.direct[a]; !direct {
				f.Boxes = append(f.Boxes, &ir.Expr{Op: ir.OpDeref, Args: []*ir.Expr{b.vals[a]}, Type: f.Results[i].Type})
			} else {
				f.Boxes = append(f.Boxes, nil)
			}
		}
	}
	var blocks []*ir.Block
	for i, blk := range b.blocks {
		blocks = append(blocks, blk)
		if r := b.rotated[b.ssa.Blocks[i]]; r != nil {
			blocks = append(blocks, r.test)
		}
	}
	f.Blocks = slices.DeleteFunc(append(blocks, b.edges...), func(blk *ir.Block) bool { return len(blk.Stmts) == 0 })
	if f.Defers != nil {
		f.RetPoint = b.point("deferred calls", f.Pos)
	}
	if b.facts.All && b.coloured && len(f.Points) > 0 {
		f.Entry = &ir.Point{Op: "entry", Pos: f.Pos}
	}
	f.Finish(b.after)
	if b.facts.All { // most points never suspend; what holds an unsafe.Pointer at one that does cannot be saved then
		return
	}
	told := map[*ir.Var]bool{}
	for _, p := range f.Points {
		for _, v := range p.Live {
			if told[v] {
				continue
			}
			told[v] = true
			if library.IsUnsafePointer(v.Type) {
				b.refused(refuse.UnsafePointer(p.Pos, v.Name))
			}
		}
	}
}

// after looks at the function after a pass over it.
func (b *fn) after(pass string) {
	if b.opt.Dump != nil {
		b.opt.Dump(b.ssa, b.out, pass)
	}
	if !b.opt.Check {
		return
	}
	if err := ir.Verify(b.out); err != nil {
		b.refuse(b.out.Pos, "bug in harkgen: after pass "+pass+", "+b.out.Title+" is malformed", err.Error(), "please report it")
	}
}

func (b *fn) point(op string, pos token.Pos) *ir.Point {
	p := &ir.Point{PC: len(b.out.Points) + 1, Op: op, Pos: pos}
	b.out.Points = append(b.out.Points, p)
	return p
}

// newBlock makes a block that go/ssa does not have.
func (b *fn) newBlock(comment string) *ir.Block {
	b.extra++
	return &ir.Block{Index: len(b.blocks) + b.extra - 1, Comment: comment}
}

func (b *fn) block(blk *ssa.BasicBlock) {
	b.cur = b.blocks[blk.Index]
	r := b.rotated[blk]
	for _, i := range blk.Instrs {
		if r != nil && i == r.first {
			b.rotate(r)
			break
		}
		if b.skip[i] {
			continue
		}
		if p := i.Pos(); p.IsValid() {
			b.pos = p
		} else if returns(i) && b.ssa.Syntax() != nil { // without a statement that says so
			b.pos = b.ssa.Syntax().End() - 1
		}
		b.instr(i)
	}
	b.pending = nil
}

// returns reports whether i is part of a return.
func returns(i ssa.Instruction) bool {
	switch i.(type) {
	case *ssa.Return:
		return true
	case *ssa.RunDefers:
		r, ok := i.Block().Instrs[len(i.Block().Instrs)-1].(*ssa.Return)
		return ok && !r.Pos().IsValid()
	}
	return false
}
