package main

// This file lists what is measured of processes: programs whose goroutines run on several workers, beside the same work done by peers.

import (
	"os"
	"time"
)

// spread are the flags of harkgen run in these rows.
var spread = []string{"-placement", "remote"}

const rounds = "500"

var processes = []benchmark{
	{
		name: "processes disk", unit: "ms", native: (*bench).fsync,
		comment: "4 KB appended to a file, and fsync: what a commit costs at least that shares it with no other, on this disk and now",
	},
	forkjoin("1000", 150),
	forkjoin("10000", 1500),
	{
		name: "processes pingpong", unit: "round trips/s", atLeast: 1200, comment: "between two goroutines, over two unbuffered channels",
		native:   perSecond(func(b *bench) (float64, error) { return b.native("pingpong", "ns/op", rounds) }),
		compiled: perSecond(func(b *bench) (float64, error) { return b.durable("pingpong", "ns/op", spread, rounds) }),
		peers:    []peer{dbos("ns/op", "pingpong", rounds).perSecond(), dbosUnsynced("ns/op", "pingpong", rounds).perSecond()},
	},
	{
		name: "processes sleep", unit: "ms", atMost: 1200, comment: "1,000 goroutines that sleep for a second, until all are done",
		native:   func(b *bench) (float64, error) { return b.native("sleeps", "ms", "1000", "1s") },
		compiled: func(b *bench) (float64, error) { return b.durable("sleeps", "ms", spread, "1000", "1s") },
		peers:    []peer{dbos("ms", "sleeps", "1000", "1s"), dbosUnsynced("ms", "sleeps", "1000", "1s")},
	},
	{
		name: "processes idle", unit: "MB", atMost: 200, comment: "memory, of all OS processes, while 100,000 goroutines sleep and nothing takes processor time",
		compiled: func(b *bench) (float64, error) { return b.idleMemory("100000") },
	},
}

// fsync returns how many milliseconds an append and its fsync take, the median of many.
func (b *bench) fsync() (float64, error) {
	f, err := os.Create(b.dir())
	if err != nil {
		return 0, err
	}
	defer f.Close()
	ms := make([]float64, 200)
	for i := range ms {
		start := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		ms[i] = float64(time.Since(start)) / float64(time.Millisecond)
	}
	return median(ms), nil
}

// forkjoin is the row of n goroutines that are started and waited for.
func forkjoin(n string, most float64) benchmark {
	steps := dbos("ms", "steps", n)
	steps.name = "dbos steps"
	return benchmark{
		name: "processes forkjoin " + n, unit: "ms", atMost: most, comment: "start so many goroutines, and wait for their results",
		native:   func(b *bench) (float64, error) { return b.native("forkjoin", "ms", n) },
		compiled: func(b *bench) (float64, error) { return b.durable("forkjoin", "ms", spread, n) },
		peers:    []peer{dbos("ms", "forkjoin", n), dbosUnsynced("ms", "forkjoin", n), steps},
	}
}

// dbos is a program of peers/dbos: DBOS Transact on SQLite. As with harkgen, each commit waits for the disk.
func dbos(unit string, args ...string) peer {
	return peer{
		name: "dbos", module: "dbos",
		run: func(b *bench) (float64, error) { return b.peer("dbos", unit, args...) },
	}
}

// dbosUnsynced is the same with SQLite as DBOS opens it by default: the last commits are lost with the machine.
func dbosUnsynced(unit string, args ...string) peer {
	p := dbos(unit, append([]string{"-synchronous", "NORMAL"}, args...)...)
	p.name = "dbos unsynced"
	return p
}

func (p peer) perSecond() peer {
	p.run = perSecond(p.run)
	return p
}

// perSecond turns nanoseconds for an operation into operations in a second.
func perSecond(f func(*bench) (float64, error)) func(*bench) (float64, error) {
	return func(b *bench) (float64, error) {
		x, err := f(b)
		return 1e9 / x, err
	}
}
