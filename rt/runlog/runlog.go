// Package runlog defines the log of a run on AWS: its lines, who writes them, and how those of many invocations become one log again.
//
// A line is a JSON object in the style of Lambda's own:
//
//	{"timestamp":"...","level":"INFO","run":"ID","requestId":"...","process":2,"step":7,"seq":120,"end":128,"stream":"stdout","message":"hello"}
//
// What the program has written has a place in the output of the whole run: seq is that of the line's first byte, end that after its last. All processes of a run share
// one output, whose order is causal. So lines can be put in order, whoever has logged them, and those that were logged twice are known. A line that
// continues in the next one of its stream is partial: the program has not ended it yet, or it is too long for CloudWatch. Lines of the host have no place.
package runlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Record is a line of the log.
type Record struct {
	Time    time.Time `json:"timestamp"`
	Level   string    `json:"level"` // as Lambda names them: TRACE, DEBUG, INFO, WARN, ERROR, FATAL
	Run     string    `json:"run,omitempty"`
	Request string    `json:"requestId,omitempty"`
	*Place            // nil: the host says it

	Message json.RawMessage `json:"message"` // a string, or the object that the program has written
}

// A Place says where a line is in the output of its run.
type Place struct {
	Process uint32 `json:"process"`
	Step    uint64 `json:"step"` // of the process, that wrote the line's end
	Seq     int64  `json:"seq"`
	End     int64  `json:"end"`
	Stream  string `json:"stream"` // "stdout", "stderr"
	Partial bool   `json:"partial,omitzero"`
}

var streams = [...]string{"stdout", "stderr"}

// Text returns the message as it was written, without the end of the line.
func (r *Record) Text() string {
	var s string
	if json.Unmarshal(r.Message, &s) == nil {
		return s
	}
	return string(r.Message)
}

// Text is what a line of a function's log would be if it was not structured.
func Text(line string) string {
	r, err := Parse([]byte(line))
	switch {
	case err != nil:
		return line
	case r.Place == nil:
		return "harkgen: " + r.Text()
	}
	return r.Text()
}

// Append appends the record and a newline. An object in Message stays as it is, byte for byte.
func (r *Record) Append(b []byte) ([]byte, error) {
	head := *r
	head.Message = json.RawMessage("0")
	data, err := json.Marshal(&head)
	if err != nil {
		return b, err
	}
	b = append(b, data[:len(data)-len("0}")]...)
	return append(append(b, r.Message...), "}\n"...), nil
}

// ErrNoRecord says that a line is not a record.
var ErrNoRecord = errors.New("not a line of the log of a run")

// Parse is the reverse of Append.
func Parse(line []byte) (*Record, error) {
	r := &Record{}
	if err := json.Unmarshal(line, r); err != nil || r.Message == nil || r.Level == "" {
		return nil, ErrNoRecord
	}
	if r.Place != nil && !slices.Contains(streams[:], r.Stream) {
		r.Place = nil
	}
	return r, nil
}

// message returns a line as a Message: as it is, if it is a JSON object, with the level that this says it has.
func message(line []byte) (m json.RawMessage, level string) {
	if isObject(line) {
		var o struct{ Level any }
		json.Unmarshal(line, &o)
		return line, levelOf(o.Level)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(string(line)) // a string always can be; what is not UTF-8 is replaced
	return bytes.TrimRight(b.Bytes(), "\n"), "INFO"
}

// isObject reports whether line is an object, and nothing else.
func isObject(line []byte) bool {
	return len(line) > 1 && line[0] == '{' && line[len(line)-1] == '}' && utf8.Valid(line) && json.Valid(line)
}

// levelOf returns the level that loggers mean by what they call it: log/slog has "DEBUG-4", "WARN+1".
func levelOf(v any) string {
	s, _ := v.(string)
	s = strings.ToUpper(s)
	if i := strings.IndexAny(s, "+-"); i >= 0 {
		s = s[:i]
	}
	switch s {
	case "TRACE", "DEBUG", "WARN", "ERROR", "FATAL":
		return s
	case "WARNING":
		return "WARN"
	case "PANIC", "DPANIC":
		return "FATAL"
	}
	return "INFO"
}
