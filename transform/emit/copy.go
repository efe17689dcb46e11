package emit

import (
	"go/ast"
	"go/token"

	"github.com/harkgen/harkgen/transform/lower"
)

// This file cuts the copy of a package of the standard library down to what is compiled along. What is left names the rest by the original:
//
//	type cancelCtx struct { Context; ... }    becomes    type cancelCtx struct { hark_context.Context; ... }

// originalName is what the package that is copied is called in its copy.
func (e *emitter) originalName() string { return lower.Prefix + e.user.Name }

// leaveOut adds to gone the declarations that the copy does not have.
func (e *emitter) leaveOut(gone map[ast.Node]string) {
	copied := e.low.Plan.Copied()
	has := func(id *ast.Ident) bool { return copied[e.user.TypesInfo.Defs[id]] }
	for _, f := range e.user.Syntax {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if !has(d.Name) {
					gone[d] = ""
				}
			case *ast.GenDecl:
				if d.Tok != token.IMPORT {
					e.leaveOutSpecs(d, has, gone)
				}
			}
		}
	}
}

func (e *emitter) leaveOutSpecs(d *ast.GenDecl, has func(*ast.Ident) bool, gone map[ast.Node]string) {
	kept := 0
	for _, s := range d.Specs {
		yes := false
		switch s := s.(type) {
		case *ast.TypeSpec:
			yes = has(s.Name)
		case *ast.ValueSpec:
			for _, name := range s.Names {
				yes = yes || has(name)
			}
		}
		if yes {
			kept++
		} else if d.Tok != token.CONST {
			gone[s] = ""
		}
	}
	if kept == 0 {
		for _, s := range d.Specs {
			delete(gone, s)
		}
		gone[d] = ""
	}
}

// keeps reports whether something of file f is in the copy.
func (e *emitter) keeps(f *ast.File, gone map[ast.Node]string) bool {
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			continue
		}
		if _, ok := gone[d]; !ok {
			return true
		}
	}
	return false
}
