package load

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// This file is about glue: ordinary Go that harkgen adds to a program by an overlay, to be compiled like the user's, and that is called
// in the place of functions that are not compiled.

// Glue reports whether file name was added by LoadWith.
func (p *Program) Glue(name string) bool {
	_, ok := p.overlay[name]
	return ok
}

// Redirect makes a call call to instead. It must be done before anything is analysed. Arguments that to does not take at the end are evaluated, but
// not passed; one that to wants as what it was before it was made an interface is passed so.
func Redirect(call ssa.CallInstruction, to *ssa.Function) {
	c := call.Common()
	c.Value, c.Method = to, nil
	for _, dropped := range c.Args[to.Signature.Params().Len():] {
		forget(dropped, call)
	}
	c.Args = c.Args[:to.Signature.Params().Len()]
	for i, arg := range c.Args {
		made, ok := arg.(*ssa.MakeInterface)
		if !ok || types.IsInterface(to.Signature.Params().At(i).Type()) {
			continue
		}
		c.Args[i] = made.X
		if refs := made.X.Referrers(); refs != nil {
			*refs = append(*refs, call)
		}
		forget(made, call)
		if len(*made.Referrers()) == 0 {
			made.Block().Instrs = slices.DeleteFunc(made.Block().Instrs, func(i ssa.Instruction) bool { return i == made })
			forget(made.X, made)
		}
	}
}

// forget notes that user does not use v any more.
func forget(v ssa.Value, user ssa.Instruction) {
	if refs := v.Referrers(); refs != nil {
		*refs = slices.DeleteFunc(*refs, func(i ssa.Instruction) bool { return i == user })
	}
}
