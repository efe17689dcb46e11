package a

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"sort"
	"strings"
	"testing"
	"time"
)

func benchmark(c chan int) {
	testing.AllocsPerRun(1, func() { <-c }) // want `the call of testing.AllocsPerRun may pin its goroutine; it calls back a.benchmark\$1 \(a.go:15:26\), which may suspend, and is not compiled itself; the process cannot be saved until that returns; let the callback not wait: collect what it gives, and wait after the call \(warning: pinned\)`
}

func plain() {
	testing.AllocsPerRun(1, func() {})
}

// slow is a reader that waits.
type slow struct{ c chan int }

func (s slow) Read(b []byte) (int, error) { return <-s.c, io.EOF }

func readers(s slow) {
	bufio.NewReader(s) // keeps it
	http.ReadRequest(nil)
	json.NewDecoder(s)
}

func compiledAlong(c chan int, xs []int) {
	sort.Slice(xs, func(i, j int) bool { return <-c > 0 })
	strings.Map(func(r rune) rune { <-c; return r }, "")
}

func another(c chan int) {
	time.AfterFunc(time.Second, func() { <-c })
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) { <-c })
}

func acknowledged(c chan int) {
	testing.AllocsPerRun(1, func() { <-c }) //hark:ok pinned it is a test
}
