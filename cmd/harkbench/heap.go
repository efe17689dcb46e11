package main

// This file measures the commits of a program with a large heap.

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"
)

// heapRows are the rows of programs/heap. What stands under native is not the same program run plainly, but what a commit is compared with.
var heapRows = []benchmark{
	{
		name: "heap first commit", unit: "MB", target: 1,
		native:   func(b *bench) (float64, error) { c, err := b.heap(); return c.state, err },
		compiled: func(b *bench) (float64, error) { return b.lastHeap.first, nil },
		comment:  "written by the first commit of 64 MB of live objects, compressed, against the size of the state",
	},
	{
		name: "heap small commit", unit: "MB", target: 0.1,
		native:   func(b *bench) (float64, error) { c, err := b.heap(); return c.state, err },
		compiled: func(b *bench) (float64, error) { return b.lastHeap.later, nil },
		comment:  "written by a later commit, after 31 objects have changed, in all parts of the heap",
	},
	{
		name: "heap first commit time", unit: "ms",
		native:   func(b *bench) (float64, error) { c, err := b.heap(); return c.copyMS, err },
		compiled: func(b *bench) (float64, error) { return b.lastHeap.firstMS, nil },
		comment:  "of that first commit, from the first byte of the snapshot until it is durable, against a copy of the state in memory",
	},
	{
		name: "heap small commit time", unit: "ms",
		native:   func(b *bench) (float64, error) { c, err := b.heap(); return c.copyMS, err },
		compiled: func(b *bench) (float64, error) { return b.lastHeap.laterMS, nil },
		comment:  "the same of a later commit",
	},
}

// A heapRun is what a run of programs/heap has shown.
type heapRun struct {
	state, first, later      float64 // MB: the snapshot, and what its commits wrote
	firstMS, laterMS, copyMS float64
}

var commitLine = regexp.MustCompile(`(?m)^commit \d+: (\d+) bytes, (\d+) written, (\d+) ns$`)

// heap runs the program once.
func (b *bench) heap() (heapRun, error) {
	trace := b.dir()
	f, err := os.Create(trace)
	if err != nil {
		return heapRun{}, err
	}
	defer f.Close()
	if _, err := b.exec([]string{"HARKTRACE=" + trace}, b.harkgen, "run", "-state", b.dir(), "./cmd/harkbench/programs/heap", "160000", "5"); err != nil {
		return heapRun{}, err
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		return heapRun{}, err
	}
	var written, ms []float64
	r := heapRun{}
	for _, m := range commitLine.FindAllSubmatch(text, -1) {
		var x [3]float64
		for i := range x {
			x[i], _ = strconv.ParseFloat(string(m[i+1]), 64)
		}
		if x[0] > 0 { // the last one has no state
			r.state = x[0] / 1e6
			written, ms = append(written, x[1]/1e6), append(ms, x[2]/1e6)
		}
	}
	if len(written) < 3 {
		return r, fmt.Errorf("programs/heap made %d commits:\n%s", len(written), text)
	}
	r.first, r.firstMS = written[0], ms[0]
	r.later, r.laterMS = median(written[1:]), median(ms[1:])
	r.copyMS = copyMS(int(r.state * 1e6))
	b.lastHeap = r
	return r, nil
}

// copyMS returns how long a copy of n bytes of memory takes.
func copyMS(n int) float64 {
	from, to := make([]byte, n), make([]byte, n)
	best := time.Hour
	for range 4 {
		start := time.Now()
		copy(to, from)
		best = min(best, time.Since(start))
	}
	return float64(best) / float64(time.Millisecond)
}
