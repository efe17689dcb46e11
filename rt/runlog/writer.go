package runlog

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// maxLine is how many bytes of a message go into one line, in JSON: CloudWatch takes events of 256 KB, of which 26 bytes are its own and some are the other fields.
const maxLine = 256<<10 - 1024

// A Piece is a part of what a run has written.
type Piece struct {
	FD      int // 1 standard output, 2 standard error
	Process uint32
	Step    uint64
	Base    int64 // its place in the output of the run, in bytes
	Data    []byte
}

// A Writer writes the lines of an invocation. Its methods may be called by several goroutines.
type Writer struct {
	w   io.Writer // gets a line with each call
	now func() time.Time

	mu           sync.Mutex
	run, request string
	held         [len(streams)]held
}

// A held is the beginning of a line of a stream.
type held struct {
	place Place
	text  []byte
	cost  int // bytes of text in JSON, at most
}

// NewWriter returns a Writer that writes to w and takes the time from now.
func NewWriter(w io.Writer, now func() time.Time) *Writer { return &Writer{w: w, now: now} }

// Begin says what lines are about from now on. Either may be "".
func (w *Writer) Begin(run, request string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run, w.request = run, request
}

// Write writes the lines that end in p, and holds the rest back until a later piece ends it, it is too long for a line, or Flush.
func (w *Writer) Write(p Piece) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := &w.held[p.FD-1]
	for b := p.Data; len(b) > 0; {
		n, ends := len(b), false
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			n, ends = i+1, true
		}
		part := b[:n]
		if room := fits(part, maxLine-h.cost); room < n && !(ends && room == n-1) {
			part, ends = b[:room], false
		}
		full := !ends && len(part) < n
		h.add(&p, part)
		p.Base += int64(len(part))
		b = b[len(part):]
		if ends || full {
			if err := w.release(h, p.FD, !ends); err != nil {
				return err
			}
		}
	}
	return nil
}

// add adds text that begins at p.Base.
func (h *held) add(p *Piece, text []byte) {
	if len(h.text) == 0 {
		h.place.Seq = p.Base
	}
	h.place.Process, h.place.Step, h.place.End = p.Process, p.Step, p.Base+int64(len(text))
	h.text = append(h.text, text...)
	h.cost += cost(text)
}

// release writes what is held.
func (w *Writer) release(h *held, fd int, partial bool) error {
	if len(h.text) == 0 {
		return nil
	}
	place := h.place
	place.Stream, place.Partial = streams[fd-1], partial
	text := h.text
	if !partial {
		text = text[:len(text)-1]
	}
	err := w.put(&place, text, "")
	*h = held{}
	return err
}

func (w *Writer) put(p *Place, text []byte, level string) error {
	r := Record{Time: w.now().UTC(), Run: w.run, Request: w.request, Place: p}
	r.Message, r.Level = message(text)
	if level != "" {
		r.Level = level
	}
	line, err := r.Append(nil)
	if err != nil {
		return err
	}
	_, err = w.w.Write(line)
	return err
}

// Flush writes what is held back, as partial lines.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.held {
		if err := w.release(&w.held[i], i+1, true); err != nil {
			return err
		}
	}
	return nil
}

// Say writes what the host says: text, which may have several lines, is one record.
func (w *Writer) Say(level, text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := []byte(strings.TrimRight(text, "\n"))
	return w.put(nil, b[:fits(b, maxLine)], level)
}

// fits returns how many bytes at the beginning of b have room for their JSON in so many bytes, without cutting a character: at least one.
func fits(b []byte, room int) int {
	n := 0
	for n < len(b) {
		_, size := utf8.DecodeRune(b[n:])
		if room -= cost(b[n : n+size]); room < 0 && n > 0 {
			break
		}
		n += size
	}
	return n
}

// cost returns how many bytes b has at most as a string in JSON: one that is escaped has two or six.
func cost(b []byte) int {
	n := len(b)
	for _, c := range b {
		switch {
		case c == '"' || c == '\\':
			n++
		case c < ' ' || c >= utf8.RuneSelf:
			n += 5
		}
	}
	return n
}
