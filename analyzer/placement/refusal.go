package placement

import (
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/suspend"
)

// This file says what a goroutine in a process of its own cannot have.

// A Refusal is something that such a goroutine does and cannot.
type Refusal struct {
	Pos           token.Pos
	What, Why, Do string
	Anywhere      bool // no goroutine can, as long as there is one of those
}

// Text says it of a goroutine whose go statement is at a place.
func (r *Refusal) Text(at string) (what, why, do string) {
	by := " by a goroutine that runs in a process of its own (go statement at " + at + ")"
	if r.Anywhere {
		by = ", in a program with goroutines in processes of their own (go statement at " + at + ")"
	}
	return r.What + by, r.Why, r.Do + ", or mark the go statement //hark:go local"
}

// Refusals lists what i does that cannot be done in a process of its own, whatever the rest of the program is.
func Refusals(i ssa.Instruction) []Refusal {
	var out []Refusal
	if usesUnsafe(i) {
		out = append(out, Refusal{Pos: suspend.Position(i), What: "package unsafe is used", Why: "memory that it reaches is not followed to another process", Do: "do without it"})
	}
	for _, op := range i.Operands(nil) {
		if fn, ok := (*op).(*ssa.Function); ok {
			if name := uncarried(fn); name != "" {
				out = append(out, Refusal{Pos: suspend.Position(i), What: name + " is used", Why: "what it does is not seen in another process", Do: "use a channel, or lock a sync.Mutex"})
			}
		}
	}
	return out
}

// Refusals lists what goroutines of go statement c do for certain that they cannot in processes of their own.
func (x *Sight) Refusals(c ssa.CallInstruction) []Refusal {
	start := activate(c, nil)
	if start == nil {
		return nil
	}
	var out []Refusal
	for _, i := range x.all(start) {
		out = append(out, Refusals(i)...)
	}
	return out
}

// uncarried returns the name of fn if it uses unsafe pointers atomically, which others do not see; or "".
func uncarried(fn *ssa.Function) string {
	o, ok := fn.Object().(*types.Func)
	if !ok || o.Pkg() == nil {
		return ""
	}
	if o.Pkg().Path() == "sync/atomic" && strings.HasSuffix(o.Name(), "Pointer") {
		return o.FullName()
	}
	return ""
}

// usesUnsafe reports whether i is an operation of package unsafe.
func usesUnsafe(i ssa.Instruction) bool {
	switch i := i.(type) {
	case *ssa.Convert:
		return library.IsUnsafePointer(i.Type()) || library.IsUnsafePointer(i.X.Type())
	case *ssa.Call:
		b, ok := i.Call.Value.(*ssa.Builtin)
		return ok && IsUnsafe(b.Name())
	}
	return false
}

// IsUnsafe reports whether the builtin function with this name, in go/ssa, is one of package unsafe.
func IsUnsafe(name string) bool {
	switch name {
	case "Add", "Slice", "String", "StringData", "SliceData", "Sizeof", "Offsetof", "Alignof":
		return true
	}
	return false
}
