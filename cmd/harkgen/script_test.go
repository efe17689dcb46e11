package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/harkgen/harkgen/analyzer/suite"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/shared"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"harkgen": main, "harkvet": func() { unitchecker.Main(suite.Analyzers...) }})
}

// TestScript runs testdata/script/*.txtar, one directory each. Besides testscript's own commands there are
//
//	status N PROGRAM ARGS...        run it; it must exit with N
//	until REGEXP PROGRAM ARGS...    run it, again and again, until it succeeds with such an output, for up to two minutes
//	killing N OUT ARGS...           run it, killing the supervisor with SIGKILL N times; -all N: with its workers, -worker N: only one of these
//	lastrun STATE                   set RUN to the id of the last run of a state directory
//	losepages STATE RUN             delete the pages of the state of a run
//	stopping VAR ARGS...            run it until it is idle, stop it, and set VAR to the id of the run
//	samevet N                       harkgen vet and go vet with harkvet find the same N things
//
// and harkgen is this package.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS"} {
				out, err := exec.Command("go", "env", name).Output()
				if err != nil {
					return err
				}
				e.Setenv(name, strings.TrimSpace(string(out)))
			}
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, ".cache"))
			e.Setenv("HARKCHECK", "1")
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			return nil
		},
		Condition: func(cond string) (bool, error) { return cond == "long" && !testing.Short(), nil },
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status":   status,
			"until":    until,
			"killing":  killing,
			"samevet":  sameVet,
			"stopping": stopping,
			"lastrun": func(ts *testscript.TestScript, neg bool, args []string) {
				withState(ts, args[0], func(s store.Store) error {
					rs, _, err := s.List(context.Background(), "", "", 100)
					ts.Setenv("RUN", rs[len(rs)-1].ID)
					return err
				})
			},
			"losepages": func(ts *testscript.TestScript, neg bool, args []string) {
				withState(ts, args[0], func(s store.Store) error {
					names, _, err := s.Blobs(context.Background(), args[1], "", 100) // of which some may be orphans of a commit that was under way
					for _, name := range names {
						err = errors.Join(err, s.DeleteBlob(context.Background(), name))
					}
					return err
				})
			},
			"snapshot": snapshot,
		},
	})
}

func withState(ts *testscript.TestScript, dir string, f func(store.Store) error) {
	s, err := shared.Open(ts.MkAbs(dir), nil)
	ts.Check(err)
	defer s.Close()
	ts.Check(f(s))
}

// snapshot looks for a text in the snapshot of a run: snapshot DIR RUN TEXT.
func snapshot(ts *testscript.TestScript, neg bool, args []string) {
	withState(ts, args[0], func(s store.Store) error {
		rec, err := s.Get(context.Background(), args[1])
		ts.Check(err)
		run, err := store.DecodeRun(rec)
		ts.Check(err)
		if run.Snap.Inline == nil {
			ts.Fatalf("run %s has no snapshot in its record", run.ID)
		}
		if bytes.Contains(run.Snap.Inline, []byte(args[2])) == neg {
			ts.Fatalf("%q is in the snapshot: %v", args[2], neg)
		}
		return nil
	})
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until REGEXP PROGRAM ARGS...")
	}
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && re.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("not in two minutes: %v", err)
		}
	}
}

// killing runs `harkgen run -v ARGS`, kills it some time after it said its id, goes on with resume, and so on. What
// all of them wrote is put into the files OUT.stdout and OUT.stderr. With -all the workers are killed first, with -worker only one of them is: the run goes on.
func killing(ts *testscript.TestScript, neg bool, args []string) {
	workers := ""
	if len(args) > 0 && (args[0] == "-all" || args[0] == "-worker") {
		workers, args = args[0], args[1:]
	}
	if neg || len(args) < 3 {
		ts.Fatalf("usage: killing [-all|-worker] N OUT ARGS...")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	out, err := os.Create(ts.MkAbs(args[1] + ".stdout"))
	ts.Check(err)
	defer out.Close()
	var stderr strings.Builder
	id, killed := "", 0
	for i := 0; ; i++ {
		argv := append([]string{"run", "-v"}, args[2:]...)
		if id != "" {
			argv = []string{"resume", "-v", id}
		}
		errFile, err := os.Create(ts.MkAbs("killing.stderr"))
		ts.Check(err)
		self, err := exec.LookPath("harkgen")
		ts.Check(err)
		cmd := exec.Command(self, argv...)
		cmd.Dir, cmd.Env = ts.MkAbs("."), environ(ts)
		cmd.Stdout, cmd.Stderr = out, errFile
		ts.Check(cmd.Start())
		done := make(chan bool)
		go func() {
			cmd.Wait()
			close(done)
		}()
		said := func() string {
			b, _ := os.ReadFile(errFile.Name())
			return string(b)
		}
		ended := func() bool {
			select {
			case <-done:
				return true
			case <-time.After(5 * time.Millisecond):
				return false
			}
		}
		for !ended() && !strings.HasPrefix(said(), "run ") {
		}
		for ; i < n; i++ {
			select {
			case <-done:
			case <-time.After(time.Duration(20+i*45) * time.Millisecond):
				if workers != "" {
					killed += killWorkers(cmd.Process.Pid, workers == "-all")
				}
			}
			if workers == "-worker" {
				continue
			}
			cmd.Process.Kill()
			break
		}
		<-done
		errFile.Close()
		first, rest, _ := strings.Cut(said(), "\n")
		if f := strings.Fields(first); id == "" && len(f) == 2 && f[0] == "run" {
			id = f[1]
		}
		stderr.WriteString(rest)
		if cmd.ProcessState.ExitCode() >= 0 {
			break
		}
	}
	if workers != "" && killed < n/2 { // the run may end before
		ts.Fatalf("only %d workers were killed", killed)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]+".stderr"), []byte(stderr.String()), 0o600))
}

// killWorkers kills the children of the supervisor, or only the last one, and says how many it has killed.
func killWorkers(supervisor int, all bool) (killed int) {
	children := childrenOf(supervisor)
	if !all && len(children) > 1 {
		children = children[len(children)-1:]
	}
	for _, child := range children {
		if pid, err := strconv.Atoi(child); err == nil {
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				killed++
			}
		}
	}
	return killed
}

// childrenOf lists the children of a process.
func childrenOf(pid int) (children []string) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		list, _ := os.ReadFile(task)
		children = append(children, strings.Fields(string(list))...)
	}
	return children
}

// stopping runs `harkgen run -v ARGS` until everything in it waits and is committed, and interrupts it.
func stopping(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: stopping VAR ARGS...")
	}
	self, err := exec.LookPath("harkgen")
	ts.Check(err)
	harkgen := func(args ...string) *exec.Cmd {
		cmd := exec.Command(self, args...)
		cmd.Dir, cmd.Env = ts.MkAbs("."), environ(ts)
		return cmd
	}
	run := harkgen(append([]string{"run"}, args[1:]...)...)
	var said strings.Builder
	run.Stderr = &said
	ts.Check(run.Start())
	done := make(chan error, 1)
	go func() { done <- run.Wait() }()
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		out, err := harkgen("ps", "-json").Output()
		var runs []struct {
			ID, State string
			Processes *struct{ Count, Running int }
		}
		if err == nil && json.Unmarshal(out, &runs) == nil && len(runs) > 0 {
			r := runs[len(runs)-1]
			if p := r.Processes; r.State == "waiting" || p != nil && p.Count > 1 && p.Running == 0 {
				ts.Setenv(args[0], r.ID)
				break
			}
		}
		select {
		case err := <-done:
			ts.Fatalf("%v: %s", err, said.String())
		default:
		}
		if time.Now().After(deadline) {
			run.Process.Kill()
			ts.Fatalf("the run does not become idle: %s", out)
		}
	}
	ts.Check(run.Process.Signal(os.Interrupt))
	if err := <-done; run.ProcessState.ExitCode() != 130 {
		ts.Fatalf("stopped with %v", err)
	}
}

func environ(ts *testscript.TestScript) []string {
	env := os.Environ()
	for _, name := range []string{"HOME", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "XDG_CACHE_HOME", "GORACE", "TOKEN"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}
