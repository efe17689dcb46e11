package difftest

// This file kills programs that run durably, and resumes them.

import (
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// TestKill kills `harkgen run` and `harkgen resume` of the word count, with all
// their processes, at random moments, until one of them comes to its end. What
// they printed, put together, must be what the program prints.
func TestKill(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	const kills = 4 // at most, in one round
	rnd := random(t)
	bin := buildNative(t, "./examples/wordcount")
	args := []string{filepath.Join(goroot(t), "src", "go"), "/no/such/file"}
	want := command{dir: root, args: append([]string{bin}, args...)}.run(t).goRun()

	for _, flags := range [][]string{nil, {"-chaos", "40"}} {
		start := time.Now()
		first := command{dir: root, args: runWordcount(t.TempDir(), flags, args), timeout: 3 * time.Minute}
		if !same(t, "not killed", want, first.run(t)) {
			return
		}
		typical := time.Since(start) // the first time includes compiling; good enough for the upper end
		start = time.Now()
		first.args = runWordcount(t.TempDir(), flags, args)
		first.run(t)
		typical = min(typical, time.Since(start))

		killed, early := 0, 0 // executions; those in which the run had not begun
		for round := range rounds / 2 {
			state := t.TempDir()
			cmd := runWordcount(state, flags, args)
			var all outcome
			var moments []time.Duration
			for n := 0; ; n++ {
				var at time.Duration
				if n < kills {
					at = 1 + time.Duration(rnd.Int64N(int64(typical)))
				}
				moments = append(moments, at)
				o := command{dir: root, args: cmd, timeout: 3 * time.Minute, killAt: at}.run(t)
				all.stdout += o.stdout
				all.stderr += reDone.ReplaceAllString(o.stderr, "")
				all.status = o.status
				if o.status >= 0 { // not killed
					break
				}
				killed++
				switch ids := runs(t, root, state); len(ids) {
				case 0:
					early++
				case 1:
					cmd = append([]string{harkgen, "resume", "-state", state}, ids[0])
				default:
					t.Fatalf("one run, but ps lists %v", ids)
				}
			}
			if !same(t, "killed", want, all) {
				t.Logf("round %d, flags %v, killed at %v (last: not)", round, flags, moments)
			}
		}
		t.Logf("flags %v: it takes %v; killed %d times, %d of them before the run began", flags, typical, killed, early)
	}
}

// reDone is what resume says of a run that had ended before it was killed.
var reDone = regexp.MustCompile(`(?m)^run \S+ is done \(exit status \d+\)\n`)

func runWordcount(state string, flags, args []string) []string {
	cmd := append([]string{harkgen, "run", "-state", state}, flags...)
	return append(append(cmd, "./examples/wordcount"), args...)
}
