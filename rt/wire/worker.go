package wire

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/exchange"
)

// ErrNoHost is returned by Dial when the program was not started by a host.
var ErrNoHost = errors.New("this is a compiled program: start it with `harkgen run`, or use `go run` on its source")

const envFD = "HARK_FD"

// Dial connects a worker with the host that has started it.
func Dial() (rt.Host, error) {
	v, ok := os.LookupEnv(envFD)
	if !ok {
		return nil, ErrNoHost
	}
	os.Unsetenv(envFD) // the program is not to see it
	fd, err := strconv.Atoi(v)
	if err != nil || fd < 0 {
		return nil, errors.New("wire: bad " + envFD + ": " + v)
	}
	syscall.CloseOnExec(fd)
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, errors.New("wire: " + envFD + "=" + v + ": " + err.Error())
	}
	return newWorker(os.NewFile(uintptr(fd), "host")), nil
}

// worker is the host as a worker sees it.
type worker struct {
	conn    *Conn
	started chan loaded
	answers chan Committed
	wanted  chan struct{}
	arrived chan struct{}
	mu      sync.Mutex
	replies []exchange.Reply // not taken yet
	unload  chan struct{}
	alive   chan struct{} // never closed: the reader ends the OS process itself
	loading *Body         // the snapshot that Load has returned
}

type loaded struct {
	Start
	snapshot *Body
}

func newWorker(f *os.File) *worker {
	w := &worker{
		conn:    NewConn(f),
		started: make(chan loaded, 1),
		answers: make(chan Committed, 1),
		wanted:  make(chan struct{}, 1),
		arrived: make(chan struct{}, 1),
		unload:  make(chan struct{}),
		alive:   make(chan struct{}),
	}
	go w.read()
	return w
}

// read dispatches what the host sends. It is the only goroutine of the worker's side; see Goroutines.
func (w *worker) read() {
	for {
		msg, snapshot, err := w.conn.Receive()
		if err != nil {
			gone()
		}
		switch m := msg.(type) {
		case Start:
			w.started <- loaded{m, snapshot}
			<-snapshot.Done()
			if errors.Is(snapshot.err, ErrCut) {
				gone()
			}
		case Committed:
			w.answers <- m
		case Replies:
			list, err := exchange.DecodeReplies(m.Data)
			if err != nil {
				gone()
			}
			w.mu.Lock()
			w.replies = append(w.replies, list...)
			w.mu.Unlock()
			signal(w.arrived)
		case Unload:
			w.mu.Lock()
			close(w.unload)
			w.mu.Unlock()
		case Wanted:
			signal(w.wanted)
		}
	}
}

// signal leaves a value in a channel of capacity 1.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// gone ends the worker as if it had been killed: nothing it could still do counts.
func gone() { syscall.Exit(137) }

// Load implements rt.Host.
func (w *worker) Load(ctx context.Context) (*rt.Start, error) {
	if err := w.conn.Send(Load{}, nil); err != nil {
		gone()
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case l := <-w.started:
		s := &rt.Start{Run: l.Run, Chaos: l.Chaos, InProc: l.InProc, Visits: l.Visits, Inspect: l.Inspect, Process: l.Process}
		if !l.New {
			s.Snapshot, s.Size = l.snapshot, l.Size
			w.loading = l.snapshot
		}
		return s, nil
	}
}

// Commit implements rt.Host.
func (w *worker) Commit(ctx context.Context, s *rt.Step) (rt.Verdict, error) {
	m := Commit{Reason: s.Reason, Wake: s.Wake, Goroutines: s.Goroutines, ElapsedNS: int64(s.Elapsed / time.Nanosecond), Ended: s.Snapshot == nil}
	if s.Batch != nil {
		m.Batch = s.Batch.Append(nil)
	}
	if err := w.conn.Send(m, s.Snapshot); err != nil {
		if _, ok := errors.AsType[*SourceError](err); ok {
			return rt.Continue, err
		}
		gone()
	}
	select {
	case <-ctx.Done():
		return rt.Continue, ctx.Err()
	case a := <-w.answers:
		if a.Verdict == VerdictExit {
			return rt.Exit, nil
		}
		return rt.Continue, nil
	}
}

// Wanted implements rt.Host.
func (w *worker) Wanted() <-chan struct{} { return w.wanted }

// Arrived implements rt.Sharer.
func (w *worker) Arrived() <-chan struct{} { return w.arrived }

// Replies implements rt.Sharer.
func (w *worker) Replies() []exchange.Reply {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.replies
	w.replies = nil
	return list
}

// Unload implements rt.Sharer.
func (w *worker) Unload() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unload
}

// Again implements rt.Sharer. The host sends nothing between the end of a process and the next Load.
func (w *worker) Again() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.replies, w.loading = nil, nil
	w.unload = make(chan struct{})
	select {
	case <-w.arrived:
	default:
	}
	return true
}

// Alive implements rt.Host.
func (w *worker) Alive() <-chan struct{} { return w.alive }

// Goroutines implements rt.Crew.
func (w *worker) Goroutines() int { return 1 }

// Inspected implements rt.Inspector.
func (w *worker) Inspected(i *rt.Inspection) error {
	w.skip()
	return w.conn.Send(Inspected{i}, nil)
}

// Refuse implements rt.Refuser.
func (w *worker) Refuse(text string) {
	w.skip()
	if w.conn.Send(Refused{text}, nil) != nil {
		gone()
	}
	time.Sleep(10 * time.Second) // the host ends this process
	gone()
}

// Warn implements rt.Warner.
func (w *worker) Warn(text string) {
	if w.conn.Send(Unsaved{text}, nil) != nil {
		gone()
	}
}

// Trace implements rt.Tracer.
func (w *worker) Trace(text string) { w.conn.Send(Trace{text}, nil) }

// skip reads the rest of the snapshot: the host listens when it has sent all of it.
func (w *worker) skip() {
	if w.loading != nil {
		io.Copy(io.Discard, w.loading)
	}
}
