package faulttest

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/harkgen/harkgen/deploygen/local"
	"github.com/harkgen/harkgen/deploygen/local/localtest"
	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/internal/deployed"
	"github.com/harkgen/harkgen/rt/store"
)

var (
	first = flag.Uint64("first", 1, "the first seed")
	seeds = flag.Uint64("seeds", 0, "how many seeds; 0 is a few, by chance")
)

// A subject is a program that is to do the same, whatever happens.
type subject struct {
	source, pattern string
	placement       string
	entry           string
	drive           func(t *testing.T, c *localtest.Cloud, want *outcome) *outcome
}

var subjects = []subject{
	{"../..", "./examples/s3words", "remote", "s3words", func(t *testing.T, c *localtest.Cloud, want *outcome) *outcome {
		texts(t, c)
		return run(t, c, want, "s3words", "texts")
	}},
	{"testdata/mix", ".", "remote", "mix", func(t *testing.T, c *localtest.Cloud, want *outcome) *outcome { return run(t, c, want, "mix") }},
	{"../..", "./examples/saga", "local", "saga", func(t *testing.T, c *localtest.Cloud, _ *outcome) *outcome { return saga(t, c) }},
	{"../..", "./examples/jobs", "local", "jobs", func(t *testing.T, c *localtest.Cloud, _ *outcome) *outcome { return jobs(t, c) }},
}

// texts puts objects into a bucket.
func texts(t *testing.T, c *localtest.Cloud) {
	client := s3.NewFromConfig(c.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("texts")}); err != nil && !strings.Contains(err.Error(), "BucketAlready") { // the answer may have been lost
		t.Fatal(err)
	}
	words := strings.Fields("to be or not that is the question whether it nobler in mind suffer")
	for i := range 6 {
		text := ""
		for n := range 100 {
			text += words[(n*n+i)%len(words)] + "\n "[n%2:n%2+1]
		}
		if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("texts"), Key: aws.String(fmt.Sprint("text", i)), Body: strings.NewReader(text)}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFaults compares, for each program, what it does without faults with what it does with those of each seed.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	from, n := *first, *seeds
	if n == 0 {
		from, n = rand.Uint64N(1<<32), 2
	}
	for _, s := range subjects {
		t.Run(s.entry, func(t *testing.T) {
			d := compile(t, &s)
			want := d.run(t, nil, nil)
			t.Logf("without faults: %+v", want)
			for seed := from; seed < from+n; seed++ {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					t.Parallel()
					if got := d.run(t, faults(seed), want); !reflect.DeepEqual(got, want) {
						t.Errorf("seed %d: %+v\nwithout faults: %+v", seed, got, want)
					}
				})
			}
		})
	}
}

// faults are all there are. Which requests kill depends on the seed too.
func faults(seed uint64) *local.Faults {
	rnd := rand.New(rand.NewPCG(seed, 1))
	n := func() int { return 1 + rnd.IntN(60) }
	f, err := local.ParseFaults(fmt.Sprintf("all=0.03:20ms,late=0.1:30s,kill=%d,killed=%d,kill=%d,killed=%d", n(), n(), n(), n()), seed)
	if err != nil {
		panic(err) // the syntax is right
	}
	return f
}

// A deployment is a subject that was compiled.
type deployment struct {
	*subject
	plan plan.Plan
	exe  string // its handler
}

// timeout of an invocation, in seconds. The plan of a real deployment allows no less than plan.MinTimeout.
const timeout = 8

func compile(t *testing.T, s *subject) *deployment {
	t.Helper()
	dir := localtest.Compile(t, s.source, "-placement", s.placement, s.pattern)
	p, err := local.ReadPlan(dir)
	if err != nil {
		t.Fatal(err)
	}
	p.Entries[0].Timeout = timeout
	d := &deployment{subject: s, plan: *p, exe: filepath.Join(t.TempDir(), "bootstrap")}
	build(t, dir, p, d.exe)
	return d
}

func build(t *testing.T, dir string, p *plan.Plan, exe string) {
	t.Helper()
	cmd := exec.Command("go", p.GoBuild(&p.Entries[0], exe)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// An outcome is what there is to compare.
type outcome struct {
	State store.State
	Exit  int
	Error string
	Lines []string // of output, each once: what was shown before a kill is shown again
}

// run drives the program in a cloud of its own.
func (d *deployment) run(t *testing.T, f *local.Faults, want *outcome) *outcome {
	t.Helper()
	c := localtest.Start(t, d.module(t), local.Options{Faults: f, Build: d.link})
	began := time.Now()
	o := d.drive(t, c, want)
	t.Log(time.Since(began).Round(time.Millisecond))
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	return o
}

// run starts a run of a main, and waits for its end, and for as much output as there is in want.
func run(t *testing.T, c *localtest.Cloud, want *outcome, entry string, args ...string) *outcome {
	t.Helper()
	payload, err := json.Marshal(map[string]any{"run": "r", "args": args})
	if err != nil {
		t.Fatal(err)
	}
	runs := open(t, c)
	defer runs.Close()
	c.Until("it is there", func() bool { // a start event that fails is repeated, as Lambda does
		_, err := c.Invoke(entry, string(payload))
		return err == nil
	})
	o := &outcome{}
	c.Until("it has ended", func() bool {
		run, err := runs.Run(t.Context(), "r")
		if err == nil && (run.State == store.Done || run.State == store.Failed) {
			o.State, o.Exit, o.Error = run.State, run.Exit, run.Error
			return true
		}
		time.Sleep(tick)
		return c.Advance(pass(c, run)) != nil
	})
	for end := time.Now().Add(patience); ; time.Sleep(tick) { // output is shown after the commit
		o.read(c.Log())
		if want == nil || len(o.Lines) >= len(want.Lines) || time.Now().After(end) {
			break
		}
	}
	return o
}

const (
	tick     = 200 * time.Millisecond
	patience = 20 * time.Second
)

// pass returns how far the clock is to be set forward while a run goes on: to when it wants to be woken, by a message or a schedule, or by some seconds, which bring
// what SQS shows again after a kill. Leases go by real time: who waits for their end by far more of the clock's would get the same messages very often.
func pass(c *localtest.Cloud, run *store.Run) time.Duration {
	if run != nil && run.State == store.Waiting {
		return max(run.Wake.Sub(c.Now()), 5*time.Second)
	}
	return 5 * time.Second
}

func open(t *testing.T, c *localtest.Cloud) *deployed.Deployment {
	t.Helper()
	here := c.Info().Cloud
	d, err := deployed.OpenCloud(t.Context(), &here)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// read takes what a program has written out of a log. The other lines are JSON, or say what a function has failed with.
func (o *outcome) read(log string) {
	o.Lines = nil
	for l := range strings.Lines(log) {
		l = strings.TrimRight(l, "\n")
		if !strings.HasPrefix(l, "harkgen: ") && !strings.HasSuffix(l, "}") && !slices.Contains(o.Lines, l) {
			o.Lines = append(o.Lines, l)
		}
	}
}

// module is an output module with nothing but the plan.
func (d *deployment) module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	data, err := d.plan.Encode()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, plan.FileName), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func (d *deployment) link(_ context.Context, _ *plan.Entry, exe string) error {
	if err := os.Remove(exe); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Link(d.exe, exe)
}
