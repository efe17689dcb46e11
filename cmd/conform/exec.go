package main

// This file executes commands: with a limit to their time and to what is kept of their output, and so that nothing is left of them.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// maxOutput is how much is kept of each output of a command.
const maxOutput = 1 << 20

// A command is what to execute.
type command struct {
	dir     string
	env     []string // besides that of this process
	args    []string // args[0] is the program
	timeout time.Duration
	merge   bool // standard error goes to where standard output goes
}

// run executes c, and afterwards kills what it started. The error is about the command: that it
// does not start, or that ctx has ended. A timeout is an outcome.
func (c command) run(ctx context.Context) (*outcome, error) {
	limit, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	cmd := exec.CommandContext(limit, c.args[0], c.args[1:]...)
	stdout, stderr := newCapture(), newCapture()
	cmd.Dir = c.dir
	cmd.Env = append(append(os.Environ(), "PWD="+c.dir), c.env...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if c.merge {
		cmd.Stderr = stdout
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return killTree(cmd.Process.Pid) }
	cmd.WaitDelay = 5 * time.Second // for a descendant that left the tree and has the output open
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	err := cmd.Wait()
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) && limit.Err() == nil {
		return nil, err
	}
	o := &outcome{
		Stdout: stdout.String(), Stderr: stderr.String(), Status: cmd.ProcessState.ExitCode(),
		Timeout: limit.Err() != nil, Took: time.Since(began),
	}
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		o.Signal = "signal: " + ws.Signal().String()
	}
	return o, nil
}

// A capture keeps the beginning of what is written to it, and the hash of the rest.
type capture struct {
	head []byte
	rest hash.Hash
	n    int64 // bytes of the rest
}

func newCapture() *capture { return &capture{rest: sha256.New()} }

func (c *capture) Write(b []byte) (int, error) {
	n := min(len(b), maxOutput-len(c.head))
	c.head = append(c.head, b[:n]...)
	if n < len(b) {
		c.rest.Write(b[n:])
		c.n += int64(len(b) - n)
	}
	return len(b), nil
}

func (c *capture) String() string {
	if c.n == 0 {
		return string(c.head)
	}
	return fmt.Sprintf("%s\n[%d more bytes with the hash %x]\n", c.head, c.n, c.rest.Sum(nil))
}

// killTree kills a process, its group, and all that come from it. Each one is stopped first, so that it
// starts no others meanwhile.
func killTree(pid int) error {
	syscall.Kill(pid, syscall.SIGSTOP)
	for _, child := range children(pid) {
		killTree(child)
	}
	if pgid, err := syscall.Getpgid(pid); err == nil && pgid == pid {
		syscall.Kill(-pid, syscall.SIGKILL)
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

// children returns the processes whose parent is pid.
func children(pid int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		data, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid ...; the name may hold anything
		rest := string(data[bytes.LastIndexByte(data, ')')+1:])
		if f := strings.Fields(rest); len(f) > 1 && f[1] == strconv.Itoa(pid) {
			if n, err := strconv.Atoi(filepath.Base(filepath.Dir(stat))); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}
