package lambdahost

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/wire"
)

// This file defines the fake program: this test binary, started again by the handler as the worker. Its whole state is a
// counter, its snapshot the counter's digits.

func TestMain(m *testing.M) {
	if _, ok := os.LookupEnv(envWorker); ok {
		if len(os.Args) > 1 && os.Args[1] == "crowd" {
			runCrowd()
		}
		if len(os.Args) > 1 && os.Args[1] == "counter" {
			runCounter()
		}
		if len(os.Args) > 1 && os.Args[1] == "handler" {
			runHandler()
		}
		fakeProgram(os.Args[1:])
	}
	if _, ok := os.LookupEnv(envHandler); ok {
		mainHandler()
	}
	os.Setenv("AWS_LAMBDA_RUNTIME_API", "x") // the program must not see them
	os.Setenv(EnvTable, "x")
	os.Exit(m.Run())
}

type fake struct {
	host  rt.Host
	n     int // the state
	ahead time.Duration
}

// fakeProgram does what its first argument says.
func fakeProgram(args []string) {
	host, err := wire.Dial()
	if err != nil {
		panic(err)
	}
	f := &fake{host: host}
	start, err := host.Load(context.Background())
	if err != nil {
		panic(err)
	}
	f.ahead = start.Ahead
	if start.Snapshot != nil {
		state, err := io.ReadAll(start.Snapshot)
		if err != nil {
			panic(err)
		}
		digits, _, _ := strings.Cut(string(state), " ")
		f.n, _ = strconv.Atoi(digits)
		if string(state) != f.state(len(state)) || start.Size != int64(len(state)) {
			panic("the snapshot is not what was committed")
		}
	}
	switch args[0] {
	case "exit": // exit STATUS TEXT...
		fmt.Println(strings.Join(args[2:], " "))
		status, _ := strconv.Atoi(args[1])
		os.Exit(status)
	case "steps": // a few steps, with output on both sides
		for f.n < 5 {
			f.n++
			fmt.Println("step", f.n)
			fmt.Fprintln(os.Stderr, "err", f.n)
			f.commit("interval", time.Time{}, 0)
		}
	case "large": // large SIZE: steps with snapshots that go to the bucket, and a sleep, so that the last one is loaded
		size, _ := strconv.Atoi(args[1])
		for f.n < 3 {
			f.n++
			fmt.Println("step", f.n)
			f.commit("interval", time.Time{}, size)
		}
		if f.n == 3 {
			f.n++
			f.commit("idle", time.Now().Add(time.Hour+f.ahead), size)
		}
	case "sleep": // sleep DURATION [SIZE]: three times, with snapshots of a size
		d, _ := time.ParseDuration(args[1])
		size := 0
		if len(args) > 2 {
			size, _ = strconv.Atoi(args[2])
		}
		for f.n < 3 {
			f.n++
			fmt.Println("sleep", f.n)
			f.commit("idle", time.Now().Add(d+f.ahead), size)
		}
		fmt.Println("woke")
		os.Exit(3)
	case "busy": // busy N: counts to N, 10 ms each, and commits when it is asked to
		end, _ := strconv.Atoi(args[1])
		for f.n < end {
			select {
			case <-host.Wanted():
				f.commit("wanted", time.Time{}, 0)
			case <-time.After(10 * time.Millisecond):
				f.n++
			}
		}
		fmt.Println("counted to", f.n)
	case "cat":
		io.Copy(os.Stdout, os.Stdin)
	case "stuck": // never commits
		select {}
	case "killed":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "unmovable":
		host.(rt.Refuser).Refuse("main.go:31 handler -> conn -> fd *os.File")
	case "env":
		for _, kv := range os.Environ() {
			if strings.HasPrefix(kv, "HARK_") || strings.HasPrefix(kv, "AWS_LAMBDA_RUNTIME_API") {
				fmt.Println(kv)
			}
		}
	default:
		fmt.Println("args", len(args))
	}
	os.Exit(0)
}

// state returns the snapshot: the counter, and noise up to a size, of which the middle depends on the counter.
func (f *fake) state(size int) string {
	b := fmt.Appendf(nil, "%d ", f.n)
	if n := size - len(b); n > 0 {
		noise := make([]byte, n)
		rand.NewChaCha8([32]byte{1}).Read(noise)
		noise[n/2] ^= byte(f.n)
		b = append(b, noise...)
	}
	return string(b)
}

// commit commits the counter, padded to a size with what does not compress.
func (f *fake) commit(reason string, wake time.Time, size int) {
	v, err := f.host.Commit(context.Background(), &rt.Step{
		Snapshot:   strings.NewReader(f.state(size)),
		Reason:     reason,
		Wake:       wake,
		Goroutines: []rt.Goroutine{{ID: 1, State: "waiting", Op: "sleep", Func: "main.main", Pos: "main.go:7:2"}},
	})
	if err != nil {
		panic(err)
	}
	if v == rt.Exit {
		os.Exit(75)
	}
}
