// This file defines where runs are: in a state directory here, in the local cloud, or in an AWS account.

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"

	localcloud "github.com/harkgen/harkgen/deploygen/local"
	"github.com/harkgen/harkgen/internal/deployed"
	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
)

// A target is where runs are.
type target interface {
	// Invoke starts a run of an entry, or sends it an event, and prints what comes of it.
	Invoke(ctx context.Context, entry string, payload []byte, async bool) error
	// Runs returns all runs, oldest first, with the numbers of processes of those that may have several, and an error about those that cannot be read.
	Runs(ctx context.Context) ([]store.Run, processCounts, error)
	Resume(ctx context.Context, id string) error
	Cancel(ctx context.Context, id string) error
	Inspect(ctx context.Context, f *inspectFlags, id string, how local.InspectOptions) error
	// Logs prints what is kept of what a run wrote.
	Logs(ctx context.Context, id string, f *logsFlags) error
	DeadLetters(ctx context.Context) ([]deployed.DeadLetter, error)
	// Replay sends dead letters, or all, to where they came from.
	Replay(ctx context.Context, ids []string) ([]deployed.DeadLetter, error)
	// Pinned says what becomes of a run when its program is another.
	Pinned(r *store.Run) string
	Close() error
}

// targetFlags say which target.
type targetFlags struct {
	name   string // local, cloud, aws or aws:STACK
	output string // the output module
	state  string // of local

	run *runFlags // of resume
}

const (
	defaultOutput = "harkout"
	targetLocal   = "local"
)

func (f *targetFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.name, "target", targetLocal, "`WHERE` runs are: local, in the state directory, cloud, in the local cloud that harkgen cloud has started, or aws:STACK, in a stack of the AWS account of the environment; aws is the stack in the compiled module's samconfig.toml")
	if cmd.Flags().Lookup("state") == nil {
		cmd.Flags().StringVar(&f.state, "state", defaultState, "with -target local, runs are in `DIR`")
	}
	if cmd.Flags().Lookup("output") == nil {
		cmd.Flags().StringVarP(&f.output, "output", "o", defaultOutput, "the compiled module is in `DIR`")
	}
}

func (f *targetFlags) check(cmd *cobra.Command) error {
	kind, stack, named := strings.Cut(f.name, ":")
	switch {
	case (kind == targetLocal || kind == "cloud") && !named, kind == "aws" && (!named || stack != ""):
	default:
		return &usageError{cmd, "-target is local, cloud, aws or aws:STACK"}
	}
	if f.name != targetLocal && cmd.Flags().Changed("state") {
		return &usageError{cmd, "-state is for -target local"}
	}
	return nil
}

// open opens the target.
func (a *app) open(ctx context.Context, f *targetFlags) (target, error) {
	if f.name == targetLocal {
		return &embedded{app: a, state: f.state, output: f.output, flags: f.run}, nil
	}
	d, err := openDeployed(ctx, f)
	if err != nil {
		return nil, err
	}
	return &remote{a, d}, nil
}

func openDeployed(ctx context.Context, f *targetFlags) (*deployed.Deployment, error) {
	if _, stack, named := strings.Cut(f.name, ":"); named {
		return deployed.OpenStack(ctx, stack)
	}
	if f.name == "aws" {
		stack, err := notedStack(f.output)
		if err != nil {
			return nil, err
		}
		return deployed.OpenStack(ctx, stack)
	}
	c, err := localcloud.Find(f.output)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no local cloud runs what is in %s; start it with harkgen cloud, or say with -o where the compiled module is", f.output)
	}
	if err != nil {
		return nil, err
	}
	return deployed.OpenCloud(ctx, &c.Cloud)
}

// notedStack is the stack that sam deploy deploys to.
func notedStack(dir string) (string, error) {
	name := filepath.Join(dir, "samconfig.toml")
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s does not exist: run harkgen first, say with -o where the compiled module is, or name the stack: -target aws:STACK", name)
	}
	if err != nil {
		return "", err
	}
	type parameters struct {
		Parameters struct {
			Stack string `toml:"stack_name"`
		} `toml:"parameters"`
	}
	var config struct {
		Default struct{ Deploy, Global parameters }
	}
	if err := toml.Unmarshal(data, &config); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	for _, p := range []parameters{config.Default.Deploy, config.Default.Global} {
		if p.Parameters.Stack != "" {
			return p.Parameters.Stack, nil
		}
	}
	return "", fmt.Errorf("%s names no stack; name it: -target aws:STACK", name)
}

// on runs f with the target.
func (a *app) on(ctx context.Context, f *targetFlags, do func(target) error) error {
	t, err := a.open(ctx, f)
	if err != nil {
		return err
	}
	return errors.Join(do(t), t.Close())
}
