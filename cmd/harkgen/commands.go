// This file defines the commands that do one thing with a target: invoke, cancel, logs, dead.

package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/harkgen/harkgen/internal/deployed"
)

func (a *app) invokeCommand() *cobra.Command {
	var t targetFlags
	var async bool
	cmd := &cobra.Command{
		Use:   "invoke [-target WHERE] [-o DIR] [-async] ENTRY [JSON]",
		Short: "Start a run of an entry point, or send it an event",
		Long: `Invoke starts a run of an entry point as it is named in plan.json. A main is started with
{"args": ["..."], "input": "..."}, both optional; any other entry point gets the JSON as its event. - instead of the JSON reads it from standard input.

With -target local it runs here, as with harkgen run. In the cloud it prints the answer of the function or, with -async, at once
the id of the request, which is that of the run.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{cmd, "no entry point to invoke"}
			}
			return exactArgs(min(len(args), 2), "")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := t.check(cmd); err != nil {
				return err
			}
			payload, err := a.payloadOf(args[1:])
			if err != nil {
				return err
			}
			return a.on(cmd.Context(), &t, func(t target) error { return t.Invoke(cmd.Context(), args[0], payload, async) })
		},
	}
	t.add(cmd)
	cmd.Flags().BoolVar(&async, "async", false, "do not wait for the answer")
	return cmd
}

func (a *app) cancelCommand() *cobra.Command {
	var t targetFlags
	cmd := &cobra.Command{
		Use:   "cancel [-target WHERE] [-state DIR] RUN",
		Short: "End a run for good",
		Long:  "Cancel ends a run that has not ended, as if it had been killed, and deletes its state.",
		Args:  exactArgs(1, "no run to cancel; harkgen ps lists them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := t.check(cmd); err != nil {
				return err
			}
			return a.on(cmd.Context(), &t, func(t target) error { return t.Cancel(cmd.Context(), args[0]) })
		},
	}
	t.add(cmd)
	return cmd
}

// logsFlags say what harkgen logs prints.
type logsFlags struct{ json, follow bool }

func (a *app) logsCommand() *cobra.Command {
	var t targetFlags
	var f logsFlags
	cmd := &cobra.Command{
		Use:   "logs [-target WHERE] [-state DIR] [-json] [-f] RUN",
		Short: "Print what a run has written",
		Long: `Logs prints what a run in the cloud has written, in the order in which all its processes have, each line once: to standard
output what the program wrote there, to standard error the rest, with what harkgen has to say about the run. Of a run in a state
directory, whose output is shown as it goes on, only what it wrote in its last step is kept.`,
		Args: exactArgs(1, "no run whose logs are to be printed; harkgen ps lists them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := t.check(cmd); err != nil {
				return err
			}
			return a.on(cmd.Context(), &t, func(t target) error { return t.Logs(cmd.Context(), args[0], &f) })
		},
	}
	t.add(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print the lines of the log, as docs/observability.md describes them")
	cmd.Flags().BoolVarP(&f.follow, "follow", "f", false, "wait for more, until the run has ended")
	return cmd
}

func (a *app) deadCommand() *cobra.Command {
	var t targetFlags
	var replay, asJSON bool
	cmd := &cobra.Command{
		Use:   "dead -target WHERE [-json] [-replay [ID...]]",
		Short: "List dead letters, or replay them",
		Long: `Dead lists the wake-ups, messages and events that were refused too often. With -replay those with the given ids, or all, are sent
again to where they came from.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := t.check(cmd); err != nil {
				return err
			}
			if len(args) > 0 && !replay {
				return &usageError{cmd, "unexpected argument " + args[0]}
			}
			return a.on(cmd.Context(), &t, func(t target) error { return a.dead(cmd, t, replay, asJSON, args) })
		},
	}
	t.add(cmd)
	cmd.Flags().BoolVar(&replay, "replay", false, "send them again")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) dead(cmd *cobra.Command, t target, replay, asJSON bool, ids []string) error {
	var list []deployed.DeadLetter
	var err error
	if replay {
		list, err = t.Replay(cmd.Context(), ids)
	} else {
		list, err = t.DeadLetters(cmd.Context())
	}
	switch {
	case asJSON:
		if list == nil {
			list = []deployed.DeadLetter{}
		}
		err = errors.Join(writeJSON(a.stdout, list), err)
	case len(list) > 0:
		err = errors.Join(a.deadTable(list), err)
	}
	return err
}

func (a *app) deadTable(list []deployed.DeadLetter) error {
	const most = 100 // bytes of a body
	w := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tENTRY\tKIND\tAGE\tWHAT")
	for _, l := range list {
		what := strings.Join(strings.Fields(l.Body), " ")
		if len(what) > most {
			what = what[:most] + "..."
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", l.ID, l.Entry, l.Kind, age(time.Since(l.Sent)), cmp.Or(runText(l.Run), what))
	}
	return w.Flush()
}

func runText(id string) string {
	if id == "" {
		return ""
	}
	return "run " + id
}
