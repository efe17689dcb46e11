// Package compilable tells what of other modules and of the standard library can be compiled along with a program, so that it can be
// suspended in there.
package compilable

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
)

// This file is about packages of other modules. Those that wait, or call back into the program, are compiled as if they were of the main
// module.
//
// What handles files, sockets or raw memory is left as it is: its frames could not be saved. So is what cannot be compiled.

// Left reports whether a package of another module that imports path is left as it is.
func Left(path string) bool {
	switch path {
	case "C", "unsafe", "os", "syscall", "database/sql", "plugin":
		return true
	}
	for _, tree := range []string{"net", "os", "golang.org/x/sys"} {
		if path == tree || strings.HasPrefix(path, tree+"/") {
			return path != "net/url" && path != "net/netip" && path != "net/mail"
		}
	}
	return false
}

// LeftModule reports whether a module is left as it is: what the AWS SDK keeps while it waits are requests under way.
func LeftModule(path string) bool {
	return path == "github.com/aws/smithy-go" || strings.HasPrefix(path, "github.com/aws/aws-sdk-go-v2")
}

// Always are the library functions that are called in their compiled form whatever they are given.
var Always = map[string]bool{
	"context.AfterFunc":         true,
	"context.Cause":             true,
	"context.WithCancel":        true,
	"context.WithCancelCause":   true,
	"context.WithDeadline":      true,
	"context.WithDeadlineCause": true,
	"context.WithTimeout":       true,
	"context.WithTimeoutCause":  true,
	"context.WithoutCancel":     true,
	"iter.Pull":                 true,
	"iter.Pull2":                true,
}

// MentionsAlways reports whether fn mentions one of Always: a package that does so is compiled along.
func MentionsAlways(fn *ssa.Function) bool {
	var ops [10]*ssa.Value
	for i := range flow.Instructions(fn) {
		for _, op := range i.Operands(ops[:0]) {
			if callee, ok := (*op).(*ssa.Function); ok {
				if o := Declared(callee); o != nil && Always[o.FullName()] {
					return true
				}
			}
		}
	}
	return false
}

// PackageOf is the package that fn is declared in, nil if it has none.
func PackageOf(fn *ssa.Function) *types.Package {
	fn = outermost(fn)
	if o := fn.Origin(); o != nil {
		fn = o
	}
	if fn.Pkg == nil {
		return nil
	}
	return fn.Pkg.Pkg
}

func outermost(fn *ssa.Function) *ssa.Function {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	return fn
}
