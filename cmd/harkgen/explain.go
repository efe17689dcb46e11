// This file defines the command that tells what the compiler decided.

package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/harkgen/harkgen/transform"
)

func (a *app) explainCommand() *cobra.Command {
	var asJSON bool
	var src sourceFlags
	cmd := &cobra.Command{
		Use:   "explain [-json] [-placement WHERE] [FUNCTION|FILE:LINE] [packages]",
		Short: "Tell what the compiler decides, and why",
		Long: `Explain tells what the compiler decides about the named packages (default ./...), a line each:

  which functions are entry points, what starts them, and why;
  which package variables are state, saved and restored, and which are rebuilt by their
  initialisers in each process;
  which functions may suspend, by which calls;
  which go statements start goroutines in processes of their own; with -placement auto, what
  keeps the others: which variable, where it is used, and what would free them;
  which calls pin a goroutine, so that the process cannot be saved before they return;
  what will not be as it seems when the program is saved.

A function, as main.work, shop.T.m or example.com/shop.(*T).m, or a place, as main.go:12, which stands for the
smallest function around it, is explained alone, and in full: by which calls it may suspend; which entry points
reach it; at each of its suspensions what its frame holds, with sizes in bytes, what of that cannot be saved, and
what it costs on AWS; and where the goroutines of its go statements run, why, and what they cost.
Docs/explain.md has examples.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := src.check(cmd); err != nil {
				return err
			}
			if len(args) > 0 {
				if patterns := aboutPatterns(args); patterns != nil {
					return a.about(cmd.Context(), args[0], patterns, &src, asJSON)
				}
			}
			return a.explain(cmd.Context(), args, &src, asJSON)
		},
	}
	src.addPlacement(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) explain(ctx context.Context, patterns []string, src *sourceFlags, asJSON bool) error {
	res, err := a.compile(ctx, &transform.Options{Patterns: patterns, Placement: src.placement})
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(a.stdout, notesOf(res.Notes))
	}
	for _, n := range res.Notes {
		fmt.Fprintln(a.stdout, sourceError(n.Diagnostic))
	}
	return nil
}

// A note is a transform.Note as -json prints it.
type note struct {
	Kind     string `json:"kind"` // entry, variable, function, go, pin, warning
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Name     string `json:"name"`
	Decision string `json:"decision,omitempty"` // of an entry main, lambda, server, func; state, rebuilt, suspends, local, remote, pins
	What     string `json:"what"`
	Why      string `json:"why,omitempty"`
	Do       string `json:"do,omitempty"`
	Chain    []link `json:"chain,omitempty"`
}

type link struct {
	What string `json:"what"`
	Pos  string `json:"position"`
}

func noteOf(n transform.Note) note {
	at := relative(n.Pos)
	return note{
		Kind: n.Kind, File: at.Filename, Line: at.Line, Column: at.Column, Name: n.Name, Decision: n.Decision,
		What: n.What, Why: n.Why, Do: n.Do, Chain: linksOf(n.Chain),
	}
}

func linksOf(chain []transform.Link) (out []link) {
	for _, l := range chain {
		out = append(out, link(l))
	}
	return out
}

func notesOf(notes []transform.Note) []note {
	out := []note{}
	for _, n := range notes {
		out = append(out, noteOf(n))
	}
	return out
}

// placed prints what is wrong with the placement of goroutines, and, if the user wants to know, which stay.
func (a *app) placed(res *transform.Result, src *sourceFlags) {
	for _, n := range res.Notes {
		wrong := n.Kind == transform.NoteWarning && n.Decision == transform.PlacementRemote
		stays := n.Kind == transform.NoteGo && n.Decision == transform.PlacementLocal && src.verbose && src.placement == transform.PlacementAuto
		if wrong || stays {
			fmt.Fprintln(a.stderr, sourceError(n.Diagnostic))
		}
	}
}

// warn prints what the compiler warns of.
func (a *app) warn(res *transform.Result) {
	for _, d := range transform.Warnings(res.Notes) {
		fmt.Fprintln(a.stderr, sourceError(d))
	}
}
