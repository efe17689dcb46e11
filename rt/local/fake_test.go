// This file defines the worker of the tests: the test binary itself, which interprets its arguments as a
// program, one instruction each, and saves how far it got.
//
//	out:TEXT err:TEXT   write a line
//	big:N               write N bytes in lines of 64
//	commit[:REASON]     save; what comes after is done by whoever goes on
//	idle:DURATION       save, to be woken after that time; then go on if it is over
//	wanted              wait until a commit is wanted, and save
//	read                read a line from stdin, one byte at a time, and remember it
//	all                 read lines until the end of the input, saving after each
//	event[:idle]        take an event, remember its data and answer; first save, to be woken by it
//	tell:TEXT           tell the host
//	say                 write what was remembered
//	kill[:FILE]         kill itself, with FILE only if that does not exist, which is then made
//	signal:N            die of a signal
//	sleep:DURATION      sleep, without saving
//	pid:FILE            write the process id to the file
//	count:N:D           N times: write a number, sleep for D, save
//	pad:N               make the snapshot N bytes larger
//	noise:N             make the snapshot N bytes larger, and hard to compress
//	touch:I             change the I-th of these bytes
//	huge:N              let snapshots have N bytes more, which are never all in memory, and are checked by whoever goes on
//	rss:FILE            write to the file how many KB of memory this process has had at most
//	lost                begin to save, and die within the snapshot
//	giveup:TEXT         begin to save, find that it cannot be done, and say so
//	refuse:TEXT         say that it cannot be saved
//	exit:N

package local

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/wire"
)

func TestMain(m *testing.M) {
	switch os.Getenv("HARK_TEST_ROLE") {
	case "worker":
		new(fake).main()
	case "pooled":
		runPooled()
	case "supervisor":
		testSupervisor()
	}
	os.Exit(m.Run())
}

type fake struct {
	conn *wire.Conn
	wire.Start

	// What is saved.
	PC, I int
	Wake  time.Time
	Lines []string
	Pad   []byte
	Huge  int64

	events   []wire.Event // that have come
	taken    []string     // since the last commit
	external bool         // the next commit is
}

// WriteTo writes the snapshot: the length of the JSON, the JSON, the huge rest.
func (f *fake) WriteTo(w io.Writer) (int64, error) {
	state, err := json.Marshal(f)
	check(err)
	if _, err := fmt.Fprintf(w, "%d\n%s", len(state), state); err != nil {
		return 0, err
	}
	return io.Copy(w, f.huge())
}

// huge returns the huge rest, which is made as it is read.
func (f *fake) huge() io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{1}), f.Huge) }

// load is the inverse of WriteTo.
func (f *fake) load(snapshot io.Reader) {
	r := bufio.NewReader(snapshot)
	var n int64
	_, err := fmt.Fscanf(r, "%d\n", &n)
	check(err)
	state, err := io.ReadAll(io.LimitReader(r, n))
	check(err)
	check(json.Unmarshal(state, f))
	got, want := sha256.New(), sha256.New()
	_, err = io.Copy(got, r)
	check(err)
	io.Copy(want, f.huge())
	if !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		panic("the snapshot is not what was written")
	}
}

func (f *fake) main() {
	fmt.Println("init")
	f.conn = wire.NewConn(os.NewFile(3, "host"))
	f.conn.Send(wire.Load{}, nil)
	msg, snapshot, err := f.conn.Receive()
	check(err)
	start := msg.(wire.Start)
	if !start.New {
		f.load(snapshot)
	}
	f.Start = start
	if f.Inspect != nil {
		f.inspect()
	}
	for f.PC < len(os.Args)-1 {
		f.PC++
		op, arg, _ := strings.Cut(os.Args[f.PC], ":")
		f.step(op, arg)
	}
	os.Exit(0)
}

// inspect describes itself as a goroutine in state PC, or does what the program says it does instead.
func (f *fake) inspect() {
	switch mode := os.Args[len(os.Args)-1]; mode {
	case "exit:9":
		fmt.Fprintln(os.Stderr, "harkgen: cannot load the snapshot: so it is")
		os.Exit(1)
	case "exit:8":
		time.Sleep(time.Hour)
	}
	f.conn.Send(wire.Inspected{Inspection: &rt.Inspection{Goroutines: []rt.InspectedG{{ID: int64(f.PC), Op: fmt.Sprint(f.Inspect.Depth, os.Args[1:])}}}}, nil)
	os.Exit(0)
}

func check(err error) {
	if err != nil {
		os.Exit(137) // as rt does when the host is gone
	}
}

func (f *fake) commit(reason string, wake time.Time) {
	gs := []rt.Goroutine{{ID: 1, State: "waiting", Op: "sleep", Func: "main.main", Pos: fmt.Sprint("main.go:", f.PC, ":1")}}
	check(f.conn.Send(wire.Commit{Reason: reason, Wake: wake, Goroutines: gs, External: f.external, Taken: f.taken}, f))
	f.taken = nil
	for {
		if c, ok := f.receive().(wire.Committed); ok {
			if c.Verdict == wire.VerdictExit {
				os.Exit(exitUnloaded)
			}
			return
		}
	}
}

// receive returns the next message, and keeps events.
func (f *fake) receive() any {
	msg, _, err := f.conn.Receive()
	check(err)
	if e, ok := msg.(wire.Event); ok {
		f.events = append(f.events, e)
	}
	return msg
}

func (f *fake) event(idle bool) {
	if idle && len(f.events) == 0 {
		f.PC-- // this instruction again
		f.external = true
		f.commit("idle", time.Time{})
		f.external = false
		f.PC++
	}
	for len(f.events) == 0 {
		f.receive()
	}
	e := f.events[0]
	f.events = f.events[1:]
	f.taken = append(f.taken, e.ID)
	f.Lines = append(f.Lines, string(e.Data))
	check(f.conn.Send(wire.Response{ID: e.ID, Data: []byte(e.Kind + " " + string(e.Data))}, nil))
}

func (f *fake) step(op, arg string) {
	d, _ := time.ParseDuration(arg)
	n, _ := strconv.Atoi(arg)
	switch op {
	case "out":
		fmt.Println(arg)
	case "err":
		fmt.Fprintln(os.Stderr, arg)
	case "big":
		for i := 0; i < n; i += 64 {
			fmt.Printf("%063d\n", i)
		}
	case "commit":
		f.commit(arg, time.Time{})
	case "idle":
		f.Wake = time.Now().Add(d)
		f.commit("idle", f.Wake)
		time.Sleep(time.Until(f.Wake))
	case "wanted":
		for {
			msg, _, err := f.conn.Receive()
			check(err)
			if _, ok := msg.(wire.Wanted); ok {
				break
			}
		}
		f.commit("wanted", time.Time{})
	case "read":
		f.read()
	case "event":
		f.event(arg == "idle")
	case "tell":
		check(f.conn.Send(wire.Response{Data: []byte(arg)}, nil))
	case "all":
		for f.read() {
			f.commit(arg, time.Time{})
		}
	case "say":
		fmt.Println(strings.Join(f.Lines, "|"))
	case "kill":
		if arg != "" {
			if _, err := os.Stat(arg); err == nil {
				return
			}
			os.WriteFile(arg, nil, 0o600)
		}
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "signal":
		signal.Reset(syscall.Signal(n))
		syscall.Kill(os.Getpid(), syscall.Signal(n))
		select {}
	case "sleep":
		time.Sleep(d)
	case "pid":
		check(os.WriteFile(arg, fmt.Append(nil, os.Getpid()), 0o600))
	case "count":
		f.count(arg)
	case "pad":
		f.Pad = make([]byte, n)
	case "noise":
		f.Pad = make([]byte, n)
		rand.NewChaCha8([32]byte{2}).Read(f.Pad)
	case "touch":
		f.Pad[n]++
	case "huge":
		f.Huge = int64(n)
	case "rss":
		check(writePeak(arg))
	case "lost", "giveup":
		err := f.conn.Send(wire.Commit{}, halfSaved{f, op == "lost"})
		if _, ok := errors.AsType[*wire.SourceError](err); ok {
			f.conn.Send(wire.Refused{Err: arg}, nil)
			select {}
		}
		check(err)
	case "unsaved":
		check(f.conn.Send(wire.Unsaved{Why: arg}, nil))
	case "refuse":
		f.conn.Send(wire.Refused{Err: arg}, nil)
		select {}
	case "exit":
		os.Exit(n)
	}
}

// writePeak writes to a file how many KB of memory this process has had at most. Getrusage would count what there was before exec.
func writePeak(file string) error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	return os.WriteFile(file, []byte(strings.Fields(peak)[0]), 0o600)
}

// halfSaved writes a part of the snapshot and then dies, or fails.
type halfSaved struct {
	f   *fake
	die bool
}

func (h halfSaved) WriteTo(w io.Writer) (int64, error) {
	if _, err := h.f.WriteTo(w); err != nil {
		return 0, err
	}
	if _, err := w.Write(make([]byte, 1<<20)); err != nil {
		return 0, err
	}
	if h.die {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return 0, errors.New("half way")
}

func (f *fake) count(arg string) {
	a, b, _ := strings.Cut(arg, ":")
	n, _ := strconv.Atoi(a)
	d, _ := time.ParseDuration(b)
	for f.I < n {
		w := os.Stdout
		if f.I%5 == 4 {
			w = os.Stderr
		}
		fmt.Fprintln(w, f.I)
		time.Sleep(d)
		f.I++
		pc := f.PC
		f.PC-- // this instruction again
		f.commit("", time.Time{})
		f.PC = pc
	}
}

func (f *fake) read() bool {
	line := ""
	for {
		var b [1]byte
		n, err := os.Stdin.Read(b[:])
		if n == 0 || err != nil {
			return false
		}
		if b[0] == '\n' {
			f.Lines = append(f.Lines, line)
			return true
		}
		line += string(b[0])
	}
}
