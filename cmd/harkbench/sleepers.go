package main

// This file measures processes that sleep: the engine alone, with workers that cost nothing, so that a row does not take minutes.

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A sleeperRun is what a run of programs/sleepers has shown.
type sleeperRun struct {
	held, woken, raw string // what it has printed
}

// sleepers are the rows of n processes that sleep, and are woken.
func sleepers(n int) []benchmark {
	name := fmt.Sprintf("sleepers %d ", n)
	row := func(what, unit, printed, comment string) benchmark {
		return benchmark{name: name + what, unit: unit, once: true, comment: comment, compiled: func(b *bench) (float64, error) {
			r, err := b.sleepers(n)
			if err != nil {
				return 0, err
			}
			return result(r.held+r.woken, printed)
		}}
	}
	rows := []benchmark{
		row("memory", "MB", "MB", "of the engine and the store while they sleep"),
		row("each", "bytes", "bytes/process", "of the heap for each of them, with what the store holds"),
		row("asleep", "ms/s", "ms/s", "processor time while they sleep"),
		row("restart", "ms", "ms-restart", "after kill -9, from the start of the process until a worker executes the one that is due"),
		row("restart cpu", "ms", "ms-restart-cpu", "processor time until then"),
		row("late p50", "ms", "ms-p50", "half of them wake one after the other, half as many a second as records can be put into Pebble in the same run: how late"),
		row("late p99", "ms", "ms-p99", ""),
		row("late max", "ms", "ms-max", ""),
		row("woken", "woken/s", "woken/s", "the other half is due all at once; native: records of the same size put into Pebble, one for each, every put waits for the disk"),
		row("cpu", "us", "us/wake-up", "processor time for each that wakes: its record is loaded, it ends, the record is deleted"),
	}
	rows[2].atMost = 10
	rows[7].atMost = 1000
	rows[8].native = func(b *bench) (float64, error) {
		r, err := b.sleepers(n)
		if err != nil {
			return 0, err
		}
		return result(r.raw, "puts/s")
	}
	if n <= 100_000 {
		rows[0].atMost, rows[3].atMost = 200, 1000
	}
	return rows
}

// long makes rows such that are measured only with -long.
func long(rows []benchmark) []benchmark {
	for i := range rows {
		rows[i].long = true
	}
	return rows
}

// sleepers runs the program, once for all rows.
func (b *bench) sleepers(n int) (r sleeperRun, err error) {
	if r, ok := b.asleep[n]; ok {
		return r, nil
	}
	program, dir := filepath.Join(b.tmp, "native", "sleepers"), b.dir()
	if r.raw, err = b.exec(nil, program, "raw", b.dir(), strconv.Itoa(min(n, 50_000))); err != nil {
		return r, err
	}
	rate, err := result(r.raw, "puts/s")
	if err != nil {
		return r, err
	}
	base := strconv.FormatInt(time.Now().Add(1000*time.Hour).UnixNano(), 10)
	args := []string{dir, strconv.Itoa(n), strconv.Itoa(int(rate / 2)), base}
	held, err := exec.Command(program, append([]string{"hold"}, args...)...).CombinedOutput()
	if !strings.Contains(string(held), "ms/s") {
		return r, fmt.Errorf("sleepers hold: %w\n%s", err, held)
	}
	r.held = string(held) // it has died by kill -9
	if r.woken, err = b.exec(nil, program, append([]string{"wake"}, args...)...); err != nil {
		return r, err
	}
	if b.asleep == nil {
		b.asleep = map[int]sleeperRun{}
	}
	b.asleep[n] = r
	return r, nil
}
