// This file defines the progress line, which exists on a terminal only.

package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// A progress is one line at the bottom of the terminal, which is erased before anything else is written.
type progress struct {
	w  io.Writer // nil: there is no terminal
	fd int

	mu    sync.Mutex
	shown bool
	dirty bool // the last output on the terminal did not end its line
	last  time.Time
}

func newProgress(w io.Writer) *progress {
	p := new(progress)
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		p.w, p.fd = f, int(f.Fd())
	}
	return p
}

// set shows the text in place of the last one.
func (p *progress) set(text string) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dirty {
		return
	}
	width, _, err := term.GetSize(p.fd)
	if err != nil || width < 10 {
		width = 80
	}
	if r := []rune(text); len(r) >= width {
		text = string(r[:width-2]) + "…"
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", text)
	p.shown = true
}

func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

func (p *progress) erase() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// during shows what f says every now and then, with the time it takes, until the returned function is called.
func (p *progress) during(f func(elapsed time.Duration) string) (stop func()) {
	if p.w == nil {
		return func() {}
	}
	done := make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() {
		start := time.Now()
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if text := f(time.Since(start)); text != "" {
					p.set(text)
				}
			case <-done:
				p.clear()
				return
			}
		}
	})
	var once sync.Once
	return func() { once.Do(func() { close(done) }); wg.Wait() }
}

// writer returns a writer to w before which the line is erased.
func (p *progress) writer(w io.Writer) io.Writer {
	if p.w == nil {
		return w
	}
	f, ok := w.(*os.File)
	return &progressWriter{p, w, ok && term.IsTerminal(int(f.Fd()))}
}

type progressWriter struct {
	p    *progress
	w    io.Writer
	term bool
}

func (w *progressWriter) Write(b []byte) (int, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	w.p.erase()
	n, err := w.w.Write(b)
	if w.term && n > 0 {
		w.p.dirty = b[n-1] != '\n'
	}
	w.p.last = time.Now()
	return n, err
}

// quiet returns for how long nothing was written.
func (p *progress) quiet() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.last)
}
