// Package emit spells package ir as Go, with jennifer, and cuts the lowered functions out of the user's text.
//
// For each file of the user's there is the file of the same name, without the functions that were lowered, and NAME_hark.go with
// their lowered form; hark.go holds what no line of the user's stands for: frames, environments, thunks, wrappers,
// registrations. //line directives carry the user's positions.
package emit

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"
	"golang.org/x/tools/go/packages"

	"github.com/harkgen/harkgen/transform/diag"
	"github.com/harkgen/harkgen/transform/ir"
	"github.com/harkgen/harkgen/transform/load"
	"github.com/harkgen/harkgen/transform/lower"
)

// RTPath is the module path of rt in the output's vendor tree.
const RTPath = "harkgen.local/rt"

// NetAddr is the package of rt that programs with net/netip link.
const NetAddr = "snap/netaddr"

// ExpVars is the package of rt that programs with expvar link.
const ExpVars = "snap/expvars"

// Warm is the packages of rt that make packages of the standard library ready for restored values.
var Warm = map[string]string{"compress/flate": "snap/warm/flate", "crypto/des": "snap/warm/des"}

// StdPath is the module path of the copies of packages of the standard library in the output's vendor tree.
const StdPath = "harkgen.local/std"

// Options say where the output goes.
type Options struct {
	Fset *token.FileSet
	// LineFile names the user's file in a //line directive of a file in directory dir of the output.
	LineFile func(file, dir string) string
	Exports  Exports // filled and used by Package
}

// A File is one file of the output module.
type File struct {
	Path string // slash-separated, relative to the output
	Data []byte
}

type emitter struct {
	opt     Options
	prog    *load.Program
	low     *lower.Result
	user    *packages.Package
	pkg     *ir.Package
	dir     string // of the package in the output
	copy    bool   // it is the copy of a package of the standard library
	fn      *ir.Func
	targets map[*ir.Block]bool
	hoist   map[*types.TypeName]string // see hoisted
	order   []*types.TypeName
	plain   map[string]*types.TypeName
	outer   map[*types.TypeName][]*types.TypeParam // of the generic functions that local types belong to
	scope   []*types.TypeParam                     // those of the declaration being spelled
	tparams map[*types.TypeParam]string            // their names
	errs    diag.List
	sources map[string][]string
	imports map[string]string // see importNames
	asserts []asserter

	dots      map[*types.Package]string // see findDots
	qualified map[*ast.Ident]bool
}

// Package emits one user package, or the copy of a package of the standard library, into directory dir of the output.
func Package(prog *load.Program, low *lower.Result, user *packages.Package, dir string, opt Options) ([]File, diag.List) {
	e := &emitter{opt: opt, prog: prog, low: low, user: user, dir: dir, copy: prog.IsStd(user.PkgPath), hoist: map[*types.TypeName]string{}, sources: map[string][]string{}}
	e.outer = map[*types.TypeName][]*types.TypeParam{}
	e.reservePlain()
	e.pkg = low.Packages[user.PkgPath]
	if e.pkg == nil {
		e.pkg = &ir.Package{Types: user.Types}
	}
	var files []File
	byFile := map[string][]*ir.Func{}
	for _, f := range e.pkg.Funcs {
		byFile[f.File] = append(byFile[f.File], f)
	}
	for _, name := range sortedKeys(byFile) {
		out := e.newFile()
		for _, f := range byFile[name] {
			e.function(out, f)
			out.Line()
		}
		base := strings.TrimSuffix(filepath.Base(name), ".go") + "_hark.go"
		if !slices.Contains(e.user.CompiledGoFiles, name) { // instances of another package's generic functions
			base = "hark_" + filepath.Base(filepath.Dir(name)) + "_" + base
		}
		files = append(files, e.render(out, base, filepath.Base(name)))
	}
	files = append(files, e.glue()...)
	files = append(files, e.texts()...)
	return files, e.errs
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func (e *emitter) newFile() *jen.File {
	out := jen.NewFilePathName(e.path(e.user.PkgPath), e.user.Name)
	for path, name := range e.imported() {
		if name == e.prog.All[path].Name {
			out.ImportName(path, name)
		} else {
			out.ImportAlias(path, name)
		}
	}
	out.ImportName(RTPath, "rt")
	for path, name := range e.imports {
		if e.prog.IsStd(path) {
			out.ImportAlias(e.path(path), lower.Prefix+name)
		}
	}
	return out
}

func (e *emitter) imported() map[string]string {
	if e.imports == nil {
		e.imports = e.importNames()
	}
	return e.imports
}

// varNames are the names of the variables of lowered functions, which keep them.
func (e *emitter) varNames() map[string]bool {
	names := map[string]bool{}
	add := func(f *ir.Func) {
		for _, vs := range [][]*ir.Var{f.Params, f.Results, f.Locals(), {f.Recv, f.Env}} {
			for _, v := range vs {
				if v != nil {
					names[v.Name] = true
				}
			}
		}
		names[f.G], names[f.Frame] = true, true
	}
	for _, f := range e.pkg.Funcs {
		add(f)
	}
	for _, t := range e.pkg.Thunks {
		if t.Direct != nil {
			add(t.Direct)
		}
	}
	return names
}

// path is where package path is compiled in the output.
func (e *emitter) path(path string) string {
	if e.prog.IsStd(path) {
		return StdPath + "/" + path
	}
	return path
}

// importNames names every package as generated files import it. Jennifer would number packages of one name, but not look for the
// identifiers of the user's package and of his functions.
func (e *emitter) importNames() map[string]string {
	names := map[string]string{}
	taken := map[string]bool{"rt": true}
	vars := e.varNames()
	name := func(path string) {
		if names[path] != "" {
			return
		}
		base := e.prog.All[path].Name
		try := base
		for n := 1; taken[try] || e.user.Types.Scope().Lookup(try) != nil || e.plain[try] != nil || vars[try]; n++ {
			if try = lower.Prefix + base; n > 1 {
				try += strconv.Itoa(n)
			}
		}
		taken[try] = true
		names[path] = try
	}
	for _, path := range sortedKeys(e.user.Imports) { // these keep their own names if any do
		if e.prog.All[e.user.Imports[path].PkgPath] != nil {
			name(e.user.Imports[path].PkgPath)
		}
	}
	for _, path := range sortedKeys(e.prog.All) {
		name(path)
	}
	return names
}

func (e *emitter) rt(name string) *jen.Statement { return jen.Qual(RTPath, name) }

func (e *emitter) render(out *jen.File, name, from string) File {
	out.HeaderComment(fmt.Sprintf("Code generated by harkgen from %s. DO NOT EDIT.", from))
	if m := e.user.Module; m != nil && !m.Main { // its module may be written in an older Go
		out.HeaderComment("")
		out.HeaderComment("//go:build go1.26")
	}
	var buf bytes.Buffer
	if err := out.Render(&buf); err != nil {
		dump := filepath.Join(os.TempDir(), "harkgen-bad-"+name)
		e.errs.Add(diag.Diagnostic{What: "bug in harkgen: cannot format " + name, Why: firstLine(err.Error()), Do: "please report it with " + dump})
		_ = os.WriteFile(dump, []byte(err.Error()), 0o600)
	}
	return File{Path: joinPath(e.dir, name), Data: buf.Bytes()}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func joinPath(dir, name string) string {
	if dir == "" || dir == "." {
		return name
	}
	return dir + "/" + name
}

func (e *emitter) fail(form string, t types.Type) {
	pos := token.NoPos
	if e.fn != nil {
		pos = e.fn.Pos
	}
	e.errs.Add(diag.Diagnostic{
		Pos:  e.opt.Fset.Position(pos),
		What: "function holds " + fmt.Sprintf(form, t),
		Why:  "a function that may suspend has its variables written out with their types",
		Do:   "keep such values in a function that does not suspend",
	})
}

// sourceLine is the user's source line at pos, for comments.
func (e *emitter) sourceLine(pos token.Pos) string {
	at := e.opt.Fset.PositionFor(pos, false)
	lines, ok := e.sources[at.Filename]
	if !ok {
		data, _ := e.prog.Text(at.Filename)
		lines = strings.Split(string(data), "\n")
		e.sources[at.Filename] = lines
	}
	if at.Line < 1 || at.Line > len(lines) {
		return ""
	}
	return strings.TrimSpace(lines[at.Line-1])
}

// gofmt formats src, or returns it as it is when it does not parse: the build then shows where.
func gofmt(src []byte) []byte {
	out, err := format.Source(src)
	if err != nil {
		return src
	}
	return out
}
