// This file defines the command that tells what a change of the source changes in the deployment.

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/transform"
)

func (a *app) diffCommand() *cobra.Command {
	out := defaultOutput
	var src sourceFlags
	var t targetFlags
	cmd := &cobra.Command{
		Use:   "diff [-o DIR] [-placement WHERE] [-target WHERE] [packages]",
		Short: "Tell what a change of the source changes in the deployment",
		Long: `Diff compares the source with what was compiled into DIR: which functions, queues and other resources
come (+), go (-) or change (~), which programs get a new version, and which runs that have not ended they concern.
Nothing is written.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(src.check(cmd), t.check(cmd)); err != nil {
				return err
			}
			t.output = out
			return a.diff(cmd.Context(), out, &src, &t, args)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", out, "compare with the compiled module in `DIR`")
	src.addPlacement(cmd)
	t.add(cmd)
	return cmd
}

func (a *app) diff(ctx context.Context, out string, src *sourceFlags, t *targetFlags, patterns []string) error {
	abs, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	before, err := readPlan(abs)
	if err != nil {
		return err
	}
	res, err := a.compile(ctx, &transform.Options{Patterns: patterns, Out: abs, Lambda: true, Placement: src.placement})
	if err != nil {
		return err
	}
	now, err := planOf(res)
	if err != nil {
		return err
	}
	changes := plan.Diff(before, now)
	newer, err := newVersions(ctx, abs, before, now, res)
	if err != nil {
		return err
	}
	for _, name := range newer {
		changes = append(changes, plan.Change{Kind: plan.Changed, Entry: name, What: "a new version of the program"})
	}
	for _, c := range changes {
		fmt.Fprintln(a.stdout, c)
	}
	if len(changes) == 0 {
		fmt.Fprintln(a.stdout, "nothing changes")
		return nil
	}
	return a.touched(ctx, t, goneOrNewer(before, now, newer))
}

// readPlan returns the plan of the compiled module in a directory.
func readPlan(dir string) (*plan.Plan, error) {
	data, err := os.ReadFile(filepath.Join(dir, plan.FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no %s: nothing was compiled into it yet; run harkgen first, or say with -o where it is", dir, plan.FileName)
	}
	if err != nil {
		return nil, err
	}
	p, err := plan.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return p, nil
}

// planOf returns the plan among the files that were compiled.
func planOf(res *transform.Result) (*plan.Plan, error) {
	for _, f := range res.Files {
		if f.Path == plan.FileName {
			return plan.Decode(f.Data)
		}
	}
	return nil, errors.New("bug: the compiled module has no plan")
}

// newVersions names the entries of both plans whose program differs: a file has changed of a package that it is built of. A
// package that is new to a program is imported by one that has changed.
func newVersions(ctx context.Context, dir string, before, now *plan.Plan, res *transform.Result) ([]string, error) {
	dirty, err := changedDirs(dir, res)
	if err != nil || len(dirty) == 0 {
		return nil, err
	}
	var names []string
	for i := range before.Entries {
		e := &before.Entries[i]
		if entryNamed(now, e.Name) == nil {
			continue
		}
		dirs, err := packageDirs(ctx, dir, before.HandlerTags(e), e.Target)
		if err != nil {
			return nil, err
		}
		for _, d := range dirs {
			if dirty[d] {
				names = append(names, e.Name)
				break
			}
		}
	}
	return names, nil
}

func entryNamed(p *plan.Plan, name string) *plan.Entry {
	for i := range p.Entries {
		if p.Entries[i].Name == name {
			return &p.Entries[i]
		}
	}
	return nil
}

// changedDirs are the directories with files that the result would write, change or remove.
func changedDirs(dir string, res *transform.Result) (map[string]bool, error) {
	old, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	gone := map[string]bool{}
	for _, name := range old {
		gone[name] = true
	}
	dirty := map[string]bool{}
	for _, f := range res.Files {
		delete(gone, f.Path)
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if data, err := os.ReadFile(name); err != nil || !bytes.Equal(data, f.Data) {
			dirty[filepath.Dir(name)] = true
		}
	}
	for name := range gone {
		dirty[filepath.Dir(filepath.Join(dir, filepath.FromSlash(name)))] = true
	}
	return dirty, nil
}

// packageDirs are the directories of the packages that a handler is built of.
func packageDirs(ctx context.Context, dir, tags, target string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-mod=vendor", "-deps", "-tags", tags, "-f", "{{if not .Standard}}{{.Dir}}{{end}}", target)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PWD="+dir, "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the compiled module in %s is damaged; run harkgen again: %w\n%s", dir, err, stderr.String())
	}
	return strings.Fields(string(text)), nil
}

// goneOrNewer are the entries of before whose runs do not fit the programs of now.
func goneOrNewer(before, now *plan.Plan, newer []string) map[string]*plan.Entry {
	m := map[string]*plan.Entry{}
	for i := range before.Entries {
		e := &before.Entries[i]
		if entryNamed(now, e.Name) == nil {
			m[e.Name] = e
		}
	}
	for _, name := range newer {
		m[name] = entryNamed(before, name)
	}
	return m
}

// touched tells of the runs of these entries that have not ended.
func (a *app) touched(ctx context.Context, f *targetFlags, entries map[string]*plan.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return a.on(ctx, f, func(t target) error {
		runs, _, err := t.Runs(ctx)
		for i := range runs {
			r := &runs[i]
			if e := entryOf(entries, r); e != nil && !r.Ended() {
				fmt.Fprintf(a.stdout, "! %s: run %s (%s) %s\n", e.Name, r.ID, r.State, t.Pinned(r))
			}
		}
		return err
	})
}

// entryOf returns the entry of a run, by its name, as handlers record it, or its package.
func entryOf(entries map[string]*plan.Entry, r *store.Run) *plan.Entry {
	for _, e := range entries {
		if r.Program.Package == e.Name || r.Program.Package == e.Package {
			return e
		}
	}
	return nil
}
