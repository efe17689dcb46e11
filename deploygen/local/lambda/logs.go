package lambda

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/clock"
)

// This file defines where the logs of environments go.

// A LogEvent is a line of a log.
type LogEvent struct {
	Group, Stream string
	Time          time.Time // of the clock
	Message       string    // without newline
}

// A Sink takes the logs. Log may be called by several goroutines, and must not keep them waiting for long.
type Sink interface{ Log(LogEvent) }

type nobody struct{}

func (nobody) Log(LogEvent) {}

// stamp is how times are written, in UTC.
const stamp = "2006-01-02T15:04:05.000Z"

// maxTail is how much of an invocation's log its caller may ask for, in bytes.
const maxTail = 4096

// maxLine is where longer lines are cut, in bytes.
const maxLine = 256 << 10

// A stream is the log of an environment. What its processes write comes through a pipe; so that it can be told what an invocation has written, this
// process writes a line to the same pipe at its end, one that nobody else could write, and waits until that has come through.
type stream struct {
	group, name string
	clock       *clock.Clock
	sink        Sink
	mark        string // a whole line
	r, w        *os.File
	marks       chan struct{} // gets one for each mark that has come through
	gone        chan struct{} // closed when all was read

	mu   sync.Mutex
	tail []byte // the end of the log of this invocation
}

func newStream(group, name, mark string, c *clock.Clock, sink Sink) (*stream, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s := &stream{group: group, name: name, clock: c, sink: sink, mark: mark, r: r, w: w, marks: make(chan struct{}), gone: make(chan struct{})}
	go s.read()
	return s, nil
}

// read logs what comes through the pipe. A mark is preceded by a newline, to end a line that was not; it is not the end of an empty one.
func (s *stream) read() {
	defer close(s.gone)
	b := bufio.NewReaderSize(s.r, maxLine)
	empty := false // an empty line that was not logged yet
	for {
		line, err := b.ReadSlice('\n')
		if err != nil && len(line) == 0 {
			return
		}
		text := string(bytes.TrimSuffix(line, []byte("\n")))
		if text == s.mark {
			empty = false
			s.marks <- struct{}{}
			continue
		}
		if empty {
			s.log("")
		}
		if empty = text == ""; !empty {
			s.log(text)
		}
	}
}

// log adds a line.
func (s *stream) log(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tail = append(append(s.tail, text...), '\n')
	if over := len(s.tail) - maxTail; over > 0 {
		s.tail = append(s.tail[:0], s.tail[over:]...)
	}
	s.sink.Log(LogEvent{s.group, s.name, s.clock.Now(), text})
}

// flush returns when all that was written has been logged. Then nothing comes until a process of the environment goes on.
func (s *stream) flush() {
	fmt.Fprintf(s.w, "\n%s\n", s.mark)
	<-s.marks
}

// begin and end delimit the tail.
func (s *stream) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tail = s.tail[:0]
}

func (s *stream) end() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tail)
}

// platform logs an event of Lambda itself.
func (s *stream) platform(typ string, record map[string]any) {
	data, err := json.Marshal(map[string]any{
		"time":   s.clock.Now().UTC().Format(stamp),
		"type":   "platform." + typ,
		"record": record,
	})
	if err != nil {
		panic(err) // strings and numbers
	}
	s.log(string(data))
}

// close ends the stream. A process that has the pipe and is still there loses it.
func (s *stream) close() {
	s.w.Close()
	s.r.Close()
	<-s.gone
}
