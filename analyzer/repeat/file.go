package repeat

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
)

// This file says which operations on files are effects: those that append, and those whose second time is an error that is not expected.

// once are the operations that fail when they are repeated.
var once = map[string]string{
	"os.Rename":  "os.Rename",
	"os.Remove":  "os.Remove",
	"os.Mkdir":   "os.Mkdir",
	"os.Link":    "os.Link",
	"os.Symlink": "os.Symlink",
}

// makers are the operations that make a file, whose name is their first argument.
var makers = map[string]bool{"os.Create": true, "os.WriteFile": true, "os.OpenFile": true, "os.Link": true, "os.Symlink": true}

// fileEffect returns the effect that c is as an operation on files.
func fileEffect(c ssa.CallInstruction, name string) (effect, bool) {
	if name == "os.OpenFile" {
		return opens(c.Common())
	}
	call, ok := c.(*ssa.Call)
	if what := once[name]; what == "" || !ok || !looked(call) || expects(c.Parent()) {
		return effect{}, false
	}
	if (name == "os.Rename" || name == "os.Remove") && makes(c.Parent(), call.Call.Args[0]) {
		return effect{}, false // what is repeated begins with making it
	}
	return effect{What: name + " (which fails the second time)", Kind: failing}, true
}

// opens reports whether a file is opened to append to it.
func opens(call *ssa.CallCommon) (effect, bool) {
	flags, ok := call.Args[1].(*ssa.Const)
	osPkg := call.StaticCallee().Pkg.Pkg
	flag, found := osPkg.Scope().Lookup("O_APPEND").(*types.Const)
	if !ok || !found || flags.Value == nil || constant.Sign(constant.BinaryOp(flags.Value, token.AND, flag.Val())) == 0 {
		return effect{}, false
	}
	return effect{What: "what is appended to this file", Kind: appending}, true
}

// looked reports whether the error that a call returns is looked at.
func looked(c *ssa.Call) bool {
	return len(*c.Referrers()) > 0
}

// expects reports whether fn compares an error with those of an operation that is repeated.
func expects(fn *ssa.Function) bool {
	for i := range flow.Instructions(fn) {
		if c, ok := i.(*ssa.Call); ok {
			switch flow.Callee(&c.Call) {
			case "os.IsNotExist", "os.IsExist":
				return true
			}
		}
		for _, v := range i.Operands(nil) {
			if g, ok := (*v).(*ssa.Global); ok && sentinels[g.Name()] {
				return true
			}
		}
	}
	return false
}

var sentinels = map[string]bool{"ErrNotExist": true, "ErrExist": true, "ENOENT": true, "EEXIST": true}

// makes reports whether fn makes the file that v names.
func makes(fn *ssa.Function, v ssa.Value) bool {
	if c, ok := v.(*ssa.Call); ok && flow.Callee(&c.Call) == "(*os.File).Name" {
		return true
	}
	for i := range flow.Instructions(fn) {
		if c, ok := i.(*ssa.Call); ok && makers[flow.Callee(&c.Call)] {
			for _, a := range c.Call.Args {
				if a == v {
					return true
				}
			}
		}
	}
	return false
}
