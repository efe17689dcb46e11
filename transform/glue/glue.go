// Package glue holds ordinary Go that is compiled along with programs that need it, and says which do; package load adds it.
//
//	hark_event   events from outside, and their answers
//	hark_http    the server side of net/http
package glue

import (
	"bytes"
	"embed"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/harkgen/harkgen/transform/diag"
	"github.com/harkgen/harkgen/transform/load"
)

//go:embed hark_event/*.go hark_http/*.go
var source embed.FS

// here is how packages of glue import one another in this repository.
const here = "github.com/harkgen/harkgen/transform/glue/"

// Add says what of the packages here a program needs that serves HTTP. It is a load.Adder.
func Add(p *load.Program) (*load.Glue, error) {
	if !slices.ContainsFunc(p.Own(), func(pkg *packages.Package) bool { return load.Mentions(pkg, serve) }) {
		return nil, nil
	}
	g := &load.Glue{Files: map[string][]byte{}}
	return g, addHTTP(p, g)
}

// addHTTP adds the server side of net/http.
func addHTTP(p *load.Program, g *load.Glue) error {
	if err := refuse(p); err != nil {
		return err
	}
	g.Calls, g.Vars, g.Unbound = calls(), vars, unbound
	g.Imports = map[string][]string{}
	for _, pkg := range p.Own() {
		if load.Mentions(pkg, calls(), vars) {
			g.Imports[pkg.PkgPath] = []string{"hark_http"}
		}
	}
	files, err := Files(p, "hark_event", "hark_http")
	maps.Copy(g.Files, files)
	return err
}

// refuse finds what a server cannot have.
func refuse(p *load.Program) error {
	var errs diag.List
	for _, pkg := range p.Own() {
		for id, o := range pkg.TypesInfo.Uses {
			if r, ok := refused[load.NameOf(o)]; ok {
				errs.Add(diag.Diagnostic{Pos: pkg.Fset.Position(id.Pos()), What: load.NameOf(o) + " cannot be compiled", Why: r.why, Do: r.do})
			}
		}
	}
	return errs.Err()
}

// Files are the files of packages of glue, for the module of p.
func Files(p *load.Program, dirs ...string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, dir := range dirs {
		entries, err := fs.ReadDir(source, dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), "_test.go") {
				continue
			}
			text, err := fs.ReadFile(source, path.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			if p.Module != nil { // else load refuses
				text = bytes.ReplaceAll(text, []byte(`"`+here), []byte(`"`+p.Module.Path+"/"))
			}
			files[path.Join(dir, e.Name())] = text
		}
	}
	return files, nil
}
