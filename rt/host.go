package rt

import (
	"context"
	"io"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
)

// A Host is where a process lives: it keeps the snapshots and decides whether the worker goes on.
type Host interface {
	// Load returns what to run.
	Load(ctx context.Context) (*Start, error)

	// Commit makes the step durable. It does not return when the worker is to be killed. s.Snapshot is valid until it returns.
	// An error, of s.Snapshot, says that nothing happened.
	Commit(ctx context.Context, s *Step) (Verdict, error)

	// Wanted delivers a value when the host would like a commit soon, because output is waiting to be shown.
	Wanted() <-chan struct{}

	// Alive is closed when the host is gone. The worker then exits at once.
	Alive() <-chan struct{}
}

// A Refuser is a Host that wants to be told that the process cannot be saved for good. It does not return.
type Refuser interface{ Refuse(text string) }

// A Crew is a Host that runs native goroutines of its own in the worker. They are not taken for the program's.
type Crew interface{ Goroutines() int }

// Start says what a worker runs.
type Start struct {
	Run      string    // id of the run
	Snapshot io.Reader // read once, before the program starts; nil: a new run
	Size     int64     // bytes in Snapshot
	Chaos    int       // stop before every Chaos'th operation, 0 = never
	Visits   bool      // chaos counts polls and entries of functions too; the program was compiled with an Entry in each
	Events   bool      // events may come from the host, which is an Eventer
	Process  uint32    // number of the process in the run; others than 0 begin with a reply
	Volatile bool      // nothing is kept: do not save
	InProc   bool      // after a chaos commit, restart from the snapshot in this OS process

	Inspect *InspectOptions // not nil: run nothing, describe the snapshot to the host, which is an Inspector
}

// A Step is what a process has become since the last commit.
type Step struct {
	Snapshot   io.WriterTo   // writes the snapshot straight from the program's memory
	Reason     string        // "wanted", "interval", "idle" or "chaos"
	Wake       time.Time     // when it can go on by itself; zero: now, or never if it is External
	External   bool          // nobody can go on before Wake, but an event may come
	Taken      []string      // the events that are part of the snapshot and were not of the last one
	Goroutines []Goroutine   // the first thousand, of a process that shares nothing
	Elapsed    time.Duration // since the last commit or the load

	Batch *exchange.Batch // what other processes are told, nil if nothing is shared; without a Snapshot if it is the last
}

// A Goroutine is described to people.
type Goroutine struct {
	ID       int64
	State    string // "runnable" or "waiting"
	Op       string // "chan receive", "sleep", ...
	Func     string
	Pos      string
	Stack    []FramePos // innermost first
	Deadline time.Time  // end of its sleep
}

// A Verdict is the host's answer to a commit.
type Verdict int

const (
	Continue Verdict = iota // go on
	Exit                    // unload the process now
)

// Exit statuses of a worker.
const (
	statusUnloaded = 75  // by Verdict Exit; package local relies on it
	statusHostGone = 137 // as if killed
)
