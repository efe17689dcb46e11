package transform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
	"golang.org/x/tools/go/packages"

	"github.com/harkgen/harkgen"
	"github.com/harkgen/harkgen/analyzer/entry"
	"github.com/harkgen/harkgen/deploygen"
	"github.com/harkgen/harkgen/transform/emit"
	"github.com/harkgen/harkgen/transform/load"
)

// This file adds what a deployment needs: handlers, template, Makefile, and the modules that the Lambda host is made of.

// A hostPackage is a package that the Lambda host needs, as `go list` describes it.
type hostPackage struct {
	ImportPath string
	Dir        string
	Standard   bool
	EmbedFiles []string
	Module     *packages.Module
}

// hostTargets are where handlers are built for: Lambda, and the machines that run the local cloud. They do not depend on this machine, so that the output does not.
var hostTargets = [][2]string{{"linux", "arm64"}, {"linux", "amd64"}, {"darwin", "arm64"}}

// hostPackages lists the packages of the Lambda host as it is built with tags. They are found in the module cache, at versions that also satisfy
// the user's requirements.
func hostPackages(ctx context.Context, mods map[string]*vendored, tags string) (list []hostPackage, err error) {
	tmp, err := os.MkdirTemp("", "harkgen-host-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	if err := hostModule(tmp, mods); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, target := range hostTargets {
		ps, err := hostPackagesFor(ctx, tmp, tags, target[0], target[1])
		if err != nil {
			return nil, err
		}
		for _, p := range ps {
			if !p.Standard && !seen[p.ImportPath] {
				seen[p.ImportPath] = true
				list = append(list, p)
			}
		}
	}
	return list, nil
}

func hostPackagesFor(ctx context.Context, dir, tags, goos, goarch string) (list []hostPackage, err error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-mod=mod", "-deps", "-tags", tags,
		"-json=ImportPath,Dir,Standard,EmbedFiles,Module", "./rt/lambdahost")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PWD="+dir, "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("finding the modules of the Lambda host: %w\n%s", err, stderr.String())
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p hostPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
}

// hostModules are the modules that the Lambda host is made of.
func (o *Options) hostModules(ctx context.Context, prog *load.Program) (map[string]bool, error) {
	mods := map[string]*vendored{}
	if _, err := goMod(prog, modulePath(prog), mods); err != nil {
		return nil, err
	}
	var err error
	if o.host, err = hostPackages(ctx, mods, o.plan.tags); err != nil {
		return nil, err
	}
	modules := map[string]bool{}
	for _, p := range o.host {
		modules[p.Module.Path] = true
	}
	return modules, nil
}

// hostModule writes harkgen's own rt and requirements, raised to the user's, into dir.
func hostModule(dir string, mods map[string]*vendored) error {
	mod, err := modfile.Parse("go.mod", harkgen.GoMod, nil)
	if err != nil {
		return err
	}
	for _, r := range mod.Require {
		if u := mods[r.Mod.Path]; u != nil && semver.Compare(u.version, r.Mod.Version) > 0 {
			if err := mod.AddRequire(r.Mod.Path, u.version); err != nil {
				return err
			}
		}
	}
	data, err := mod.Format()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), data, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), harkgen.GoSum, 0o600); err != nil {
		return err
	}
	return fs.WalkDir(harkgen.RT, "rt", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "testdata" {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(dir, filepath.FromSlash(name)), 0o700)
		}
		if strings.HasSuffix(name, "_test.go") {
			return nil
		}
		data, err := fs.ReadFile(harkgen.RT, name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), data, 0o600)
	})
}

// handlers are the files with func main of each entry's handler.
func handlers(o *Options, res *Result) (files []emit.File, err error) {
	for n := range res.Plan.Entries {
		e := &res.Plan.Entries[n]
		i := slices.IndexFunc(o.found.Points, func(p *entry.Point) bool { return p.Name == e.Name })
		tags := constraint(o.found, o.found.Points[i])
		text, err := deploygen.LambdaMain(emit.RTPath, e, tags, "&hark_program{}")
		if err != nil {
			return nil, err
		}
		name := "hark_lambda.go"
		if tags != "" {
			name = "hark_" + e.Name + "_lambda.go" // not at the end, where the go command reads names
		}
		files = append(files, emit.File{Path: path.Join(e.Target, name), Data: text})
	}
	return files, nil
}

// lambdaFiles makes the handlers and the deployment, and vendors what the host needs. It returns the packages of rt to copy, and
// the directories of modules whose version it had to raise.
func lambdaFiles(ctx context.Context, o *Options, res *Result, mods map[string]*vendored) (files []emit.File, rt []string, raised map[string]string, err error) {
	if files, err = handlers(o, res); err != nil {
		return nil, nil, nil, err
	}
	made, err := deploygen.Files(res.Plan)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, f := range made {
		files = append(files, emit.File{Path: f.Path, Data: f.Data})
	}
	if o.host == nil {
		if o.host, err = hostPackages(ctx, mods, o.plan.tags); err != nil {
			return nil, nil, nil, err
		}
	}
	raised = map[string]string{}
	for _, p := range o.host {
		if own, ok := strings.CutPrefix(p.ImportPath, rtImport); ok {
			rt = append(rt, path.Join(".", strings.TrimPrefix(own, "/")))
			continue
		}
		m := mods[p.Module.Path]
		if m == nil {
			m = &vendored{path: p.Module.Path, explicit: true}
			mods[m.path] = m
		} else if m.version != p.Module.Version {
			raised[m.path] = p.Module.Dir
		}
		m.version, m.goVersion = p.Module.Version, p.Module.GoVersion
		m.add(p.ImportPath)
		var embeds []string
		for _, e := range p.EmbedFiles {
			embeds = append(embeds, filepath.Join(p.Dir, e))
		}
		copied, err := copyDir(p.Dir, path.Join("vendor", p.ImportPath), embeds)
		if err != nil {
			return nil, nil, nil, err
		}
		files = append(files, copied...)
	}
	return files, rt, raised, nil
}
