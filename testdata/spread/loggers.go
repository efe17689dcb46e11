// Covers: loggers that goroutines of several processes share, settings of package log, os.Stdout in an interface, a builder under a mutex, a pool, a source of random numbers.
package main

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/rand"
	"os"
	"strings"
	"sync"
)

type report struct {
	mu  sync.Mutex
	b   strings.Builder
	r   *rand.Rand
	sum int
}

type sink struct{ w io.Writer }

func main() {
	os.Setenv("GREETING", "hello")
	log.SetFlags(0)
	log.SetPrefix("log: ")
	log.SetOutput(os.Stdout)
	l := log.New(os.Stdout, "first: ", 0)
	h := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	s := &sink{os.Stdout}
	done := make(chan bool)
	go func() {
		log.Println(os.Getenv("GREETING"))
		l.Println("in another process")
		l.SetPrefix("second: ")
		h.Info("structured", "n", 1)
		fmt.Fprintln(s.w, "the same", s.w == os.Stdout)
		done <- true
	}()
	<-done
	l.Println("in main")

	p := &sync.Pool{New: func() any { return new(strings.Builder) }}
	rep := &report{r: rand.New(rand.NewSource(1))}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			b := p.Get().(*strings.Builder)
			b.Reset()
			b.WriteString("line;")
			rep.mu.Lock()
			defer rep.mu.Unlock()
			rep.b.WriteString(b.String())
			rep.sum += rep.r.Intn(1000)
			p.Put(b)
		})
	}
	wg.Wait()
	fmt.Println(rep.b.String(), rep.sum)
}
