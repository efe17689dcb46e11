// Harkgen compiles ordinary Go programs into durable ones, and runs them.
//
//	harkgen [-o DIR] [packages]        compile into DIR, a module that builds by itself
//	harkgen run [flags] PKG [args]     compile and run, as go run does, but durably
//	harkgen resume [flags] RUN         go on with a run that was stopped
//	harkgen cloud [flags] [packages]   run the deployment on this machine, as on AWS
//	harkgen vet [packages]             tell what will happen to a program, before it runs
//	harkgen explain [packages]         tell what the compiler decides, and why; of one function, all of it
//	harkgen graph [-o FILE] [packages] draw the program
//	harkgen diff [packages]            tell what a change of the source changes in the deployment
//	harkgen invoke ENTRY [json]        start a run of an entry point, or send it an event
//	harkgen ps [flags]                 list the runs, and what each goroutine waits for
//	harkgen inspect [flags] RUN        show the goroutines of a run with their variables, its channels and locks
//	harkgen logs RUN                   print what a run has written
//	harkgen cancel RUN                 end a run for good
//	harkgen dead [-replay]             list dead letters, or replay them
//	harkgen version
//
// With -target, the last six and resume, of a run that has failed, are about runs in the local cloud or in an AWS account.
//
// Exit statuses are those of the go command: 0, 1 for errors in what was given, and for programs that
// ended with another status than 0, 2 for wrong usage. A run that was interrupted ends with 128 and the number of the signal.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/harkgen/harkgen/transform"
)

func main() {
	os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// An app is what the commands share.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	progress       *progress
	status         int // exit status without an error
}

// errUsage is wrapped by errors that are the fault of the command line.
var errUsage = errors.New("usage")

type usageError struct {
	cmd *cobra.Command
	msg string
}

func (e *usageError) Error() string { return e.msg }
func (e *usageError) Unwrap() error { return errUsage }

// A signalError is why the context ended.
type signalError struct{ os.Signal }

func (e *signalError) Error() string { return e.String() }

// errInterrupted says that a signal ended the command; what is to be said was said.
var errInterrupted = errors.New("interrupted")

func execute(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, progress: newProgress(stderr)}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	go func() {
		s := <-signals
		signal.Stop(signals) // the second one ends this process at once
		cancel(&signalError{s})
	}()
	root := a.rootCommand()
	root.SetArgs(normalize(root, args))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	a.progress.clear()
	return a.report(ctx, err)
}

// report prints the error and returns the exit status.
func (a *app) report(ctx context.Context, err error) int {
	var usage *usageError
	var source transform.Errors
	switch {
	case err == nil:
		return a.status
	case ctx.Err() != nil:
		if !errors.Is(err, errInterrupted) && !errors.Is(err, context.Canceled) {
			fmt.Fprintln(a.stderr, "harkgen:", err)
		}
		if s, ok := context.Cause(ctx).(*signalError); ok {
			return 128 + int(s.Signal.(syscall.Signal))
		}
	case errors.As(err, &usage):
		fmt.Fprintln(a.stderr, "harkgen:", usage.msg)
		fmt.Fprint(a.stderr, usageText(usage.cmd))
		return 2
	case errors.As(err, &source):
		for _, line := range sourceErrors(source) {
			fmt.Fprintln(a.stderr, line)
		}
	default:
		fmt.Fprintln(a.stderr, "harkgen:", err)
	}
	return 1
}

func (a *app) rootCommand() *cobra.Command {
	out := defaultOutput
	var src sourceFlags
	root := &cobra.Command{
		Use:   "harkgen [-o DIR] [-placement WHERE] [packages]",
		Short: "Compile Go programs into durable ones",
		Long: `Harkgen compiles the named packages (default ./...) into a module of its own that builds with
go build. The source is not changed. Programs compiled so go on after a crash where they were.`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := src.check(cmd); err != nil {
				return err
			}
			return a.build(cmd.Context(), out, &src, args)
		},
	}
	root.Flags().StringVarP(&out, "output", "o", out, "write the compiled module to `DIR`")
	src.addPlacement(root)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Hidden: true, Use: "no-help"})
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return &usageError{cmd, flagError(err)} })
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		if cmd.Long != "" {
			fmt.Fprintf(a.stdout, "%s\n\n", cmd.Long)
		}
		fmt.Fprint(a.stdout, usageText(cmd))
	})
	root.AddCommand(a.runCommand(), a.resumeCommand(), a.cloudCommand(), a.vetCommand(), a.explainCommand(), a.graphCommand(), a.diffCommand(), a.invokeCommand(), a.psCommand(), a.inspectCommand(),
		a.logsCommand(), a.cancelCommand(), a.deadCommand(), &cobra.Command{
			Use:   "version",
			Short: "Print the version",
			Args:  exactArgs(0, ""),
			RunE: func(*cobra.Command, []string) error {
				fmt.Fprintln(a.stdout, version())
				return nil
			},
		})
	return root
}

// exactArgs is cobra.ExactArgs with a usage error.
func exactArgs(n int, missing string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < n {
			return &usageError{cmd, missing}
		}
		if len(args) > n {
			return &usageError{cmd, "unexpected argument " + args[n]}
		}
		return nil
	}
}

func version() string {
	v := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 && !strings.Contains(v, s.Value[:12]) {
				v += " " + s.Value[:12]
			}
		}
	}
	return fmt.Sprintf("harkgen %s %s %s/%s", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
