// This file defines the worker as a process: its start, its socket and pipes, its end.

package local

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/rt/wire"
)

// exitUnloaded is the status with which a worker ends after it was told to exit.
const exitUnloaded = 75

type message struct {
	msg      any        // of package wire
	snapshot *wire.Body // if it carries one
	state    *arriving  // the same, from a member of a pool
	from     *member
	done     chan struct{} // to be closed when the snapshot has been read; the next message comes after that
}

type worker struct {
	cmd    *exec.Cmd
	sock   *os.File
	conn   *wire.Conn    // on sock
	out    *output       // nil if the worker reads its pipes itself, as it executes several processes
	pipes  [2]*os.File   // then: their read ends
	feed   *feeder       // nil if the program gets no input
	msgs   chan message  // closed when the worker hung up
	exited chan struct{} // closed when the process has ended; cmd.ProcessState is set then
	quit   chan struct{} // closed by end
	once   sync.Once

	began     time.Time     // the step that it executes
	loaded    bool          // it has sent Load
	ahead     time.Duration // of the machine, as it was told the clock is
	unloading bool          // it was told to exit

	sent    map[string]bool // events
	notices []string        // what the program tells the host, since its last commit
}

// startWorker starts the program with its ends of the socket and the pipes. stdin is its standard
// input, or nil for none. collect reads the pipes; if it is nil the worker does so itself, and nobody receives its messages yet.
func startWorker(o *Options, argv []string, cwd string, stdin *os.File, collect func(stdout, stderr *os.File) *output) (*worker, error) {
	var child, parent []*os.File
	fail := func(err error) (*worker, error) {
		for _, f := range append(child, parent...) {
			f.Close()
		}
		return nil, fmt.Errorf("starting the worker: %w", err)
	}
	ours, theirs, err := socketpair()
	if err != nil {
		return fail(err)
	}
	child, parent = append(child, theirs), append(parent, ours)
	for range 2 {
		r, w, err := os.Pipe()
		if err != nil {
			return fail(err)
		}
		child, parent = append(child, w), append(parent, r)
	}
	w := &worker{began: time.Now(), sock: ours, conn: wire.NewConn(ours), msgs: make(chan message), exited: make(chan struct{}), quit: make(chan struct{})}
	w.cmd = &exec.Cmd{
		Path: o.Worker, Args: append([]string{o.Worker}, argv...), Dir: cwd, Env: append(workerEnv(o.Env), "HARK_FD=3"),
		Stdout: child[1], Stderr: child[2], ExtraFiles: child[:1:1], // fd 3
		SysProcAttr: sysProcAttr(),
	}
	if collect == nil {
		w.pipes = [2]*os.File(parent[1:])
		w.cmd.ExtraFiles = append(w.cmd.ExtraFiles, parent[1:]...)
		w.cmd.Env = append(w.cmd.Env, "HARK_PIPES=4,5")
	}
	if stdin != nil {
		w.cmd.Stdin = stdin
	}
	if err := w.cmd.Start(); err != nil {
		return fail(err)
	}
	for _, f := range child {
		f.Close()
	}
	go w.wait()
	if collect != nil {
		w.out = collect(parent[1], parent[2])
		go w.read()
	}
	return w, nil
}

func workerEnv(env []string) []string {
	out := make([]string, 0, len(env)+2)
	for _, kv := range env {
		if !strings.HasPrefix(kv, "HARK_FD=") && !strings.HasPrefix(kv, "HARK_PIPES=") {
			out = append(out, kv)
		}
	}
	return out
}

func socketpair() (ours, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, err
	}
	if err := syscall.SetNonblock(fds[0], true); err != nil { // so that it has deadlines
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "worker"), os.NewFile(uintptr(fds[1]), "supervisor"), nil
}

func (w *worker) read() {
	defer close(w.msgs)
	for {
		msg, snapshot, err := w.conn.Receive()
		if err != nil {
			return // it hung up; how it ended says why
		}
		m := message{msg: msg, snapshot: snapshot, done: make(chan struct{})}
		select {
		case w.msgs <- m:
		case <-w.quit:
			return
		}
		if snapshot == nil {
			continue
		}
		select {
		case <-m.done:
		case <-w.quit:
			return
		}
	}
}

func (w *worker) wait() {
	w.cmd.Wait() // the error is in ProcessState
	// A child that has inherited the socket keeps it open; what the worker has sent is here already.
	w.sock.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	close(w.exited)
}

// send sends a message. If that fails the worker has died, of which others will tell.
func (w *worker) send(msg any) { w.conn.Send(msg, nil) }

// hangUp ends what is being read from the worker.
func (w *worker) hangUp() { w.sock.SetReadDeadline(time.Now()) }

// kill kills the process, and its children if they are in its group, and waits until it has ended.
func (w *worker) kill() {
	select {
	case <-w.exited:
	default:
		syscall.Kill(-w.cmd.Process.Pid, syscall.SIGKILL)
		w.cmd.Process.Kill()
	}
	<-w.exited
}

// end kills the process and releases everything.
func (w *worker) end() {
	w.once.Do(func() {
		w.kill()
		close(w.quit)
		w.conn.Close()
		if w.feed != nil {
			w.feed.stop()
		}
		if w.out != nil {
			w.out.close()
			return
		}
		for _, f := range w.pipes {
			f.Close()
		}
	})
}
