package main

// This file makes a large module, and measures its compilation.

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed bulk
var bulkFiles embed.FS

var bulkTemplates = template.Must(template.ParseFS(bulkFiles, "bulk/*.tmpl"))

const (
	bulkPackages = 49
	bulkUnits    = 8 // files of a package; the last two are coloured
)

// writeBulk writes a module of about 50,000 lines: a program that calls one function of each of many packages, of
// which some call one another. A fifth of the text is coloured.
func writeBulk(dir, module string) error {
	var calls, imports []string
	for p := range bulkPackages {
		pkg := bulkPackage(p)
		imports = append(imports, module+"/"+pkg)
		calls = append(calls, fmt.Sprintf("%s.Sum%d", pkg, bulkUnits-1))
		for n := range bulkUnits {
			kind, unit := "plain.tmpl", map[string]string{"Package": pkg, "N": fmt.Sprint(n)}
			if n >= bulkUnits-2 {
				kind, unit["Call"] = "coloured.tmpl", fmt.Sprintf("Total%d(text)", n-2)
			}
			if n == bulkUnits-1 && p > 0 {
				other := bulkPackage(p / 2)
				unit["Import"] = module + "/" + other
				unit["Call"] = fmt.Sprintf("%s.Total%d(text) + %[1]s.Sum%[3]d(nil)", other, n-3, n-1)
			}
			if err := writeTemplate(filepath.Join(dir, pkg, fmt.Sprintf("unit%d.go", n)), kind, unit); err != nil {
				return err
			}
		}
	}
	if err := writeTemplate(filepath.Join(dir, "main.go"), "main.tmpl", map[string]any{"Imports": imports, "Calls": calls}); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+module+"\n\ngo 1.26\n"), 0o644)
}

func bulkPackage(p int) string { return fmt.Sprintf("accounts%02d", p) }

func writeTemplate(file, name string, data any) error {
	var b strings.Builder
	if err := bulkTemplates.ExecuteTemplate(&b, name, data); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

// bulkModule writes the module anew. Its path and place are new, so the build cache has nothing of it; what it imports
// is there from an earlier build.
func (b *bench) bulkModule() (dir string, env []string, err error) {
	env = []string{"GOWORK=off", "GOFLAGS=", "GOCACHE=" + filepath.Join(b.tmp, "gocache")}
	if !b.bulk {
		b.bulk = true
		if err := b.warm(env); err != nil {
			return "", nil, err
		}
	}
	dir = b.dir()
	env = append(env, "XDG_CACHE_HOME="+filepath.Join(dir, "cache"))
	return dir, env, writeBulk(dir, "example.com/bulk"+filepath.Base(dir))
}

// warm fills the build cache with the packages that every module shares.
func (b *bench) warm(env []string) error {
	dir := b.dir()
	env = append(env, "XDG_CACHE_HOME="+filepath.Join(dir, "cache"))
	if err := writeBulk(dir, "example.com/bulk"); err != nil {
		return err
	}
	if _, err := execIn(dir, env, "go", "build", "-o", filepath.Join(dir, "bulk"), "."); err != nil {
		return err
	}
	_, err := execIn(dir, env, b.harkgen, "run", ".")
	return err
}

func (b *bench) bulkGoBuild() (float64, error) {
	dir, env, err := b.bulkModule()
	if err != nil {
		return 0, err
	}
	return b.timed(dir, env, "go", "build", "-o", filepath.Join(dir, "bulk"), ".")
}

func (b *bench) bulkCompile() (float64, error) {
	dir, env, err := b.bulkModule()
	if err != nil {
		return 0, err
	}
	return b.timed(dir, env, b.harkgen, "-o", filepath.Join(dir, "out"), ".")
}

func (b *bench) bulkRun() (float64, error) {
	dir, env, err := b.bulkModule()
	if err != nil {
		return 0, err
	}
	return b.timed(dir, env, b.harkgen, "run", ".")
}

// bulkAgain runs the module for the second time.
func (b *bench) bulkAgain() (float64, error) {
	dir, env, err := b.bulkModule()
	if err != nil {
		return 0, err
	}
	if _, err := execIn(dir, env, b.harkgen, "run", "."); err != nil {
		return 0, err
	}
	return b.timed(dir, env, b.harkgen, "run", ".")
}
