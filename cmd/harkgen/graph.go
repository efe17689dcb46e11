// This file defines the command that draws the program.

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/harkgen/harkgen/transform"
)

// What harkgen graph writes.
const (
	formatSVG     = "svg"
	formatMermaid = "mermaid"
)

func (a *app) graphCommand() *cobra.Command {
	var src sourceFlags
	var out, format string
	cmd := &cobra.Command{
		Use:   "graph [-o FILE] [-format FORMAT] [-placement WHERE] [packages]",
		Short: "Draw the program",
		Long: `Graph draws the named packages (default ./...), as SVG or as a Mermaid flowchart: the entry points and what starts them, their
processes and the goroutines in these, the processes that remote go statements start, and what they use: channels, with who
sends and who receives; locks and WaitGroups that several share; sleeps, timers and deadlines; calls of services outside.
What the compiler cannot tell is drawn as unknown. Docs/explain.md has an example.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := src.check(cmd); err != nil {
				return err
			}
			if !cmd.Flags().Changed("format") && (filepath.Ext(out) == ".mmd" || filepath.Ext(out) == ".mermaid") {
				format = formatMermaid
			}
			if format != formatSVG && format != formatMermaid {
				return &usageError{cmd, "-format is svg or mermaid"}
			}
			return a.graph(cmd.Context(), args, &src, out, format)
		},
	}
	src.addPlacement(cmd)
	cmd.Flags().StringVarP(&out, "output", "o", "", "write `FILE` instead of standard output; one that ends in .mmd or .mermaid is Mermaid")
	cmd.Flags().StringVar(&format, "format", formatSVG, "`FORMAT` of the picture: svg or mermaid")
	return cmd
}

func (a *app) graph(ctx context.Context, patterns []string, src *sourceFlags, out, format string) error {
	res, err := a.compile(ctx, &transform.Options{Patterns: patterns, Placement: src.placement, Lambda: true, Graph: true})
	if err != nil {
		return err
	}
	var b bytes.Buffer
	write := res.Graph.SVG
	if format == formatMermaid {
		write = res.Graph.Mermaid
	}
	if err := write(&b); err != nil {
		return err
	}
	if out != "" {
		return os.WriteFile(out, b.Bytes(), 0o666)
	}
	_, err = a.stdout.Write(b.Bytes())
	return err
}
