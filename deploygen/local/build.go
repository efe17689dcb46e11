package local

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// build makes the bootstraps of all entries, for this machine, and returns their names by entry.
func (c *Cloud) build(ctx context.Context, p *plan.Plan) (map[string]string, error) {
	exes := map[string]string{}
	for i := range p.Entries {
		e := &p.Entries[i]
		exe := filepath.Join(c.state("build"), e.FunctionID())
		if err := os.MkdirAll(filepath.Dir(exe), 0o700); err != nil {
			return nil, err
		}
		build := c.o.Build
		if build == nil {
			build = func(ctx context.Context, e *plan.Entry, exe string) error {
				return c.goBuild(ctx, p, e, exe)
			}
		}
		if err := build(ctx, e, exe); err != nil {
			return nil, err
		}
		exes[e.Name] = exe
	}
	return exes, nil
}

// goBuild does what the Makefile's target of the function does, for this system and architecture.
func (c *Cloud) goBuild(ctx context.Context, p *plan.Plan, e *plan.Entry, exe string) error {
	cmd := exec.CommandContext(ctx, "go", p.GoBuild(e, exe)...)
	cmd.Dir = c.o.Dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "PWD="+c.o.Dir)
	out, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("the handler of %s does not build: %w\n%s", e.Name, err, bytes.TrimSpace(out))
	}
	return nil
}
