// This file makes flags look and behave like those of the go command: -state DIR, not --state DIR.

package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/transform"
)

// sourceFlags say how a program is compiled. They are part of its identity.
type sourceFlags struct {
	all       bool
	placement string
	verbose   bool // tell which goroutines stay where their go statements are; not part of the identity
}

func (f *sourceFlags) addAll(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.all, "all", false, "transform every function, also those that can never be suspended, to test the compiler")
}

func (f *sourceFlags) addPlacement(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.placement, "placement", transform.PlacementLocal, "`WHERE` goroutines run whose go statement has no comment //hark:go: local, in its process, remote, in processes of their own, or auto, there if that is proved to change nothing")
}

func (f *sourceFlags) check(cmd *cobra.Command) error {
	switch f.placement {
	case transform.PlacementLocal, transform.PlacementAuto, transform.PlacementRemote:
		return nil
	}
	return &usageError{cmd, "-placement is local, auto or remote"}
}

// key is f as part of the name of what is compiled.
func (f *sourceFlags) key() string {
	key := fmt.Sprint(f.all)
	if f.placement != transform.PlacementLocal {
		key += "\x00" + f.placement
	}
	return key
}

// sourceOf are the flags that a run was compiled with.
func sourceOf(p *store.Program) *sourceFlags {
	return &sourceFlags{all: p.All, placement: cmp.Or(p.Placement, transform.PlacementLocal)}
}

// normalize gives a second dash to the long flags of harkgen's own. What comes after the package of a
// command that does not intersperse flags and arguments belongs to the program, and is left alone.
func normalize(root *cobra.Command, args []string) []string {
	out := make([]string, 0, len(args))
	cmd := root
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(out, args[i:]...)
		}
		if len(arg) < 2 || arg[0] != '-' {
			out = append(out, arg)
			if sub := subcommand(cmd, arg); sub != nil {
				cmd = sub
			} else if !interspersed(cmd) {
				return append(out, args[i+1:]...)
			}
			continue
		}
		name, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if len(name) > 1 && !strings.HasPrefix(arg, "--") {
			arg = "-" + arg
		}
		out = append(out, arg)
		if f := lookup(cmd, name); f != nil && f.NoOptDefVal == "" && !hasValue && i+1 < len(args) {
			i++
			out = append(out, args[i])
		}
	}
	return out
}

func subcommand(cmd *cobra.Command, name string) *cobra.Command {
	for _, sub := range cmd.Commands() {
		if sub.Name() == name {
			return sub
		}
	}
	return nil
}

// interspersed reports whether the command has flags after arguments; pflag does not tell.
func interspersed(cmd *cobra.Command) bool { return cmd.Annotations["program"] == "" }

func lookup(cmd *cobra.Command, name string) *pflag.Flag {
	if len(name) == 1 {
		return cmd.Flags().ShorthandLookup(name)
	}
	return cmd.Flags().Lookup(name)
}

// flagError says what pflag says, in the go command's words where it has some.
func flagError(err error) string {
	msg := err.Error()
	if name, ok := strings.CutPrefix(msg, "unknown flag: --"); ok {
		return "flag provided but not defined: -" + name
	}
	if rest, ok := strings.CutPrefix(msg, "unknown shorthand flag: "); ok {
		if _, arg, ok := strings.Cut(rest, " in "); ok {
			return "flag provided but not defined: " + arg
		}
	}
	return strings.ReplaceAll(msg, "--", "-")
}

// usageText is the usage of a command with its flags and, for the root, its commands.
func usageText(cmd *cobra.Command) string {
	var b strings.Builder
	line := cmd.Use
	if cmd.HasParent() {
		line = cmd.Parent().Name() + " " + line
	}
	fmt.Fprintf(&b, "usage: %s\n", line)
	for _, sub := range cmd.Commands() {
		if !sub.Hidden {
			fmt.Fprintf(&b, "       %s %s\n", cmd.Name(), sub.Use)
		}
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name := f.Name
		if f.Shorthand != "" {
			name = f.Shorthand
		}
		if name == "h" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		if value != "" {
			value = " " + value
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			usage += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		fmt.Fprintf(&b, "  -%s%s\n    \t%s\n", name, value, usage)
	})
	return b.String()
}
