// This file defines the command that runs a deployment in the local cloud.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/harkgen/harkgen/deploygen/local"
	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/rt/runlog"
)

// cloudFlags are the flags of cloud.
type cloudFlags struct {
	out        string
	speed      float64
	fault      string
	seed       uint64
	http, addr string
	advance    string
	deploy     bool
	src        sourceFlags
}

func (a *app) cloudCommand() *cobra.Command {
	var f cloudFlags
	cmd := &cobra.Command{
		Use:   "cloud [-o DIR] [-speed X] [-http ADDR] [-addr ADDR] [-fault LIST [-seed N]] [-advance TIME] [-deploy] [packages]",
		Short: "Run a deployment on this machine",
		Long: `Cloud runs what template.yaml describes on this machine: the handlers as processes, and the services of AWS that they use, on
loopback. It compiles the named packages into DIR first; without packages it runs what is there. It ends with Ctrl-C, and its
state ends with it. What the functions write is shown, and kept in DIR/` + local.StateDir + `/logs.

Programs with an AWS SDK find the services by AWS_ENDPOINT_URL; any credentials will do. Where HTTP calls must be signed the secret key is ` + lambda.Secret + `.

With -advance or -deploy it tells a cloud that is running for DIR to set its clock forward, or to deploy what was changed.

Faults, with commas between them, happen to requests by chance: throttle, 5xx, lost (the answer), duplicate, reorder, each with =P for another
probability than 0.05; delay and late with =P:TIME; all of these: all. latency=TIME makes each request slower. kill=N kills a function at its Nth request to DynamoDB or S3, killed=N after it, kill=N@FUNCTION one function.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.cloud(cmd, &f, args) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "output", "o", "harkout", "the compiled module is in `DIR`")
	flags.Float64Var(&f.speed, "speed", 1, "the clock goes `X` times as fast")
	flags.StringVar(&f.http, "http", "127.0.0.1:8080", "serve HTTP events at `ADDR`, those of further servers at any port")
	flags.StringVar(&f.addr, "addr", "127.0.0.1:0", "serve the services of AWS at `ADDR`")
	flags.StringVar(&f.fault, "fault", "", "let happen what `LIST` names")
	flags.Uint64Var(&f.seed, "seed", 1, "`N` decides when faults happen")
	flags.StringVar(&f.advance, "advance", "", "set the clock of the running cloud forward, by a `TIME` like 7d or 1h30m")
	flags.BoolVar(&f.deploy, "deploy", false, "deploy to the running cloud")
	f.src.addPlacement(cmd)
	return cmd
}

func (a *app) cloud(cmd *cobra.Command, f *cloudFlags, patterns []string) error {
	advance, err := parseDays(f.advance)
	switch {
	case err != nil:
		return &usageError{cmd, "-advance: " + err.Error()}
	case f.speed <= 0:
		return &usageError{cmd, "-speed needs a positive number"}
	}
	if err := f.src.check(cmd); err != nil {
		return err
	}
	o := local.Options{Speed: f.speed, HTTP: f.http, Addr: f.addr, Log: a.showLog}
	if f.fault != "" {
		if o.Faults, err = local.ParseFaults(f.fault, f.seed); err != nil {
			return &usageError{cmd, err.Error()}
		}
	}
	tell := advance > 0 || f.deploy
	_, err = local.Find(f.out)
	switch {
	case err == nil && !tell:
		return fmt.Errorf("a cloud runs already for %s; -deploy deploys to it", f.out)
	case errors.Is(err, fs.ErrNotExist) && tell:
		return fmt.Errorf("no cloud runs for %s", f.out)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if len(patterns) > 0 {
		if err := a.build(cmd.Context(), f.out, &f.src, patterns); err != nil {
			return err
		}
	}
	if tell {
		return a.tellCloud(cmd, f, advance)
	}
	return a.runCloud(cmd.Context(), f, o)
}

// tellCloud tells the running one.
func (a *app) tellCloud(cmd *cobra.Command, f *cloudFlags, advance time.Duration) error {
	c := local.Command{Advance: advance, Deploy: f.deploy}
	if cmd.Flags().Changed("speed") {
		c.Speed = f.speed
	}
	answer, err := local.Send(cmd.Context(), f.out, c)
	if err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, "the clock is at", answer.Now.Local().Format("2006-01-02 15:04:05"))
	if f.deploy {
		a.describe(&answer.Info)
	}
	return nil
}

// runCloud runs one until a signal comes.
func (a *app) runCloud(ctx context.Context, f *cloudFlags, o local.Options) error {
	p, err := local.ReadPlan(f.out)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is no compiled module with a %s; name the packages to compile, as ./... does", f.out, plan.FileName)
	}
	if err != nil {
		return err
	}
	o.Plan, o.Dir = p, f.out
	stop := a.progress.during(newPhase("building the handlers").text)
	c, err := local.Start(ctx, o)
	stop()
	if err != nil {
		return err
	}
	info := c.Info()
	a.describe(&info)
	fmt.Fprintln(a.stdout, "logs: ", filepath.Join(f.out, local.StateDir, "logs"))
	if o.Faults != nil {
		fmt.Fprintf(a.stdout, "faults: %s, seed %d\n", f.fault, f.seed)
	}
	<-ctx.Done()
	return c.Close()
}

// describe prints what is where.
func (a *app) describe(i *local.Info) {
	fmt.Fprintf(a.stdout, "AWS:   AWS_ENDPOINT_URL=%s AWS_REGION=%s\n", i.Endpoint, i.Region)
	for _, name := range slices.Sorted(maps.Keys(i.HTTP)) {
		fmt.Fprintf(a.stdout, "HTTP:  %s %s\n", i.HTTP[name], name)
	}
	for _, name := range slices.Sorted(maps.Keys(i.Entries)) {
		e := i.Entries[name]
		fmt.Fprintf(a.stdout, "entry: %s, function %s, version %s\n", name, e.Function, e.Version)
	}
}

// showLog prints a line of a log, but no metrics, and of what Lambda itself writes only what tells of failures.
func (a *app) showLog(e lambda.LogEvent) {
	if strings.HasPrefix(e.Message, `{"record":`) && strings.Contains(e.Message, `"type":"platform.`) && !strings.Contains(e.Message, `"errorType":`) ||
		strings.Contains(e.Message, `"_aws":{"CloudWatchMetrics":`) {
		return
	}
	_, name, _ := strings.Cut(e.Group, "/local/")
	io.WriteString(a.progress.writer(a.stdout), name+": "+runlog.Text(e.Message)+"\n")
}

// parseDays is time.ParseDuration with days: "7d", "1d12h". "" is 0.
func parseDays(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	var days time.Duration
	if n, rest, ok := strings.Cut(s, "d"); ok {
		d, err := strconv.ParseUint(n, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("%q is not a time like 7d or 1h30m", s)
		}
		days, s = time.Duration(d)*24*time.Hour, rest
	}
	if s == "" {
		return days, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a time like 7d or 1h30m", s)
	}
	return days + d, nil
}
