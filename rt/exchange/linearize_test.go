package exchange

import (
	"fmt"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// This file says what channels, locks, groups and words are, one operation after the other, and checks histories with porcupine.

// An event is an operation on one object. A select is one on the object whose case was chosen.
type event struct {
	call, end int64 // a number for each moment; end 0: it has not come to an end, and so had no effect
	client    int
	what      string
	object    int
	capacity  int // of a channel
	value     int // sent, added
	got       int // received, loaded
	ok        bool
	panics    bool
}

func (e *event) String() string {
	return fmt.Sprintf("[%d,%d] client %d: %s %d: value %d, got %d, ok %v, panics %v", e.call, e.end, e.client, e.what, e.object, e.value, e.got, e.ok, e.panics)
}

// A sequential is the state of an object of any kind.
type sequential struct {
	queue   string // values of a channel, each one byte
	closed  bool
	pending bool // an unbuffered channel: the value in queue must be received at once
	writer  bool
	readers int
	n       int
}

var linear = porcupine.Model{
	Init: func() any { return sequential{} },
	Step: func(s, in, _ any) (bool, any) { return step(s.(sequential), in.(*event)) },
}

func step(s sequential, e *event) (bool, sequential) {
	if s.pending && (e.what != "recv" || !e.ok) {
		return false, s
	}
	full := len(s.queue) >= e.capacity
	switch e.what {
	case "send":
		if e.panics || s.closed {
			return e.panics && s.closed, s
		}
		ok := !full || e.capacity == 0
		s.queue += string([]byte{byte(e.value)})
		s.pending = e.capacity == 0
		return ok, s
	case "recv":
		if !e.ok {
			return s.closed && s.queue == "", s
		}
		if s.queue == "" || s.queue[0] != byte(e.got) {
			return false, s
		}
		s.queue, s.pending = s.queue[1:], false
		return true, s
	case "no send": // a default clause
		return (full || e.capacity == 0) && !s.closed, s
	case "no recv":
		return s.queue == "" && !s.closed, s
	case "close":
		ok := e.panics == s.closed
		s.closed = true
		return ok, s
	case "lock":
		ok := !s.writer && s.readers == 0
		s.writer = true
		return ok, s
	case "no lock":
		return s.writer || s.readers > 0, s
	case "rlock":
		ok := !s.writer
		s.readers++
		return ok, s
	case "unlock":
		ok := s.writer
		s.writer = false
		return ok, s
	case "runlock":
		s.readers--
		return s.readers >= 0, s
	case "done":
		s.n--
		return true, s
	case "group": // the first operation on it
		s.n = e.value
		return true, s
	case "wait":
		return s.n == 0, s
	case "add":
		s.n += e.value
		return s.n == e.got, s
	}
	panic(e.what)
}

// linearizable checks a history, one object after the other.
func linearizable(t *testing.T, history []*event) {
	t.Helper()
	objects := map[int][]porcupine.Operation{}
	senders := map[int]*event{}
	for _, e := range history {
		if e.end == 0 {
			continue
		}
		objects[e.object] = append(objects[e.object], porcupine.Operation{ClientId: e.client, Input: e, Call: e.call, Return: e.end})
		if e.what == "send" && e.capacity == 0 && !e.panics {
			senders[e.value] = e
		}
	}
	for o, ops := range objects {
		result := porcupine.CheckOperationsTimeout(linear, ops, 20*time.Second)
		if result == porcupine.Unknown {
			t.Logf("object %d: too many orders for porcupine", o)
		}
		if result == porcupine.Illegal {
			t.Errorf("object %d: not linearizable", o)
			for _, op := range ops {
				t.Log(op.Input)
			}
		}
	}
	// Who meets on an unbuffered channel is there at the same time.
	for _, e := range history {
		if e.what == "recv" && e.capacity == 0 && e.ok && e.end > 0 {
			if s := senders[e.got]; s == nil || s.end < e.call || e.end < s.call {
				t.Errorf("%v has met %v", e, s)
			}
		}
	}
}

// TestLinearizable: the check misses what is wrong.
func TestLinearizable(t *testing.T) {
	for _, history := range [][]*event{
		{{call: 1, end: 2, what: "send", capacity: 2, value: 1}, {call: 3, end: 4, what: "send", capacity: 2, value: 2}, {call: 5, end: 6, what: "recv", capacity: 2, got: 2, ok: true}},
		{{call: 1, end: 2, what: "send", capacity: 1, value: 1}, {call: 3, end: 4, what: "send", capacity: 1, value: 2}},
		{{call: 1, end: 2, what: "recv", capacity: 1, got: 1, ok: true}},
		{{call: 1, end: 2, what: "send", capacity: 2, value: 1}, {call: 3, end: 4, what: "recv", capacity: 2, got: 1, ok: true}, {call: 3, end: 4, what: "recv", capacity: 2, got: 1, ok: true}},
		{{call: 1, end: 2, what: "lock"}, {call: 3, end: 4, what: "rlock"}},
		{{call: 1, end: 2, what: "group", value: 1}, {call: 3, end: 4, what: "wait"}},
		{{call: 1, end: 2, what: "add", value: 1, got: 1}, {call: 1, end: 2, what: "add", value: 1, got: 1}},
	} {
		var ops []porcupine.Operation
		for i, e := range history {
			ops = append(ops, porcupine.Operation{ClientId: i, Input: e, Call: e.call, Return: e.end})
		}
		if porcupine.CheckOperations(linear, ops) {
			t.Errorf("%v was let through", history)
		}
	}
}
