// Package glue holds ordinary Go that is compiled along with programs that need it, and says which do; package load adds it.
//
//	hark_event   events from outside, and their answers
//	hark_http    the server side of net/http
package glue

import (
	"bytes"
	"embed"
	"io/fs"
	"path"
	"strings"

	"github.com/harkgen/harkgen/transform/load"
)

//go:embed hark_event/*.go hark_http/*.go
var source embed.FS

// here is how packages of glue import one another in this repository.
const here = "github.com/harkgen/harkgen/transform/glue/"

// Add says what of the packages here a program needs. It is a load.Adder.
func Add(p *load.Program) (*load.Glue, error) {
	imports := map[string][]string{}
	for _, pkg := range p.Own() {
		if load.Mentions(pkg, serve) {
			for _, pkg := range p.Own() {
				if load.Mentions(pkg, calls(), vars) {
					imports[pkg.PkgPath] = []string{"hark_http"}
				}
			}
			break
		}
	}
	if len(imports) == 0 {
		return nil, nil
	}
	files, err := Files(p, "hark_event", "hark_http")
	return &load.Glue{Files: files, Imports: imports, Calls: calls(), Vars: vars, Unbound: unbound}, err
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
