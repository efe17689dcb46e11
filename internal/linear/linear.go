// Package linear says what channels, locks, conditions, groups and words are, one operation after the other, and checks with porcupine that what goroutines
// have seen of them is what they would have seen had each operation happened at one moment between its call and its end.
package linear

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// An Event is an operation on one object. A select is one on the channel whose case was chosen; a Cond.Wait is two on the mutex of the condition, which may
// overlap: CondUnlock and CondLock.
type Event struct {
	Call, End int64 // a number for each moment; End 0: it has not come to an end, and so had no effect; Never: it had, but nobody was told
	Client    int   // goroutine
	What      string
	Object    int
	Capacity  int // of a channel
	Value     int // sent, added
	Got       int // received, loaded
	OK        bool
	Panics    bool
}

// Never is the End of an operation that had its effect, but has no known end.
const Never = math.MaxInt64

func (e *Event) String() string {
	return fmt.Sprintf("[%d,%d] client %d: %s %d: value %d, got %d, ok %v, panics %v", e.Call, e.End, e.Client, e.What, e.Object, e.Value, e.Got, e.OK, e.Panics)
}

// A sequential is the state of an object of any kind.
type sequential struct {
	queue   string // values of a channel, each one byte
	closed  bool
	pending bool // an unbuffered channel: the value in queue must be received at once
	writer  bool
	readers int
	n       int
	waiting string // clients that wait for a condition, first in, first out, each one byte
	woken   string // those of them that were signalled
}

var linear = porcupine.Model{
	Init: func() any { return sequential{} },
	Step: func(s, in, _ any) (bool, any) { return step(s.(sequential), in.(*Event)) },
}

func step(s sequential, e *Event) (bool, sequential) {
	if s.pending && (e.What != "recv" || !e.OK) {
		return false, s
	}
	full := len(s.queue) >= e.Capacity
	switch e.What {
	case "send":
		if e.Panics || s.closed {
			return e.Panics && s.closed, s
		}
		ok := !full || e.Capacity == 0
		s.queue += string([]byte{byte(e.Value)})
		s.pending = e.Capacity == 0
		return ok, s
	case "recv":
		if !e.OK {
			return s.closed && s.queue == "", s
		}
		if s.queue == "" || s.queue[0] != byte(e.Got) {
			return false, s
		}
		s.queue, s.pending = s.queue[1:], false
		return true, s
	case "no send": // a default clause
		return (full || e.Capacity == 0) && !s.closed, s
	case "no recv":
		return s.queue == "" && !s.closed, s
	case "close":
		ok := e.Panics == s.closed
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
	case "cond unlock":
		ok := s.writer
		s.writer = false
		s.waiting += client(e)
		return ok, s
	case "cond lock":
		ok := !s.writer && strings.Contains(s.woken, client(e))
		s.writer = true
		s.woken = strings.Replace(s.woken, client(e), "", 1)
		return ok, s
	case "signal":
		n := min(len(s.waiting), 1)
		s.waiting, s.woken = s.waiting[n:], s.woken+s.waiting[:n]
		return true, s
	case "broadcast":
		s.waiting, s.woken = "", s.woken+s.waiting
		return true, s
	case "once": // ok: it was this one that did it
		ok := e.OK == (s.n == 0)
		s.n = 1
		return ok, s
	case "done":
		s.n--
		return true, s
	case "group": // the first operation on it
		s.n = e.Value
		return true, s
	case "wait":
		return s.n == 0, s
	case "add":
		s.n += e.Value
		return s.n == e.Got, s
	}
	panic(e.What)
}

func client(e *Event) string { return string([]byte{byte(e.Client)}) }

// Check returns what is wrong with a history, nil if nothing is; it looks at one object after the other. unknown are those for which there are too
// many orders.
func Check(history []*Event) (unknown int, err error) {
	objects := map[int][]porcupine.Operation{}
	senders := map[int]*Event{}
	for _, e := range history {
		if e.End == 0 {
			continue
		}
		objects[e.Object] = append(objects[e.Object], porcupine.Operation{ClientId: e.Client, Input: e, Call: e.Call, Return: e.End})
		if e.What == "send" && e.Capacity == 0 && !e.Panics {
			senders[e.Value] = e
		}
	}
	for o, ops := range objects {
		switch porcupine.CheckOperationsTimeout(linear, ops, 20*time.Second) {
		case porcupine.Unknown:
			unknown++
		case porcupine.Illegal:
			text := fmt.Sprintf("object %d is not linearizable:", o)
			for _, op := range ops {
				text += fmt.Sprint("\n", op.Input)
			}
			return unknown, errors.New(text)
		}
	}
	// Who meets on an unbuffered channel is there at the same time.
	for _, e := range history {
		if e.What == "recv" && e.Capacity == 0 && e.OK && e.End > 0 {
			if s := senders[e.Got]; s == nil || s.End < e.Call || e.End < s.Call {
				return unknown, fmt.Errorf("%v has met %v", e, s)
			}
		}
	}
	return unknown, nil
}
