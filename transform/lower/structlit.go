package lower

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/transform/ir"
)

// This file puts struct literals together again: SSA spells them as a variable, a store for each field, and a load of it.

// A structLit is a struct variable that is only filled and read once.
type structLit struct {
	load   *ssa.UnOp
	fields []string
	vals   []ssa.Value
}

// structLiteral recognises a and arranges that the load makes the literal.
func (b *fn) structLiteral(a *ssa.Alloc) bool {
	st, ok := deref(a.Type()).Underlying().(*types.Struct)
	if !ok || a.Comment != "complit" || !isDirect(a) {
		return false
	}
	lit := &structLit{}
	stores := map[ssa.Instruction]*ssa.FieldAddr{}
	for _, r := range referrers(a) {
		switch r := r.(type) {
		case *ssa.UnOp:
			if lit.load != nil {
				return false
			}
			lit.load = r
		case *ssa.FieldAddr:
			refs := referrers(r)
			if len(refs) != 1 {
				return false
			}
			s, ok := refs[0].(*ssa.Store)
			if f := st.Field(r.Field); !ok || f.Name() == "_" || !f.Exported() && f.Pkg() != b.home && !localStruct(a.Type()) {
				return false
			}
			stores[s] = r
		default:
			return false
		}
	}
	if lit.load == nil || lit.load.Block() != a.Block() {
		return false
	}
	skip := lit.fill(a, st, stores)
	if len(lit.fields) != len(stores) {
		return false
	}
	for _, i := range skip {
		b.skip[i] = true
	}
	if b.structs == nil {
		b.structs = map[*ssa.UnOp]*structLit{}
	}
	b.structs[lit.load] = lit
	return true
}

// fill notes the fields in the order in which they are stored, up to the load, and returns what that does without.
func (lit *structLit) fill(a *ssa.Alloc, st *types.Struct, stores map[ssa.Instruction]*ssa.FieldAddr) (skip []ssa.Instruction) {
	seen := map[int]bool{}
	after := false
	for _, i := range a.Block().Instrs {
		if i == ssa.Instruction(lit.load) {
			break
		}
		after = after || i == ssa.Instruction(a)
		f := stores[i]
		if !after || f == nil || seen[f.Field] {
			continue
		}
		seen[f.Field] = true
		lit.fields = append(lit.fields, st.Field(f.Field).Name())
		lit.vals = append(lit.vals, i.(*ssa.Store).Val)
		skip = append(skip, i, f)
	}
	return skip
}

// structExpr is the literal.
func (b *fn) structExpr(lit *structLit) *ir.Expr {
	e := &ir.Expr{Op: ir.OpComposite, Type: lit.load.Type(), Fields: lit.fields}
	for _, v := range lit.vals {
		e.Args = append(e.Args, b.value(v))
	}
	return e
}
