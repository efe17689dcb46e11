// Package spans defines the trace of a run as data. Package otlp below it sends spans to a collector; a handler that does not trace links none of that.
//
// The ids follow from the id of the run and the numbers of its processes, so whoever executes a step knows those of all that are above it, and nothing has to be carried along:
//
//	run                      from its start to its end
//	  invocation             of the coordinator
//	  step                   of process 0
//	  process                a remote goroutine, from its first step to its end; below the process that has started it
//	    step
package spans

import (
	"crypto/sha256"
	"encoding/binary"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// An ID is that of a span.
type ID [8]byte

// A Span is one that is over.
type Span struct {
	Run        string // all spans of a run are one trace
	ID, Parent ID     // Parent is zero for the span of the run
	Name       string
	Begin, End time.Time
	Attributes map[string]any // strings, int64
	Link       string         // the trace that the invocation is part of, as X-Amzn-Trace-Id or traceparent; may be ""
	Error      string         // not "": it has failed
}

// TraceID returns the id of the trace of a run.
func TraceID(run string) (id [16]byte) {
	sum := sha256.Sum256([]byte("harkgen trace " + run))
	copy(id[:], sum[:])
	return id
}

// Process returns the id of the span of a process; that of process 0 is the run's.
func Process(run string, process uint32) ID { return id(run, "process", uint64(process)) }

// Step returns the id of the span of a step.
func Step(run string, process uint32, step uint64) ID {
	return id(run, "step", uint64(process), step)
}

// Invocation returns the id of the span of an invocation.
func Invocation(run, request string) ID { return id(run+" "+request, "invocation") }

func id(run, what string, numbers ...uint64) (id ID) {
	b := append([]byte(what), 0)
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	sum := sha256.Sum256(append(b, run...))
	copy(id[:], sum[:])
	return id
}

// An Origin is where a process comes from.
type Origin struct {
	Parent   uint32 // the process that has started it
	Function string // in which the go statement is
	File     string
	Line     int
}

var created = regexp.MustCompile(`^created by (.*) in (?:process (\d+), goroutine \d+|package initialisation)$`)

// ParseOrigin reads it in the form of a traceback: "created by FUNCTION in process P, goroutine G", and on the second line FILE:LINE.
func ParseOrigin(text string) (o Origin) {
	first, second, _ := strings.Cut(text, "\n")
	if m := created.FindStringSubmatch(first); m != nil {
		n, _ := strconv.ParseUint(m[2], 10, 32)
		o.Function, o.Parent = m[1], uint32(n)
	}
	o.File = strings.TrimSpace(second)
	if i := strings.LastIndexByte(o.File, ':'); i >= 0 {
		if n, err := strconv.Atoi(o.File[i+1:]); err == nil {
			o.File, o.Line = o.File[:i], n
		}
	}
	return o
}

// Name returns what a span of a process with the origin is called.
func (o Origin) Name() string {
	if o.Function == "" {
		return "go"
	}
	return "go " + o.Function + " " + path.Base(o.File) + ":" + strconv.Itoa(o.Line)
}
