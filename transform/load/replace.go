package load

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// This file gives functions of the standard library another body, for the copy that is compiled along (see library.go): those that are part
// of the runtime one in Go, and those of package context (context.go).

// A replacement is what takes the place of some of a file's declarations.
type replacement struct {
	decls string         // declarations instead of those of the same names
	drop  *regexp.Regexp // lines that go away
}

// replacements are keyed by the file in GOROOT/src.
var replacements = map[string]replacement{
	"iter/iter.go":       {coroText, regexp.MustCompile(`(?m)^\s*race\.\w+\(.*$`)},
	"context/context.go": {contextText, nil},
}

// A coroutine of the runtime is a goroutine here, and the switch a message: inside says whose turn it is. The last message never waits, as it
// is sent also while the coroutine panics or exits.
const coroText = `
type coro struct {
	f      func(*coro)
	inside bool
	begun  bool
	resume chan struct{}
	back   chan struct{}
}

func newcoro(f func(*coro)) *coro {
	return &coro{f: f, resume: make(chan struct{}), back: make(chan struct{}, 1)}
}

func coroswitch(c *coro) {
	if c.inside {
		c.inside = false
		c.back <- struct{}{}
		<-c.resume
		return
	}
	c.inside = true
	if c.begun {
		c.resume <- struct{}{}
	} else {
		c.begun = true
		go hark_corostart(c)
	}
	<-c.back
}

func hark_corostart(c *coro) {
	defer hark_coroexit(c)
	c.f(c)
}

func hark_coroexit(c *coro) {
	c.inside = false
	c.back <- struct{}{}
}
`

// read returns the text of a file as it is compiled.
func (p *Program) read(name string) ([]byte, error) {
	if text, ok := p.overlay[name]; ok {
		return text, nil
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return p.replace(name, src), nil
}

// parse is the ParseFile of the configuration of go/packages.
func (p *Program) parse(fset *token.FileSet, name string, src []byte) (*ast.File, error) {
	return parser.ParseFile(fset, name, p.replace(name, src), parser.AllErrors|parser.ParseComments|parser.SkipObjectResolution)
}

// replace puts replacements into the text of file name.
func (p *Program) replace(name string, src []byte) []byte {
	in, ok := strings.CutPrefix(filepath.ToSlash(name), p.library)
	if !ok {
		return src
	}
	if r, ok := replacements[in]; ok {
		if out := r.apply(name, src); out != nil {
			return out
		}
	}
	return src
}

// libraryDir is where the go command finds the standard library for the module in dir: DIR/.
func libraryDir(ctx context.Context, dir string, env []string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOROOT")
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	return filepath.ToSlash(strings.TrimSpace(string(out))) + "/src/", nil
}

// apply returns the text with the replacement, nil if the file has not all that is to be replaced.
func (r replacement) apply(name string, src []byte) []byte {
	ours, err := parser.ParseFile(token.NewFileSet(), name, "package p\n"+r.decls, 0)
	if err != nil {
		panic("harkgen: replacement of " + name + ": " + err.Error())
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments)
	if err != nil {
		return nil // the loader reports it
	}
	theirs := map[string]ast.Decl{}
	for _, d := range f.Decls {
		theirs[declName(d)] = d
	}
	src = append([]byte(nil), src...)
	if r.drop != nil {
		for _, at := range r.drop.FindAllIndex(src, -1) {
			blank(src[at[0]:at[1]])
		}
	}
	for _, d := range ours.Decls {
		if strings.Contains(declName(d), "hark_") {
			continue // a helper of the others
		}
		old := theirs[declName(d)]
		if old == nil {
			return nil
		}
		from := old.Pos()
		if f, ok := old.(*ast.FuncDecl); ok && f.Doc != nil {
			from = f.Doc.Pos()
		}
		blank(src[fset.Position(from).Offset:fset.Position(old.End()).Offset])
	}
	return blankImports(append(src, r.decls...))
}

// declName is the name that d declares: of a function, TYPE.METHOD, of the one type or variable.
func declName(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return d.Name.Name
		}
		t := d.Recv.List[0].Type
		if p, ok := t.(*ast.StarExpr); ok {
			t = p.X
		}
		if id, ok := t.(*ast.Ident); ok {
			return id.Name + "." + d.Name.Name
		}
	case *ast.GenDecl:
		switch s := d.Specs[0].(type) {
		case *ast.TypeSpec:
			return s.Name.Name
		case *ast.ValueSpec:
			return s.Names[0].Name
		}
	}
	return ""
}

// blank overwrites text, but for the ends of lines.
func blank(text []byte) {
	for i, c := range text {
		if c != '\n' {
			text[i] = ' '
		}
	}
}

// blankImports makes blank the imports of src that nothing uses any more.
func blankImports(src []byte) []byte {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, 0)
	if err != nil {
		return src
	}
	used := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok {
				used[id.Name] = true
			}
		}
		return true
	})
	var out bytes.Buffer
	at := 0
	for _, imp := range f.Imports {
		path, _ := strconv.Unquote(imp.Path.Value)
		if imp.Name == nil && !used[path[strings.LastIndex(path, "/")+1:]] {
			from := fset.Position(imp.Pos()).Offset
			out.Write(src[at:from])
			out.WriteString("_ ")
			at = from
		}
	}
	out.Write(src[at:])
	return out.Bytes()
}

// Text is the source of file name, as it was loaded.
func (p *Program) Text(name string) ([]byte, error) { return p.read(name) }
