package load

import (
	"fmt"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/transform/diag"
)

// This file adds ordinary Go of harkgen's own to a program: glue, which is compiled like the user's packages, as packages of the user's module, and called
// in place of library functions.
//
//	http.ListenAndServe(addr, h)     becomes     hark_http.ListenAndServe(addr, h)     of package MODULE/hark_http
//
// The calls change in the SSA form, before anything looks at it. So that packages are initialised and emitted in the right order, the text of the user's
// package gets an import, on the line of its package clause.

// A Glue is what is added to a program. Packages of it are named by their directories in the module, of which the last begins with "hark_"; it may also add files to
// packages of the user's.
type Glue struct {
	Files   map[string][]byte   // by their paths in the module, with slashes: "hark_http/serve.go", "shop/hark_entries.go"
	Imports map[string][]string // packages of Files that packages of the user's, by path, get an import of
	Roots   []string            // packages of Files that nobody imports
	Calls   map[string]string   // functions and methods, as (*types.Func).FullName names them, and what is called instead: "hark_http.Serve", which takes the receiver first
	Vars    map[string]string   // package variables, and what is used instead, of the same type: "net/http.DefaultServeMux"
	Unbound map[string]string   // methods of Calls that cannot be values; what to do instead
	Sites   map[string]string   // single calls, by Site, and the function of the caller's package that is called instead; see redirect
}

// join adds what other has, which may be nil.
func (g *Glue) join(other *Glue) {
	if other == nil {
		return
	}
	if g.Files == nil {
		*g = Glue{map[string][]byte{}, map[string][]string{}, nil, map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}}
	}
	maps.Copy(g.Files, other.Files)
	for path, dirs := range other.Imports {
		for _, dir := range dirs {
			if !slices.Contains(g.Imports[path], dir) {
				g.Imports[path] = append(g.Imports[path], dir)
			}
		}
	}
	g.Roots = append(g.Roots, other.Roots...)
	maps.Copy(g.Calls, other.Calls)
	maps.Copy(g.Vars, other.Vars)
	maps.Copy(g.Unbound, other.Unbound)
	maps.Copy(g.Sites, other.Sites)
}

// Site names the call whose left parenthesis is at pos.
func Site(fset *token.FileSet, pos token.Pos) string {
	at := fset.PositionFor(pos, false)
	return fmt.Sprintf("%s:%d:%d", at.Filename, at.Line, at.Column)
}

// An Adder says what a program needs, of which all is known but the SSA form; nil is nothing.
type Adder func(*Program) (*Glue, error)

// Mentions reports whether the own package pkg mentions a function, method or package variable whose name, as in Glue.Calls, is a key of one of sets.
func Mentions[V any](pkg *packages.Package, sets ...map[string]V) bool {
	for _, o := range pkg.TypesInfo.Uses {
		for _, set := range sets {
			if _, ok := set[NameOf(o)]; ok {
				return true
			}
		}
	}
	return false
}

// NameOf names a function, method or package variable as the keys of Glue do; "" is anything else.
func NameOf(o types.Object) string {
	switch o := o.(type) {
	case *types.Func:
		return o.FullName()
	case *types.Var:
		if o.Pkg() != nil && o.Parent() == o.Pkg().Scope() {
			return o.Pkg().Path() + "." + o.Name()
		}
	}
	return ""
}

// Own lists the packages of the main module, but for those of glue.
func (p *Program) Own() []*packages.Package {
	return slices.DeleteFunc(slices.Clone(p.own), func(pkg *packages.Package) bool { return p.IsGlue(pkg.PkgPath) })
}

// IsGlue reports whether path is of a package that was added.
func (p *Program) IsGlue(path string) bool {
	if p.glue == nil || p.Module == nil {
		return false
	}
	dir, ok := strings.CutPrefix(path, p.Module.Path+"/")
	return ok && p.glue.dirs()[dir]
}

// IsGlueFile reports whether name is of a file that was added.
func (p *Program) IsGlueFile(name string) bool {
	if p.glue == nil {
		return false
	}
	return p.glue.Files[p.Rel(name)] != nil
}

// dirs are the directories of the packages.
func (g *Glue) dirs() map[string]bool {
	dirs := map[string]bool{}
	for name := range g.Files {
		if dir := path.Dir(name); strings.HasPrefix(path.Base(dir), "hark_") {
			dirs[dir] = true
		}
	}
	return dirs
}

// overlay is the text of files that are not there, or get imports, by name.
func (g *Glue) overlay(p *Program) (map[string][]byte, error) {
	if p.Module == nil {
		return nil, diag.List{{
			What: "this program needs packages of harkgen's own", Why: "they are compiled as part of its module, and it has none or was named by its files",
			Do: "make a module with go mod init, and name the directory: harkgen run .",
		}}
	}
	out := map[string][]byte{}
	for name, text := range g.Files {
		out[filepath.Join(p.Module.Dir, filepath.FromSlash(name))] = text
	}
	for _, pkg := range slices.Sorted(maps.Keys(g.Imports)) {
		name := p.All[pkg].GoFiles[0]
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.PackageClauseOnly)
		if err != nil {
			return nil, err
		}
		at := int(f.Name.End() - f.FileStart)
		head := slices.Clone(text[:at])
		for _, dir := range g.Imports[pkg] {
			head = append(head, "; import _ "+strconv.Quote(p.Module.Path+"/"+dir)...)
		}
		out[name] = append(head, text[at:]...)
	}
	return out, nil
}

// patterns are those that load the glue as well.
func (g *Glue) patterns(p *Program, patterns []string) []string {
	out := slices.Clone(patterns)
	for _, dir := range g.Roots {
		out = append(out, p.Module.Path+"/"+dir)
	}
	return out
}

// substitute changes calls.
func (p *Program) substitute() error {
	s := &substitution{p: p, funcs: map[string]*ssa.Function{}, vars: map[string]*ssa.Global{}}
	for name, to := range p.glue.Calls {
		s.funcs[name] = p.glued(to).(*ssa.Function)
	}
	for name, to := range p.glue.Vars {
		s.vars[name] = p.glued(to).(*ssa.Global)
	}
	for fn := range ssautil.AllFunctions(p.SSA) {
		if p.IsUser(fn) && !p.IsGlue(compilable.PackageOf(fn).Path()) {
			s.function(fn)
		}
	}
	return s.errs.Err()
}

// glued finds a member of a package of the glue: "hark_http.Serve".
func (p *Program) glued(name string) ssa.Member {
	dir, member, _ := strings.Cut(name, ".")
	return p.SSA.ImportedPackage(p.Module.Path + "/" + dir).Members[member]
}

type substitution struct {
	p     *Program
	funcs map[string]*ssa.Function
	vars  map[string]*ssa.Global
	errs  diag.List
}

func (s *substitution) function(fn *ssa.Function) {
	for _, b := range fn.Blocks {
		for _, i := range slices.Clone(b.Instrs) { // redirect removes some
			if c, ok := i.(ssa.CallInstruction); ok {
				s.call(c)
			}
			if m, ok := i.(*ssa.MakeClosure); ok {
				s.bound(m)
			}
			for _, op := range i.Operands(nil) {
				switch v := (*op).(type) {
				case *ssa.Function:
					if to := s.of(v); to != nil {
						*op = to
					}
				case *ssa.Global:
					if v.Pkg != nil && s.vars[v.Pkg.Pkg.Path()+"."+v.Name()] != nil {
						*op = s.vars[v.Pkg.Pkg.Path()+"."+v.Name()]
					}
				}
			}
		}
	}
}

// of is what is called instead of fn, nil if that is called itself.
func (s *substitution) of(fn *ssa.Function) *ssa.Function {
	if o, ok := fn.Object().(*types.Func); ok && fn.Synthetic == "" {
		return s.funcs[o.FullName()]
	}
	return nil
}

// call changes one call of a site, or one of an interface's method.
func (s *substitution) call(c ssa.CallInstruction) {
	if len(s.p.glue.Sites) > 0 {
		if to := s.p.glue.Sites[Site(s.p.Fset, c.Common().Pos())]; to != "" {
			redirect(c, s.p.SSA.Package(compilable.PackageOf(c.Parent())).Func(to))
			return
		}
	}
	if c.Common().IsInvoke() {
		s.invoke(c.Common())
	}
}

// redirect makes a call call to instead. Arguments at the end that to does not take are not passed; one that to wants as what it was
// before it was made an interface is passed so.
func redirect(call ssa.CallInstruction, to *ssa.Function) {
	c := call.Common()
	c.Value, c.Method = to, nil
	params := to.Signature.Params()
	for _, dropped := range c.Args[params.Len():] {
		forget(dropped, call)
	}
	c.Args = c.Args[:params.Len()]
	for i, arg := range c.Args {
		if made, ok := arg.(*ssa.MakeInterface); ok && !types.IsInterface(params.At(i).Type()) {
			c.Args[i] = made.X
			if refs := made.X.Referrers(); refs != nil {
				*refs = append(*refs, call)
			}
			forget(made, call)
		}
	}
}

// forget notes that user does not use v any more. An interface that nobody uses is not made.
func forget(v ssa.Value, user ssa.Instruction) {
	refs := v.Referrers()
	if refs == nil {
		return
	}
	*refs = slices.DeleteFunc(*refs, func(i ssa.Instruction) bool { return i == user })
	if made, ok := v.(*ssa.MakeInterface); ok && len(*refs) == 0 {
		b := made.Block()
		b.Instrs = slices.DeleteFunc(b.Instrs, func(i ssa.Instruction) bool { return i == made })
		forget(made.X, made)
	}
}

// invoke makes a static call of a call of an interface's method.
func (s *substitution) invoke(c *ssa.CallCommon) {
	if to := s.funcs[c.Method.FullName()]; to != nil {
		c.Value, c.Args, c.Method = to, append([]ssa.Value{c.Value}, c.Args...), nil
	}
}

// bound refuses the value of a method.
func (s *substitution) bound(m *ssa.MakeClosure) {
	o, ok := m.Fn.(*ssa.Function).Object().(*types.Func)
	if !ok || m.Fn.(*ssa.Function).Synthetic == "" || s.p.glue.Unbound[o.FullName()] == "" {
		return
	}
	s.errs.Add(diag.Diagnostic{
		Pos: s.p.Fset.Position(m.Pos()), What: "this value of method " + o.FullName() + " cannot be compiled",
		Why: "only a call of the method is compiled into one of harkgen's own", Do: s.p.glue.Unbound[o.FullName()],
	})
}
