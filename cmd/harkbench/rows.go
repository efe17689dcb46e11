package main

// This file lists what is measured.

import "slices"

// A benchmark is one row of the table. Its functions measure once; one of
// native and compiled is nil where there is nothing to compare with.
type benchmark struct {
	name     string
	unit     string
	native   func(*bench) (float64, error)
	compiled func(*bench) (float64, error)
	uses     func(*bench) (*used, error) // nil: not measured; else compiled is its price
	peers    []peer
	target   float64 // highest ratio wanted
	atMost   float64 // highest value wanted
	atLeast  float64 // lowest value wanted
	once     bool    // it takes so long that it is not repeated
	long     bool    // it takes minutes: measured only with -long
	group    *group
	comment  string

	elsewhere int // of a row with uses; see construct
}

// summary is the number that stands for repetitions: the median. Of processor time it is the minimum, because what else the machine does
// can only add to it.
func (bm *benchmark) summary(xs []float64) float64 {
	if bm.unit == userTime {
		return slices.Min(xs)
	}
	return median(xs)
}

const userTime = "user ns/op"

// A group is rows of which the geometric mean is a row.
type group struct {
	name   string
	target float64
}

// The kernels run in three ways. Code that is not coloured is the user's text, so its target is 1, and a bit for noise.
var (
	plain    = &group{name: "all plain"}
	coloured = &group{name: "all coloured"}
	forced   = &group{name: "all -all", target: 1.10}
)

const (
	plainTarget    = 1.02
	colouredTarget = 1.05
	forcedTarget   = 1.40
)

var kernels = []struct{ name, comment string }{
	{"fib", "recursive calls; coloured: a receive in one call of 2,000"},
	{"nbody", "floating point and struct fields; a receive every 1,000 steps"},
	{"spectral", "nested loops over a small function; a receive every 100 rows"},
	{"fannkuch", "swaps in small slices; a receive every 1,000 permutations"},
	{"sieve", "sieve of Eratosthenes; a receive every 1,000 numbers"},
	{"matrix", "dense matrix product; a receive for each row"},
	{"trees", "binary trees built and counted; a receive for each subtree of 2,047 nodes"},
	{"words", "words counted in a map; a receive every 1,000 words"},
	{"strings", "strings built; a receive every 1,000 lines"},
	{"json", "encoding/json of own types with a method MarshalText; a receive every 1,000 values"},
}

func benchmarks() []benchmark {
	var bs []benchmark
	for _, k := range kernels {
		bs = append(bs, kernel(k.name, k.comment)...)
	}
	return slices.Concat(bs, waiting, processes, sleepers(100_000), long(sleepers(1_000_000)), heapRows, saving, compiling, onAWS, constructs())
}

// kernel is the rows of a kernel: not coloured, coloured, and not coloured but compiled by -all.
func kernel(name, comment string) []benchmark {
	row := func(suffix, variant string, g *group, target float64, flags ...string) benchmark {
		const unit = "user-ns/op"
		return benchmark{
			name: name + suffix, unit: userTime, target: target, group: g,
			native:   func(b *bench) (float64, error) { return b.native("kernels", unit, name, variant) },
			compiled: func(b *bench) (float64, error) { return b.durable("kernels", unit, flags, name, variant) },
		}
	}
	first := row("", "plain", plain, plainTarget)
	first.comment = comment
	return []benchmark{
		first,
		row(" coloured", "coloured", coloured, colouredTarget),
		row(" -all", "plain", forced, forcedTarget, "-all"),
	}
}

// waiting are the rows of programs that wait for other goroutines, and are saved.
var waiting = []benchmark{
	loop("pingpong", 2, "a round trip over two unbuffered channels", "2000000"),
	loop("buffered", 0, "a value through a buffered channel"),
	loop("spawn", 0, "start a goroutine and wait for it, in groups of 100"),
	{
		name: "fanout", unit: "ns/op",
		native:   func(b *bench) (float64, error) { return b.native("fanout", "ns/op", "1000", "200ms") },
		compiled: func(b *bench) (float64, error) { return b.durable("fanout", "ns/op", nil, "1000", "200ms") },
		comment:  "1,000 goroutines that sleep and then send, for each of them, without the sleep",
	},
	{
		name: "fanout asleep", unit: "ns/op",
		native:   func(b *bench) (float64, error) { return b.native("fanout", "ns/op", "1000", "3s") },
		compiled: func(b *bench) (float64, error) { return b.durable("fanout", "ns/op", nil, "1000", "3s") },
		comment:  "the same with a sleep so long that the process is saved, ended and restored",
	},
	{
		name: "steps in process", unit: "steps/s",
		compiled: func(b *bench) (float64, error) { return b.steps(2000, "-chaos", "1", "-inproc") },
		comment:  "save, commit and restore at every channel operation, in one process",
	},
	{
		name: "steps", unit: "steps/s",
		compiled: func(b *bench) (float64, error) { return b.steps(200, "-chaos", "1") },
		comment:  "the same, with SIGKILL and a new process at every operation",
	},
	{
		name: "restore", unit: "ms",
		compiled: func(b *bench) (float64, error) {
			perSecond, err := b.steps(200, "-chaos", "1")
			return 1000 / perSecond, err
		},
		comment: "from a channel operation to the next one, in a new process that restored the state",
	},
}

// loop is a row for code that waits for other goroutines.
func loop(program string, target float64, comment string, args ...string) benchmark {
	const unit = "ns/op"
	return benchmark{
		name: program, unit: unit, target: target, comment: comment,
		native:   func(b *bench) (float64, error) { return b.native(program, unit, args...) },
		compiled: func(b *bench) (float64, error) { return b.durable(program, unit, nil, args...) },
	}
}

// compiling are the rows about the compiler itself.
var compiling = []benchmark{
	{
		name: "compile", unit: "ms", target: 2,
		native:   (*bench).goBuild,
		compiled: (*bench).compile,
		comment:  "harkgen on examples/wordcount against go build of it, both with an empty build cache",
	},
	{
		name: "compile50k", unit: "ms", target: 1.5,
		native:   (*bench).bulkGoBuild,
		compiled: (*bench).bulkCompile,
		comment:  "harkgen on a module of 50,000 lines against go build of it; of the build cache both have only the standard library",
	},
	{
		name: "compile50k run", unit: "ms",
		native:   (*bench).bulkGoBuild,
		compiled: (*bench).bulkRun,
		comment:  "harkgen run of the same module: harkgen, go build of what it wrote, and running it, which takes no time",
	},
	{
		name: "compile50k again", unit: "ms", target: 0.3,
		native:   (*bench).bulkGoBuild,
		compiled: (*bench).bulkAgain,
		comment:  "harkgen run once more, with nothing changed, against the first go build",
	},
}
