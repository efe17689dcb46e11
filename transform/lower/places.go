package lower

import (
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/transform/ir"
)

// places notes where the user declares the variables of the function, for messages.
func (b *fn) places() {
	for _, p := range b.ssa.Params {
		if e := b.vals[p]; e != nil && e.Op == ir.OpVar {
			e.Var.Pos = p.Pos()
		}
	}
	eachInstr(b.ssa, func(i ssa.Instruction) {
		a, ok := i.(*ssa.Alloc)
		if !ok {
			return
		}
		v := b.direct[a]
		if e := b.vals[a]; v == nil && e != nil && e.Op == ir.OpVar {
			v = e.Var
		}
		if v != nil && !v.Pos.IsValid() {
			v.Pos = a.Pos()
		}
	})
}
