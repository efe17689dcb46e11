package main

// This file measures what a run costs whose processes all wait.

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	idlePatience = 3 * time.Minute // until all have begun to sleep
	idleLook     = 2 * time.Second // no longer than that without workers means that they rest
	idleCPU      = 20 * time.Millisecond
)

// idleMemory returns how many MB of memory a run has in all its OS processes, when so many processes of it sleep. It is an error if they take processor time.
func (b *bench) idleMemory(n string) (float64, error) {
	cmd := exec.Command(b.harkgen, append(append([]string{"run", "-state", b.dir()}, spread...), "./cmd/harkbench/programs/sleeps", n, "1h")...)
	var stderr bytes.Buffer
	cmd.Dir, cmd.Stderr = b.root, &stderr
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	defer func() {
		cmd.Process.Kill()
		<-done
	}()
	worked := false
	for deadline := time.Now().Add(idlePatience); time.Now().Before(deadline); {
		before, err := usage(cmd.Process.Pid)
		if err != nil {
			return 0, err
		}
		select {
		case err := <-done:
			done <- err
			return 0, fmt.Errorf("it has ended: %v\n%s", err, stderr.Bytes())
		case <-time.After(idleLook):
		}
		after, err := usage(cmd.Process.Pid)
		if err != nil {
			return 0, err
		}
		worked = worked || after.workers > 0
		if worked && before.workers+after.workers == 0 && after.cpu-before.cpu < idleCPU {
			return after.memory, nil
		}
	}
	return 0, errors.New("the processes do not come to rest")
}

// A use is what a supervisor takes.
type use struct {
	memory  float64 // MB, resident
	cpu     time.Duration
	workers int
}

// usage reads /proc.
func usage(pid int) (u use, err error) {
	const tick = 10 * time.Millisecond // of the times in /proc
	stat := func(pid string) []string {
		b, _ := os.ReadFile("/proc/" + pid + "/stat")
		_, rest, _ := bytes.Cut(b, []byte(") "))
		return strings.Fields(string(rest))
	}
	own := stat(strconv.Itoa(pid))
	if len(own) < 22 {
		return u, errors.New("there is no /proc, or the run has ended")
	}
	number := func(s string) float64 { x, _ := strconv.ParseFloat(s, 64); return x }
	u.memory = number(own[21]) * float64(syscall.Getpagesize()) / 1e6
	u.cpu = time.Duration(number(own[11])+number(own[12])) * tick
	procs, err := os.ReadDir("/proc")
	for _, p := range procs {
		if f := stat(p.Name()); len(f) > 1 && f[1] == strconv.Itoa(pid) && f[0] != "Z" {
			u.workers++
		}
	}
	return u, err
}
