// Package flow answers what checks ask about the order of instructions in a function, and about calls.
package flow

import (
	"go/token"
	"go/types"
	"iter"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
)

// Callee is the full name of what c calls, of an interface's method as well ("(net.Conn).Write"); "" for a func value or a builtin.
func Callee(c *ssa.CallCommon) string {
	if c.IsInvoke() {
		return c.Method.FullName()
	}
	if fn := c.StaticCallee(); fn != nil {
		return library.Declared(fn)
	}
	return ""
}

// Title is the full name of a function without the directory of its package: "(*pkg.T).Method".
func Title(name string) string {
	i := strings.LastIndex(name, "/")
	if i < 0 {
		return name
	}
	return name[:len(name)-len(strings.TrimLeft(name, "(*"))] + name[i+1:]
}

// IsMain reports whether fn is the function main of a program.
func IsMain(fn *ssa.Function) bool {
	return fn.Name() == "main" && fn.Parent() == nil && fn.Signature.Recv() == nil && fn.Pkg != nil && fn.Pkg.Pkg.Name() == "main"
}

// IsReturn reports whether i returns from its function.
func IsReturn(i ssa.Instruction) bool {
	_, ok := i.(*ssa.Return)
	return ok
}

// HandlesHTTP reports whether a function handles HTTP requests.
func HandlesHTTP(sig *types.Signature) bool {
	if sig.Params().Len() != 2 || sig.Results().Len() != 0 {
		return false
	}
	r, ok := sig.Params().At(1).Type().(*types.Pointer)
	return ok && library.TypeName(r.Elem()) == "net/http.Request" && library.TypeName(sig.Params().At(0).Type()) == "net/http.ResponseWriter"
}

// Instructions yields the instructions of fn, block by block.
func Instructions(fn *ssa.Function) iter.Seq[ssa.Instruction] {
	return func(yield func(ssa.Instruction) bool) {
		for _, b := range fn.Blocks {
			for _, i := range b.Instrs {
				if !yield(i) {
					return
				}
			}
		}
	}
}

// Where is the place of a position for a sentence: "main.go:12:3".
func Where(fset *token.FileSet, pos token.Pos) string {
	p := fset.Position(pos)
	return filepath.Base(p.Filename) + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// Reaches reports whether some way leads from an instruction to one for which stop is true, without passing one that kills. The
// instruction itself does not count at first, but may be come to again.
func Reaches(from ssa.Instruction, stop, kills func(ssa.Instruction) bool) bool {
	seen := map[*ssa.BasicBlock]bool{}
	start := from.Block()
	found, dead := scan(after(from), stop, kills)
	if found || dead {
		return found
	}
	work := append([]*ssa.BasicBlock(nil), start.Succs...)
	for ; len(work) > 0; work = work[1:] {
		b := work[0]
		if seen[b] {
			continue
		}
		seen[b] = true
		found, dead := scan(b.Instrs, stop, kills)
		if found {
			return true
		}
		if !dead {
			work = append(work, b.Succs...)
		}
	}
	return false
}

// after lists what follows i in its block.
func after(i ssa.Instruction) []ssa.Instruction {
	instrs := i.Block().Instrs
	for k, x := range instrs {
		if x == i {
			return instrs[k+1:]
		}
	}
	return nil
}

func scan(instrs []ssa.Instruction, stop, kills func(ssa.Instruction) bool) (found, dead bool) {
	for _, i := range instrs {
		if stop(i) {
			return true, false
		}
		if kills != nil && kills(i) {
			return false, true
		}
	}
	return false, false
}

// Repeats reports whether b may be executed again in the same call.
func Repeats(b *ssa.BasicBlock) bool {
	return Reaches(b.Instrs[0], func(i ssa.Instruction) bool { return i == b.Instrs[0] }, nil)
}

// Header reports whether b begins a loop: some back edge leads to it.
func Header(b *ssa.BasicBlock) bool {
	for _, p := range b.Preds {
		if b.Dominates(p) {
			return true
		}
	}
	return false
}

// Loop lists the blocks of the natural loop of header b, which is the first.
func Loop(b *ssa.BasicBlock) []*ssa.BasicBlock {
	in := map[*ssa.BasicBlock]bool{b: true}
	out := []*ssa.BasicBlock{b}
	var work []*ssa.BasicBlock
	for _, p := range b.Preds {
		if b.Dominates(p) {
			work = append(work, p)
		}
	}
	for len(work) > 0 {
		m := work[len(work)-1]
		work = work[:len(work)-1]
		if in[m] {
			continue
		}
		in[m] = true
		out = append(out, m)
		work = append(work, m.Preds...)
	}
	return out
}
