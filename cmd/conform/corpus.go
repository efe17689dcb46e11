package main

// This file finds the programs of a corpus, and what each of them consists of.

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// A program is a file of a corpus.
type program struct {
	name   string  // path in the corpus, with slashes
	path   string  // absolute
	root   string  // directory of the corpus, absolute
	src    []byte  // content
	recipe *recipe // nil in a plain corpus
}

// find returns the programs that an argument names: those of a directory, or the file itself.
func find(arg string) ([]*program, error) {
	abs, err := filepath.Abs(arg)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(abs)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		p, err := readProgram(filepath.ToSlash(filepath.Clean(arg)), abs, filepath.Dir(abs))
		return []*program{p}, err
	}
	all, err := readPrograms(abs)
	if err != nil {
		return nil, err
	}
	recipes := 0
	for _, p := range all {
		if p.recipe != nil {
			recipes++
		}
	}
	plain := 2*recipes < len(all) // a few programs may begin with a word of a header by chance
	return slices.DeleteFunc(all, func(p *program) bool { return !p.belongs(plain) }), nil
}

// readPrograms reads every Go file below dir, except tests and what the go command ignores.
func readPrograms(dir string) (ps []*program, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			// NAME.dir is part of the program NAME.go
			if path != dir && (strings.HasSuffix(name, ".dir") || name[0] == '.' || name[0] == '_' || name == "testdata" || name == "vendor") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || name[0] == '.' || name[0] == '_' {
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		p, err := readProgram(filepath.ToSlash(rel), path, dir)
		ps = append(ps, p)
		return err
	})
	return ps, err
}

func readProgram(name, path, root string) (*program, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, err := parseRecipe(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &program{name: name, path: path, root: root, src: src, recipe: r}, nil
}

var rePackageMain = regexp.MustCompile(`(?m)^package main\b`)

// belongs reports whether a file is a program of its corpus. In a plain one headers mean nothing.
func (p *program) belongs(plain bool) bool {
	if plain {
		p.recipe = nil
		return rePackageMain.Match(p.src)
	}
	return p.recipe != nil && (p.recipe.kind == "run" || p.recipe.kind == "rundir")
}

func matching(ps []*program, only *regexp.Regexp) []*program {
	return slices.DeleteFunc(ps, func(p *program) bool { return !only.MatchString(p.name) })
}

// starting returns the programs that start goroutines: by a go statement, or by wg.Go(f).
func starting(ps []*program) (with []*program, err error) {
	for _, p := range ps {
		l, err := p.layout()
		if err != nil {
			return nil, err
		}
		if l.starts() {
			with = append(with, p)
		}
	}
	return with, nil
}

func (l *layout) starts() bool {
	found := false
	for name, src := range l.files {
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution)
		if err != nil {
			continue // it does not build
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				found = true
			case *ast.CallExpr:
				sel, ok := n.Fun.(*ast.SelectorExpr)
				found = found || ok && sel.Sel.Name == "Go"
			}
			return !found
		})
	}
	return found
}

// sample chooses n programs, or all if n is 0. Each program has its place in the order of choice whatever the others
// are, so a corpus that grows keeps most of its sample.
func sample(ps []*program, n int, seed uint64) []*program {
	if n == 0 || n >= len(ps) {
		return ps
	}
	rank := map[*program]uint64{}
	for _, p := range ps {
		h := fnv.New64a()
		fmt.Fprint(h, seed, " ", p.name)
		rank[p] = h.Sum64()
	}
	chosen := slices.SortedFunc(slices.Values(ps), func(a, b *program) int { return cmp.Compare(rank[a], rank[b]) })[:n]
	return slices.DeleteFunc(slices.Clone(ps), func(p *program) bool { return !slices.Contains(chosen, p) })
}

// A layout is a program as the go command gets it: files in a directory, and what to say after go build in it.
type layout struct {
	files    map[string][]byte // by slash-separated names
	beside   string            // directory, whose entries are to be had too; empty: none
	patterns []string
	args     []string // for the program
	env      []string // for the go command and the program
	expected *string  // output; nil: nothing is said
}

func (p *program) layout() (l *layout, err error) {
	if p.recipe != nil && p.recipe.kind == "rundir" {
		l, err = p.layoutDir()
	} else {
		l, err = p.layoutFiles()
	}
	if err != nil {
		return nil, err
	}
	if out, err := os.ReadFile(strings.TrimSuffix(p.path, ".go") + ".out"); err == nil {
		text := string(out)
		l.expected = &text
	} else if text, ok := outputComment(p.src); ok {
		l.expected = &text
	}
	return l, nil
}

func (p *program) layoutFiles() (*layout, error) {
	base := filepath.Base(p.path)
	l := &layout{files: map[string][]byte{base: p.src}, patterns: []string{base}}
	if p.recipe == nil {
		return l, nil
	}
	l.beside = p.root // for those that compile other files there
	for _, name := range p.recipe.files {
		src, err := os.ReadFile(filepath.Join(filepath.Dir(p.path), name))
		if err != nil {
			return nil, err
		}
		l.files[name] = src
		l.patterns = append(l.patterns, name)
	}
	l.args, l.env = p.recipe.args, p.recipe.goEnv()
	return l, nil
}

// goEnv returns the environment that passes the flags of the recipe to every go command, that of harkgen too.
func (r *recipe) goEnv() []string {
	if len(r.flags) == 0 {
		return r.env
	}
	quoted := make([]string, len(r.flags))
	for i, f := range r.flags {
		if quoted[i] = f; strings.Contains(f, " ") {
			quoted[i] = "'" + f + "'"
		}
	}
	return append(slices.Clone(r.env), "GOFLAGS="+strings.Join(quoted, " "))
}

// layoutDir makes a module of the packages in NAME.dir. In the order of their file names each package is named by its first file,
// and the last one is main; they import each other by "./NAME", as of the path test.
func (p *program) layoutDir() (*layout, error) {
	dir := strings.TrimSuffix(p.path, ".go") + ".dir"
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		return nil, errors.Join(err, fmt.Errorf("no Go files in %s", dir))
	}
	release := strings.TrimPrefix(runtime.Version(), "go")
	l := &layout{patterns: []string{"."}, args: p.recipe.args, env: p.recipe.goEnv()}
	l.files = map[string][]byte{"go.mod": []byte("module test\n\ngo " + release + "\n")}
	dirOf := map[string]string{} // of each package, by its name
	var last string
	var sources [][]byte
	var pkgs []string
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		src, pkg, err := absoluteImports(src)
		if err != nil {
			return nil, err
		}
		if dirOf[pkg] == "" {
			dirOf[pkg] = strings.TrimSuffix(filepath.Base(name), ".go") + "/"
			last = pkg
		}
		sources, pkgs = append(sources, src), append(pkgs, pkg)
	}
	for i, name := range names {
		at := dirOf[pkgs[i]]
		if pkgs[i] == last {
			at = ""
		}
		// the go command would take a file named so for a test
		base := strings.ReplaceAll(filepath.Base(name), "_test.go", "_test_.go")
		l.files[at+base] = sources[i]
	}
	return l, nil
}

// absoluteImports replaces imports like "./a" by "test/a", and returns the name of the package too.
func absoluteImports(src []byte) (out []byte, pkg string, err error) {
	f, err := parser.ParseFile(token.NewFileSet(), "", src, parser.ImportsOnly)
	if err != nil {
		return nil, "", err
	}
	end := 0
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, "", err
		}
		if name, ok := strings.CutPrefix(path, "./"); ok {
			out = append(append(out, src[end:spec.Path.Pos()-1]...), strconv.Quote("test/"+name)...)
			end = int(spec.Path.End()) - 1
		}
	}
	return append(bytes.Clone(out), src[end:]...), f.Name.Name, nil
}
