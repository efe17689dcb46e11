package lambda

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// This file defines the process of an environment and its descendants.

// A process is the one that was started, the leader, and what it has started.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when the leader has ended
	err    error         // how; read only then
}

func startProcess(exe, dir string, env []string, out *os.File) (*process, error) {
	for try := 0; ; try++ {
		cmd := exec.Command(exe)
		cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, out, out
		cmd.SysProcAttr = sysProcAttr()
		err := cmd.Start()
		if errors.Is(err, syscall.ETXTBSY) && try < 50 { // a fork elsewhere still has the file, which was just written
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if err != nil {
			return nil, err
		}
		p := &process{cmd: cmd, exited: make(chan struct{})}
		go func() {
			p.err = cmd.Wait()
			p.signal(syscall.SIGKILL) // what it has left behind
			close(p.exited)
		}()
		return p, nil
	}
}

// signal sends a signal to all processes. The workers of a handler have groups of their own.
func (p *process) signal(sig syscall.Signal) {
	pid := p.cmd.Process.Pid
	below := descendants(pid)
	syscall.Kill(-pid, sig)
	for _, d := range below {
		syscall.Kill(d, sig)
	}
}

// descendants returns the processes below one, as far as the system tells.
func descendants(pid int) []int {
	var all []int
	lists, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	for _, name := range lists {
		data, _ := os.ReadFile(name)
		for _, f := range strings.Fields(string(data)) {
			if child, err := strconv.Atoi(f); err == nil {
				all = append(append(all, child), descendants(child)...)
			}
		}
	}
	return all
}

// exitError says how the leader has ended, as Lambda does.
func (p *process) exitError() string {
	if p.err == nil {
		return "Runtime exited without providing a reason"
	}
	return "Runtime exited with error: " + p.err.Error()
}

// peak returns the most memory that the leader had, in MB, 0 if the system does not tell.
func (p *process) peak() int {
	data, _ := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/status")
	_, rest, _ := strings.Cut(string(data), "\nVmHWM:")
	rest, _, _ = strings.Cut(rest, "kB")
	kb, _ := strconv.Atoi(strings.TrimSpace(rest))
	return (kb + 1023) >> 10
}
