// This file kills supervisors with SIGKILL.

package local

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/shared"
)

// testSupervisor executes the run HARK_TEST_RUN, or a new one of the arguments, and prints its id on fd 3.
func testSupervisor() {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "supervisor:", err)
			os.Exit(100)
		}
	}
	ctx := context.Background()
	dir := os.Getenv("HARK_TEST_DIR")
	s, err := shared.Open(dir, nil)
	fail(err)
	var r *Run
	if id := os.Getenv("HARK_TEST_RUN"); id != "" {
		r, err = Open(ctx, dir, s, id)
	} else {
		r, err = Create(ctx, dir, s, store.Program{Args: os.Args[1:], Cwd: dir}, "build")
	}
	fail(err)
	fmt.Fprint(os.NewFile(3, "id"), r.rec.ID)
	res, err := r.Execute(ctx, &Options{
		Store: s, Dir: dir, Worker: os.Args[0], Stdout: os.Stdout, Stderr: os.Stderr,
		Env: append(os.Environ(), "HARK_TEST_ROLE=worker"),
	})
	fail(err)
	fail(s.Close())
	if file := os.Getenv("HARK_TEST_PEAK"); file != "" {
		fail(writePeak(file))
	}
	os.Exit(res.Exit)
}

func supervise(t *testing.T, dir, id string, out *os.File, program ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0], program...)
	c.Env = append(os.Environ(), "HARK_TEST_ROLE=supervisor", "HARK_TEST_DIR="+dir, "HARK_TEST_RUN="+id)
	c.Stdout, c.Stderr = out, out
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c.ExtraFiles = []*os.File{w}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if id == "" {
		b := make([]byte, 100)
		n, _ := r.Read(b)
		t.Setenv("HARK_TEST_ID", string(b[:n]))
	}
	return c
}

// TestKillSupervisor kills the supervisor at random moments and starts another, until the run is done.
// Its output, in one file, is what it would have been without.
func TestKillSupervisor(t *testing.T) {
	dir := t.TempDir()
	out, err := os.OpenFile(filepath.Join(dir, "out"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	const n = 300
	program := []string{fmt.Sprintf("count:%d:1ms", n), "pad:50000", "commit:chaos", "out:end", "exit:9"}
	c := supervise(t, dir, "", out, program...)
	id := os.Getenv("HARK_TEST_ID")
	kills := 0
	for { // a slow machine gets ever more time
		timer := time.AfterFunc(time.Duration(20+rand.IntN(120+kills))*time.Millisecond, func() { c.Process.Kill() })
		err := c.Wait()
		timer.Stop()
		if !c.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
			if c.ProcessState.ExitCode() != 9 {
				b, _ := os.ReadFile(out.Name())
				t.Fatalf("supervisor: %v\n%s", err, b)
			}
			break
		}
		if kills++; kills > 500 {
			t.Fatal("no progress")
		}
		c = supervise(t, dir, id, out)
	}
	want := "init\n"
	for i := range n {
		want += fmt.Sprintln(i)
	}
	want += "end\n"
	got, err := os.ReadFile(out.Name())
	if err != nil || !bytes.Equal(got, []byte(want)) {
		t.Errorf("after %d kills: %q, %v; want %q", kills, got, err, want)
	}
	t.Logf("%d kills", kills)
}

// TestWorkerDies checks that the worker does not outlive its supervisor.
func TestWorkerDies(t *testing.T) {
	dir := t.TempDir()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	file := filepath.Join(dir, "pid")
	c := supervise(t, dir, "", null, "pid:"+file, "sleep:1m")
	var pid int
	for deadline := time.Now().Add(20 * time.Second); pid == 0; time.Sleep(5 * time.Millisecond) {
		b, _ := os.ReadFile(file)
		pid, _ = strconv.Atoi(string(b))
		if time.Now().After(deadline) {
			t.Fatal("no worker")
		}
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatal(err)
	}
	c.Process.Kill()
	c.Wait()
	for deadline := time.Now().Add(5 * time.Second); syscall.Kill(pid, 0) == nil && !zombie(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the worker lives")
		}
	}
}

// zombie reports whether the process has ended, though nobody has waited for it; in a container nobody may.
func zombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := bytes.Cut(b, []byte(") "))
	return err == nil && bytes.HasPrefix(rest, []byte("Z"))
}
