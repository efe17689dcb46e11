package compilable

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// This file finds out what of the standard library can be compiled along with the program.
//
// A function of package sort that calls back into the program can suspend only if it is compiled as well. Package sort itself is not
// touched: the function is compiled into a copy of the package, which holds that function and what it needs, and compiled code calls it there.
//
//	sort.Slice(x, less)     becomes     harkgen.local/std/sort.Hark_Slice(g, x, less)
//
// Types never change, so the copy uses the package's own exported types and variables, and has its own only of what nobody outside can
// name. A function can be copied if
//
//  1. it and all functions of its package that it needs are written in Go, and none is a method of an exported type;
//  2. they touch no unexported field or method of an exported type, and no package variable that is not exported, unless it never changes:
//     those belong to the original;
//  3. they use no package that only the standard library may import;
//  4. what they share with the original has no types that are not exported, as those are others in the copy.
//
// Exported functions that cannot be copied are called in the original. The packages in owned are the exception to the second: all that needs
// their variables is taken from the copy, so that the copy can have its own.

// Owned are the packages whose copies have variables of their own.
var Owned = map[string]bool{"context": true, "iter": true}

// Original begins the names by which a replacement in a copy calls exported functions of the original package.
const Original = "hark_original_"

// OriginalName is the name in the original package of a function that a replacement declares to call it.
func OriginalName(name string) (string, bool) { return strings.CutPrefix(name, Original) }

// PublicPath is the package to import for std package path where only the standard library may import that.
func PublicPath(path string) (string, bool) {
	if path == "internal/reflectlite" {
		return "reflect", true // a part of it
	}
	return path, !strings.HasPrefix(path, "internal/") && !strings.Contains(path, "/internal/") && !strings.HasPrefix(path, "vendor/")
}

// A Package is the index of the declarations of a package of the standard library.
type Package struct {
	path    string
	fset    *token.FileSet
	types   *types.Package
	info    *types.Info
	syntax  []*ast.File
	copies  map[*types.Func]map[types.Object]bool
	decls   map[types.Object]ast.Node // FuncDecl, TypeSpec, ValueSpec; for constants the GenDecl
	methods map[*types.TypeName][]*types.Func
	fields  map[*types.Var]bool            // fields of the package's exported types
	inits   map[types.Object][]*types.Func // init functions by the variables they use
	uses    map[types.Object]*uses
}

// uses are the objects of its package that a declaration needs in a copy.
type uses struct {
	objects []types.Object
	bad     bool // it cannot be copied
}

// Declared is the function declaration that fn is, is nested in, or is an instance of; nil if there is none.
func Declared(fn *ssa.Function) *types.Func {
	fn = outermost(fn)
	if o := fn.Origin(); o != nil {
		fn = o
	}
	if fn.Synthetic != "" {
		return nil
	}
	o, _ := fn.Object().(*types.Func)
	return o
}

// Copy lists what a copy of the package must hold for o to be compiled along, nil if it cannot be. The values tell whether the object is
// needed as text; a generic function is not if only its instances are.
func (s *Package) Copy(o *types.Func) map[types.Object]bool {
	if c, ok := s.copies[o]; ok {
		return c
	}
	s.copies[o] = nil // while looking: exported functions that call each other are called in the original
	c := s.findCopy(o)
	s.copies[o] = c
	return c
}

func (s *Package) findCopy(o *types.Func) map[types.Object]bool {
	if o.Exported() && s.hidden(o) {
		return nil
	}
	out := map[types.Object]bool{}
	type need struct {
		o    types.Object
		text bool
	}
	for work := []need{{o, !isGeneric(o)}}; len(work) > 0; {
		n := work[len(work)-1]
		work = work[:len(work)-1]
		if text, ok := out[n.o]; ok && (text || !n.text) {
			continue
		}
		out[n.o] = n.text
		u := s.usesOf(n.o)
		if u.bad {
			return nil
		}
		for _, x := range u.objects {
			if f, ok := x.(*types.Func); ok && f.Exported() && f.Signature().Recv() == nil && f != o && s.Copy(f) == nil {
				if s.hidden(f) {
					return nil
				}
				continue
			}
			work = append(work, need{x, n.text || !isGeneric(x)})
		}
	}
	return out
}

func isGeneric(o types.Object) bool {
	f, ok := o.(*types.Func)
	return ok && f.Signature().TypeParams().Len() > 0
}

// New indexes a package of the standard library.
func New(fset *token.FileSet, syntax []*ast.File, pkg *types.Package, info *types.Info) *Package {
	s := &Package{
		path: pkg.Path(), fset: fset, types: pkg, info: info, syntax: syntax, copies: map[*types.Func]map[types.Object]bool{},
		decls: map[types.Object]ast.Node{}, methods: map[*types.TypeName][]*types.Func{},
		fields: map[*types.Var]bool{}, inits: map[types.Object][]*types.Func{}, uses: map[types.Object]*uses{},
	}
	for _, f := range syntax {
		for _, d := range f.Decls {
			s.index(d)
		}
	}
	for _, name := range pkg.Scope().Names() {
		if t, ok := pkg.Scope().Lookup(name).(*types.TypeName); ok {
			s.indexFields(t)
		}
	}
	return s
}

func (s *Package) index(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		f := s.info.Defs[d.Name].(*types.Func)
		s.decls[f] = d
		if t := receiverName(f); t != nil {
			s.methods[t] = append(s.methods[t], f)
		} else if d.Name.Name == "init" {
			s.eachUse(d, func(_ *ast.Ident, o types.Object) {
				if v, ok := o.(*types.Var); ok && v.Parent() == s.types.Scope() {
					s.inits[v] = append(s.inits[v], f)
				}
			})
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				s.decls[s.info.Defs[spec.Name]] = spec
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					s.decls[s.info.Defs[name]] = spec
					if d.Tok == token.CONST { // iota counts in the whole declaration
						s.decls[s.info.Defs[name]] = d
					}
				}
			}
		}
	}
}

// receiverName is the type that method f belongs to.
func receiverName(f *types.Func) *types.TypeName {
	recv := f.Signature().Recv()
	if recv == nil {
		return nil
	}
	t := types.Unalias(recv.Type())
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj()
	}
	return nil
}

func (s *Package) indexFields(o *types.TypeName) {
	t, ok := o.Type().Underlying().(*types.Struct)
	if !ok || !o.Exported() {
		return
	}
	for i := range t.NumFields() {
		s.fields[t.Field(i)] = true
	}
}

func (s *Package) eachUse(n ast.Node, f func(*ast.Ident, types.Object)) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if o := s.info.Uses[id]; o != nil {
				f(id, o)
			}
		}
		return true
	})
}

// usesOf finds what the declaration of o needs.
func (s *Package) usesOf(o types.Object) *uses {
	if u := s.uses[o]; u != nil {
		return u
	}
	u := &uses{}
	s.uses[o] = u
	d := s.decls[o]
	if d == nil || perMachine(s.fset.Position(d.Pos()).Filename) {
		u.bad = true
		return u
	}
	switch o := o.(type) {
	case *types.Func:
		t := receiverName(o)
		u.bad = d.(*ast.FuncDecl).Body == nil || linknamed(d.(*ast.FuncDecl)) || t != nil && (t.Exported() || t.Type().(*types.Named).TypeParams().Len() > 0)
		if t != nil {
			u.objects = append(u.objects, t)
		}
	case *types.Var:
		u.bad = !Owned[s.path] && !s.constant(o)
		for _, f := range s.inits[o] {
			u.objects = append(u.objects, f)
		}
	case *types.TypeName:
		for _, m := range s.methods[o] {
			u.objects = append(u.objects, m)
		}
	case *types.Const:
		for _, spec := range d.(*ast.GenDecl).Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				if x := s.info.Defs[name]; x != nil {
					u.objects = append(u.objects, x)
				}
			}
		}
	}
	s.eachUse(d, func(_ *ast.Ident, x types.Object) { s.use(u, x) })
	s.eachType(d, func(t *types.TypeName) {
		if t.Pkg() != nil {
			if _, public := PublicPath(t.Pkg().Path()); !public || t.Pkg() != s.types && !t.Exported() {
				u.bad = true
			}
		}
	})
	return u
}

var machines = regexp.MustCompile(`_(386|amd64|arm|arm64|loong64|mips|mipsle|mips64|mips64le|ppc64|ppc64le|riscv64|s390x|wasm)\.go$`)

// perMachine reports whether only machines of one kind have a file. The output is for all.
func perMachine(file string) bool { return machines.MatchString(file) }

// linknamed reports whether d is known to the linker under another name.
func linknamed(d *ast.FuncDecl) bool {
	if d.Doc == nil {
		return false
	}
	for _, c := range d.Doc.List {
		if strings.HasPrefix(c.Text, "//go:linkname") {
			return true
		}
	}
	return false
}

// use notes in u that o is used.
func (s *Package) use(u *uses, o types.Object) {
	if p, ok := o.(*types.PkgName); ok {
		if _, public := PublicPath(p.Imported().Path()); !public {
			u.bad = true
		}
		return
	}
	if o.Pkg() != s.types {
		return
	}
	hidden := !o.Exported()
	switch x := o.(type) {
	case *types.Var:
		if x.IsField() {
			u.bad = u.bad || s.fields[x.Origin()] && (hidden || s.hidden(x))
			return
		}
		if x.Parent() == s.types.Scope() {
			u.bad = u.bad || !hidden && s.hidden(x)
		}
	case *types.Func:
		if t := receiverName(x); t != nil {
			u.bad = u.bad || t.Exported() && (hidden || s.hidden(x))
			return
		}
		if _, original := OriginalName(x.Name()); original {
			return
		}
		hidden = x.Signature().Recv() == nil // exported functions are copied too, methods of interfaces are not there
	}
	if hidden && o.Parent() == s.types.Scope() {
		u.objects = append(u.objects, o)
	}
}

// constant reports whether package variable v holds one value for good.
func (s *Package) constant(v *types.Var) bool {
	if v.Type() != types.Universe.Lookup("error").Type() && !plainData(v.Type()) {
		return false
	}
	is := func(x ast.Expr) bool {
		for {
			switch y := ast.Unparen(x).(type) {
			case *ast.IndexExpr:
				x = y.X
			case *ast.SliceExpr:
				x = y.X
			case *ast.SelectorExpr:
				x = y.X
			case *ast.Ident:
				return s.info.Uses[y] == v
			default:
				return false
			}
		}
	}
	changes := false
	for _, f := range s.syntax {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, l := range n.Lhs {
					changes = changes || is(l)
				}
			case *ast.IncDecStmt:
				changes = changes || is(n.X)
			case *ast.RangeStmt:
				changes = changes || n.Key != nil && is(n.Key) || n.Value != nil && is(n.Value)
			case *ast.UnaryExpr:
				changes = changes || n.Op == token.AND && is(n.X)
			case *ast.SliceExpr:
				changes = changes || is(n.X) // what has the part could change it
			case *ast.CallExpr:
				for _, a := range n.Args {
					_, slice := v.Type().Underlying().(*types.Slice)
					changes = changes || slice && is(a) && !measures(s.info, n.Fun)
				}
			}
			return !changes
		})
	}
	return !changes
}

// measures reports whether f is len or cap.
func measures(info *types.Info, f ast.Expr) bool {
	id, ok := f.(*ast.Ident)
	return ok && info.Types[f].IsBuiltin() && (id.Name == "len" || id.Name == "cap")
}

// plainData reports whether t has only numbers, strings, and arrays and slices of them, and no methods.
func plainData(t types.Type) bool {
	switch t := t.(type) {
	case *types.Basic:
		return t.Kind() != types.UnsafePointer
	case *types.Array:
		return plainData(t.Elem())
	case *types.Slice:
		return plainData(t.Elem())
	}
	return false
}

// hidden reports whether the type of o mentions a type that the package does not export.
func (s *Package) hidden(o types.Object) bool {
	found := false
	EachNamed(o.Type(), func(t *types.TypeName) { found = found || t.Pkg() == s.types && !t.Exported() })
	return found
}

// eachType calls f for the names of all types of expressions in n.
func (s *Package) eachType(n ast.Node, f func(*types.TypeName)) {
	ast.Inspect(n, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok {
			if tv, ok := s.info.Types[x]; ok && tv.Type != nil {
				EachNamed(tv.Type, f)
			}
		}
		return true
	})
}

// EachNamed calls f for every name of a type that t mentions.
func EachNamed(t types.Type, f func(*types.TypeName)) {
	switch t := t.(type) {
	case *types.Alias:
		EachNamed(types.Unalias(t), f)
	case *types.Named:
		f(t.Obj())
		for i := range t.TypeArgs().Len() {
			EachNamed(t.TypeArgs().At(i), f)
		}
	case interface{ Elem() types.Type }: // pointer, slice, array, map, channel
		EachNamed(t.Elem(), f)
		if m, ok := t.(*types.Map); ok {
			EachNamed(m.Key(), f)
		}
	case *types.Signature:
		EachNamed(t.Params(), f)
		EachNamed(t.Results(), f)
	case *types.Tuple:
		for i := range t.Len() {
			EachNamed(t.At(i).Type(), f)
		}
	case *types.Struct:
		for i := range t.NumFields() {
			EachNamed(t.Field(i).Type(), f)
		}
	case *types.Interface:
		for i := range t.NumMethods() {
			EachNamed(t.Method(i).Type(), f)
		}
	}
}
