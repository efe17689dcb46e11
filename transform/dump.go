package transform

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"io"
	"path"
	"sort"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/transform/ir"
	"github.com/harkgen/harkgen/transform/load"
	"github.com/harkgen/harkgen/transform/lower"
)

// This file prints what becomes of one function, phase by phase: the user's source, its SSA, its ir after each pass, and the Go text. It
// is what GOSSAFUNC is to the Go compiler.

// A dumper collects the phases of the functions of one name.
type dumper struct {
	name   string
	w      io.Writer
	bodies []*dumped
	files  map[string]*ast.File // of the output, parsed
	fset   *token.FileSet
}

// A dumped is one lowered form of a function: it has one for each place that defers it, if it recovers.
type dumped struct {
	fn     *ssa.Function
	f      *ir.Func
	last   string
	phases bytes.Buffer
}

func newDumper(o *Options) *dumper {
	if o.Dump == "" {
		return nil
	}
	return &dumper{name: o.Dump, w: o.DumpTo, files: map[string]*ast.File{}, fset: token.NewFileSet()}
}

// pass notes the state of a function after a pass.
func (d *dumper) pass(fn *ssa.Function, f *ir.Func, pass string) {
	if !d.matches(fn, f.Title) {
		return
	}
	if n := len(d.bodies); n == 0 || d.bodies[n-1].f != f {
		d.bodies = append(d.bodies, &dumped{fn: fn, f: f})
	}
	b := d.bodies[len(d.bodies)-1]
	if text := f.String(); text != b.last {
		fmt.Fprintf(&b.phases, "-- %s --\n%s", pass, text)
		b.last = text
	} else {
		fmt.Fprintf(&b.phases, "-- %s --\n(as before)\n", pass)
	}
}

// matches reports whether the name asked for is that of fn, with or without the package, or without the type of a method.
func (d *dumper) matches(fn *ssa.Function, title string) bool {
	_, short, _ := strings.Cut(title, ".")
	return isNamed(fn, title, d.name) || plainName(d.name) == plainName(short) || d.name == fn.Name()
}

// write prints everything. res is nil if the compiler found errors.
func (d *dumper) write(prog *load.Program, low *lower.Result, res *Result) {
	var fns []*ssa.Function
	for fn := range low.Plan.All() {
		if d.matches(fn, low.Title(fn)) {
			fns = append(fns, fn)
		}
	}
	sort.Slice(fns, func(i, j int) bool {
		if fns[i].Pos() != fns[j].Pos() {
			return fns[i].Pos() < fns[j].Pos()
		}
		return fns[i].String() < fns[j].String()
	})
	if len(fns) == 0 {
		fmt.Fprintf(d.w, "dump: there is no function %s\n", d.name)
	}
	for _, fn := range fns {
		d.function(prog, low, res, fn)
	}
}

func (d *dumper) function(prog *load.Program, low *lower.Result, res *Result, fn *ssa.Function) {
	fmt.Fprintf(d.w, "== %s %s ==\n-- source --\n%s-- SSA --\n", fn, prog.Pos(fn.Pos()), source(prog, fn))
	fn.WriteTo(d.w)
	found := false
	for _, b := range d.bodies {
		if b.fn != fn {
			continue
		}
		found = true
		_, _ = b.phases.WriteTo(d.w)
		if res != nil {
			d.emitted(res, low.Home(fn), b.f)
		}
	}
	if !found {
		fmt.Fprintf(d.w, "-- Go --\nthe source as it is: %s is not transformed\n", low.Title(fn))
	}
}

// source is the user's text of fn.
func source(prog *load.Program, fn *ssa.Function) string {
	if fn.Syntax() == nil {
		return "(none)\n"
	}
	from, to := prog.Fset.PositionFor(fn.Syntax().Pos(), false), prog.Fset.PositionFor(fn.Syntax().End(), false)
	data, err := prog.Text(from.Filename)
	if err != nil || to.Offset > len(data) {
		return "(not readable)\n"
	}
	from.Offset -= from.Column - 1 // the whole first line
	return string(data[from.Offset:to.Offset]) + "\n"
}

// emitted prints the declarations that f became.
func (d *dumper) emitted(res *Result, home *types.Package, f *ir.Func) {
	dir := ""
	for _, e := range res.Entries {
		if e.Package == home.Path() {
			dir = e.Dir
		}
	}
	if dir == "" {
		dir = strings.Trim(strings.TrimPrefix(home.Path(), res.Module), "/")
	}
	for _, file := range res.Files {
		if !strings.HasSuffix(file.Path, ".go") || strings.Trim(path.Dir(file.Path), ".") != dir {
			continue
		}
		syntax := d.files[file.Path]
		if syntax == nil {
			var err error
			if syntax, err = parser.ParseFile(d.fset, file.Path, file.Data, parser.ParseComments|parser.SkipObjectResolution); err != nil {
				continue
			}
			d.files[file.Path] = syntax
		}
		for _, decl := range syntax.Decls {
			if declares(decl, f) {
				fmt.Fprintf(d.w, "-- %s --\n", file.Path)
				_ = (&printer.Config{Mode: printer.UseSpaces | printer.TabIndent, Tabwidth: 8}).Fprint(d.w, d.fset, &printer.CommentedNode{Node: decl, Comments: syntax.Comments})
				fmt.Fprintln(d.w)
			}
		}
	}
}

// declares reports whether decl declares f or its frame.
func declares(decl ast.Decl, f *ir.Func) bool {
	switch decl := decl.(type) {
	case *ast.GenDecl:
		for _, s := range decl.Specs {
			if t, ok := s.(*ast.TypeSpec); ok && strings.HasPrefix(t.Name.Name, f.Name) && strings.HasSuffix(t.Name.Name, "_frame") {
				return t.Name.Name == f.Name+"_frame" || t.Name.Name == f.Name+"_deferred_frame"
			}
		}
	case *ast.FuncDecl:
		recv := ""
		if decl.Recv != nil {
			t := decl.Recv.List[0].Type
			if star, ok := t.(*ast.StarExpr); ok {
				t = star.X
			}
			if id, ok := t.(*ast.Ident); ok {
				recv = id.Name
			}
		}
		switch f.Kind {
		case ir.Direct:
			return recv == f.Name && decl.Name.Name == "Deferred"
		case ir.Closure:
			return recv == f.Env.Env && decl.Name.Name == "fn"
		case ir.Method:
			t := f.Recv.Type
			if p, ok := t.(*types.Pointer); ok {
				t = p.Elem()
			}
			n, ok := types.Unalias(t).(*types.Named)
			return ok && recv == n.Obj().Name() && decl.Name.Name == f.Name
		}
		return recv == "" && decl.Name.Name == f.Name
	}
	return false
}
