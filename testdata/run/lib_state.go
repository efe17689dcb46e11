// State of packages that are not compiled: the default loggers, as the program sets them; os.Stdout, loggers and http.DefaultClient in variables,
// fields, closures and frames are those of the new process.
package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

var (
	logger   = log.New(os.Stdout, "pkg: ", 0)
	client   = &http.Client{Timeout: time.Minute}
	errGone  = errors.New("gone")
	word     = regexp.MustCompile(`\w+`)
	names    = map[string]int{"one": 1, "two": 2}
	funcs    = map[string]func(int) int{"double": double, "negate": func(x int) int { return -x }}
	replacer = strings.NewReplacer("a", "b")
	table    = []*entry{{"a", 1}, {"b", 2}}
	first    = table[0]
	count    int
	seen               = map[string]*entry{}
	out      io.Writer = os.Stdout
)

type entry struct {
	name string
	n    int
}

type service struct {
	log    *log.Logger
	slog   *slog.Logger
	client *http.Client
	tr     http.RoundTripper
	out    *os.File
	err    error
	names  map[string]int
	word   *regexp.Regexp
}

func double(x int) int { return 2 * x }

func wait(ch chan int) {
	go func() { ch <- 1 }()
	<-ch
	time.Sleep(time.Millisecond)
}

func main() {
	ch := make(chan int)
	wait(ch)
	log.SetFlags(0)
	log.SetPrefix("std: ")
	log.SetOutput(os.Stdout)
	std := log.Default()
	wait(ch)
	log.Print("one")
	std.Print("two")
	std.SetPrefix("new: ")
	wait(ch)
	log.Print("three")
	fmt.Println(std == log.Default())

	s := &service{
		logger, slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: noTime})), http.DefaultClient, http.DefaultTransport,
		os.Stdout, errGone, names, word,
	}
	wait(ch)
	s.log.Print("in a field")
	s.slog.Info("in a field", "n", 1)
	fmt.Fprintln(s.out, s.client == http.DefaultClient, s.tr == http.DefaultTransport, s.out == os.Stdout, s.err == errGone, errors.Is(s.err, errGone))
	get := func() (*http.Client, *log.Logger) { return client, s.log }
	derived := s.slog.With("a", 1)
	wait(ch)
	c, l := get()
	fmt.Println(c == client, l == logger, c.Timeout, s.word == word, s.word.FindString("a b"), len(s.names), s.names["two"])
	derived.Info("derived")

	slog.SetDefault(derived)
	wait(ch)
	slog.Info("default")
	log.Print("through slog")
	fmt.Println(slog.Default() == derived)

	e, f := table[1], funcs["negate"]
	count++
	seen["x"] = e
	wait(ch)
	fmt.Println(e == table[1], first == table[0], f(3), funcs["double"](3), replacer.Replace("aa"), count, seen["x"] == e, out == io.Writer(os.Stdout))
}

func noTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
