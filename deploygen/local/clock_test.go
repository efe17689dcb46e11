package local

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/rt/runlog"
)

// This file tests that runs of the real handler go by the clock of the cloud, and that faults change nothing in what they do.

// hello is a plan with one program, which prints three lines and waits after each for as long as its second argument says, and exits with 3.
func hello() *plan.Plan {
	return &plan.Plan{Program: "p", Entries: []plan.Entry{{Name: "hello", Resources: plan.Resources{Timeout: plan.MinTimeout}}}}
}

// state starts the run, or asks how it is. Whoever asks tries again.
func (f *fixture) state(run, wait string) string {
	out, err := f.try("HelloFunction", fmt.Sprintf(`{"run":%q,"args":["%[1]s","%s"]}`, run, wait))
	if err != nil {
		f.t.Logf("%s: %v", run, err)
	}
	_, rest, _ := strings.Cut(out, `"state":"`)
	state, _, _ := strings.Cut(rest, `"`)
	return state
}

// printed returns what a run has printed, as harkgen logs does.
func (f *fixture) printed(run string) (lines []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var m runlog.Merge
	for _, l := range f.log {
		if r, err := runlog.Parse([]byte(l)); err == nil && r.Run == run && r.Place != nil {
			m.Add(r)
		}
	}
	for _, r := range m.Take() {
		lines = append(lines, r.Text())
	}
	return lines
}

// wantThree checks that each line was printed once, in order.
func (f *fixture) wantThree(run string) {
	f.t.Helper()
	if got := f.printed(run); !slices.Equal(got, []string{run + " 0", run + " 1", run + " 2"}) {
		f.t.Errorf("%s printed %q", run, got)
	}
}

// TestSpeed lets a run wait for an hour in all, by messages, on a clock that is fast.
func TestSpeed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("long")
	}
	f := start(t, handler, Options{Plan: hello(), Speed: 600})
	if got := f.state("r", "20m"); got != "waiting" {
		t.Errorf("it is %s at first", got)
	}
	until(t, "it has gone on by itself", func() bool { return len(f.printed("r")) == 3 })
	until(t, "it is done", func() bool { return f.state("r", "20m") == "done" })
	f.wantThree("r")
}

// TestAdvance lets a run wait for days, by the Scheduler, on a clock that is set forward.
func TestAdvance(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("long")
	}
	f := start(t, handler, Options{Plan: hello()})
	if got := f.state("r", "168h"); got != "waiting" {
		t.Errorf("it is %s at first", got)
	}
	if err := f.Advance(6 * 24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := f.state("r", "168h"); got != "waiting" || len(f.printed("r")) != 1 {
		t.Errorf("after six days it is %s and has printed %q", got, f.printed("r"))
	}
	f.finish("r", "168h", 7*24*time.Hour)
}

// finish lets time pass until the run is done, which has printed its first line, and waits so long after each.
func (f *fixture) finish(run, wait string, d time.Duration) {
	f.t.Helper()
	for n := 1; n < 3; n++ {
		f.pass(d, func() bool { return len(f.printed(run)) > n })
	}
	f.pass(d, func() bool { return f.state(run, wait) == "done" })
	f.wantThree(run)
}

// pass lets time pass, and then more, by minutes, until something has come: what is woken early sees to the rest by a message.
func (f *fixture) pass(d time.Duration, come func() bool) {
	f.t.Helper()
	if come() {
		return
	}
	if err := f.Advance(d - 2*time.Minute); err != nil {
		f.t.Fatal(err)
	}
	end := time.Now().Add(2 * time.Minute)
	for !come() {
		if time.Now().After(end) {
			f.t.Fatal("it has not come")
		}
		if err := f.Advance(time.Minute); err != nil {
			f.t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// TestFaults lets everything go wrong. That takes time: what is lost comes again when an invocation that is not there any more would have ended.
func TestFaults(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("long")
	}
	seed := uint64(time.Now().UnixNano())
	faults, err := ParseFaults("all=0.03:10ms,late=0.1:1m,kill=7,killed=15,kill=31", seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d", seed)
	f := start(t, handler, Options{Plan: hello(), Faults: faults})
	runs := []string{"a", "b", "c"}
	done := func(run string) bool { return f.state(run, "20m") == "done" }
	for _, r := range runs {
		f.state(r, "20m")
	}
	for _, r := range runs {
		until(t, r+" is done", func() bool {
			f.Advance(5 * time.Minute)
			return done(r)
		})
		f.wantThree(r)
	}
}

// TestVersions deploys another version while runs of the first wait: they go on in theirs.
func TestVersions(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("long")
	}
	p := hello()
	f := start(t, handler, Options{Plan: p})
	if got := f.state("old", "1h"); got != "waiting" {
		t.Errorf("it is %s at first", got)
	}
	p.Entries[0].Env = []plan.EnvVar{{Name: "NEW", Value: "yes"}}
	p, err := p.Check()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Deploy(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if got := f.state("new", "1h"); got != "waiting" {
		t.Errorf("the new one is %s at first", got)
	}
	f.finish("old", "1h", time.Hour)
	f.finish("new", "1h", time.Hour)
}
