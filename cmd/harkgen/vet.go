// This file defines the command that runs the checks.

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/harkgen/harkgen/analyzer/driver"
)

func (a *app) vetCommand() *cobra.Command {
	var asJSON, fix bool
	cmd := &cobra.Command{
		Use:   "vet [-json] [-fix] [packages]",
		Short: "Tell what will happen to a program, before it runs",
		Long: `Vet runs the checks of harkvet over the named packages (default ./...): what cannot be compiled, what cannot be saved, and what
will not be as it seems. The exit status is 1 if there is an error or a warning. The comment //hark:ok CHECK acknowledges what
a check finds on its line or the next. With -json it prints the shape of go vet -json, with severities.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.vet(cmd.Context(), args, asJSON, fix)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON to standard output")
	cmd.Flags().BoolVar(&fix, "fix", false, "apply the first suggested fix of each finding")
	return cmd
}

func (a *app) vet(ctx context.Context, patterns []string, asJSON, fix bool) error {
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	res, err := driver.Run(ctx, "", patterns)
	if err != nil {
		return err
	}
	if res.Bad() {
		a.status = 1
	}
	if fix {
		if err := applyFixes(res); err != nil {
			return err
		}
	}
	if asJSON {
		return res.JSON(a.stdout)
	}
	for _, f := range res.Findings {
		fmt.Fprintf(a.stderr, "%s: %s\n", relative(res.Fset.Position(f.Pos)), f.Message)
	}
	return nil
}

func applyFixes(res *driver.Result) error {
	files, err := res.Fixed()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(name, files[name], 0o666); err != nil {
			return err
		}
	}
	return nil
}
