package engine

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/harkgen/harkgen/internal/linear"
	"github.com/harkgen/harkgen/rt/exchange"
)

// This file defines a program whose processes use channels, locks, a condition, a group and words at random, and print what they have seen of
// them. What they note is part of their state: a crash undoes it with what it tells of. The history that comes out must be linearizable.

// The objects of the program, in the order of Refs.
const (
	hRendezvous = iota
	hBuffered
	hMutex
	hCond
	hRWMutex
	hGroup
	hOnce
	hWords // a region: a counter, and at 8 whether the Once is done
	hAll   // a WaitGroup for which main waits
)

const hCapacity = 2 // of hBuffered

// ticks numbers moments. It goes on when an engine crashes.
var ticks atomic.Int64

func init() {
	simFuncs["history"] = simHistory
	simFuncs["client"] = simClient
}

// simHistory begins N[1] processes that do N[2] things each. N[0] says which.
func simHistory(s *simState, c *simCall, y *exchange.Reply) {
	if s.PC == 1 {
		c.quit()
		return
	}
	s.PC = 1
	s.Refs = []exchange.ObjectID{
		hRendezvous: c.channel(0),
		hBuffered:   c.channel(hCapacity),
		hMutex:      c.share(exchange.Share{Kind: exchange.KindMutex}),
		hCond:       c.share(exchange.Share{Kind: exchange.KindCond}),
		hRWMutex:    c.share(exchange.Share{Kind: exchange.KindRWMutex}),
		hGroup:      c.share(exchange.Share{Kind: exchange.KindWaitGroup, Count: 2}),
		hOnce:       c.share(exchange.Share{Kind: exchange.KindMutex}),
		hWords:      c.share(exchange.Share{Kind: exchange.KindRegion}),
		hAll:        c.share(exchange.Share{Kind: exchange.KindWaitGroup, Count: s.N[1]}),
	}
	for _, offset := range []uint32{0, 8} {
		c.do(exchange.Op{Kind: exchange.OpPatch, Object: s.Refs[hWords], Offset: offset, Value: exchange.Value{Data: make([]byte, 8)}})
	}
	for i := range s.N[1] {
		c.spawn("client", []int64{s.N[0], s.N[2], i}, s.Refs...)
	}
	c.block(exchange.Op{Kind: exchange.OpWait, Object: s.Refs[hAll]})
}

// hActions are what a client may do next; each is done in several parts. "may" before a part: it is left out if the one before has failed.
var hActions = [][]string{
	{"send"}, {"send"}, {"recv"}, {"recv"}, {"try send"}, {"try recv"}, {"select"}, {"select"}, {"select"}, {"wait"}, {"add"},
	{"lock", "add", "unlock"}, {"try lock", "may unlock"}, {"rlock", "add", "runlock"}, {"wlock", "wunlock"}, {"try wlock", "may wunlock"},
	{"lock", "cond", "unlock"}, {"lock", "signal", "unlock"}, {"lock", "broadcast", "unlock"}, {"signal"}, {"lock once", "once", "unlock once"},
}

// simClient does N[1] actions as client N[2].
func simClient(s *simState, c *simCall, y *exchange.Reply) {
	if y != nil {
		s.answered(c, y)
	}
	for {
		if len(s.Todo) == 0 && !s.plan() {
			c.do(exchange.Op{Kind: exchange.OpAdd, Object: s.Refs[hAll], N: -1})
			s.Done = true
			return
		}
		what := s.Todo[0]
		s.Todo = s.Todo[1:]
		if s.part(c, what); c.wait {
			return
		}
		if hash(uint64(s.N[0]), s.N[2], "pause", ticks.Load())%3 == 0 {
			c.pause = true
			return
		}
	}
}

// plan chooses the next action. There is none when all are done and nothing is open.
func (s *simState) plan() bool {
	switch n := s.N[1]; {
	case n > 0:
		s.N[1]--
		if s.N[2] < 2 && n == 3 {
			s.Todo = []string{"done"}
		} else if h := hash(uint64(s.N[0]), s.N[2], n); h%40 == 0 {
			s.Todo = []string{"close"}
		} else {
			s.Todo = hActions[h/40%uint64(len(hActions))]
		}
	case len(s.Open) > 0:
		s.Todo = []string{"add"} // its reply says that what was open has had its effect
	default:
		return false
	}
	return true
}

// note begins an event.
func (s *simState) note(what string, object int) *linear.Event {
	if object == hCond {
		object = hMutex
	}
	s.Open = append(s.Open, linear.Event{Call: ticks.Add(1), Client: int(s.N[2]), What: what, Object: object})
	e := &s.Open[len(s.Open)-1]
	if object == hBuffered {
		e.Capacity = hCapacity
	}
	return e
}

func (c *simCall) printEvent(e linear.Event) {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	c.print(string(b))
}

// part does a part of an action.
func (s *simState) part(c *simCall, what string) {
	h := hash(uint64(s.N[0]), s.N[2], s.N[1], len(s.Todo))
	ref := func(i int) exchange.ObjectID { return s.Refs[i] }
	object, mode := hMutex, exchange.Exclusive
	name := strings.TrimPrefix(strings.TrimPrefix(what, "may "), "try ")
	switch name {
	case "wlock", "wunlock":
		object, name = hRWMutex, name[1:]
	case "rlock", "runlock":
		object, mode = hRWMutex, exchange.Reading
	}
	sure := func(op exchange.Op, object int) { // it has no reply, but an effect
		c.do(op)
		e := *s.note(name, object)
		e.End = linear.Never
		c.printEvent(e)
	}
	switch name {
	case "send", "recv", "select":
		s.selects(c, what, h)
	case "close":
		ch := int(h % 2)
		s.note(name, ch)
		c.block(exchange.Op{Kind: exchange.OpClose, Object: ref(ch)})
	case "lock", "rlock":
		kind := exchange.OpLock
		if strings.HasPrefix(what, "try") {
			kind = exchange.OpTryLock
		}
		s.note(name, object)
		c.block(exchange.Op{Kind: kind, Object: ref(object), Mode: mode})
	case "unlock", "runlock":
		sure(exchange.Op{Kind: exchange.OpUnlock, Object: ref(object), Mode: mode}, object)
	case "cond":
		name = "cond unlock"
		sure(exchange.Op{Kind: exchange.OpCond, Object: ref(hCond), Lock: ref(hMutex), G: 1}, hMutex)
		s.note("cond lock", hMutex)
		c.wait = true
	case "signal":
		sure(exchange.Op{Kind: exchange.OpSignal, Object: ref(hCond)}, hMutex)
	case "broadcast":
		sure(exchange.Op{Kind: exchange.OpBroadcast, Object: ref(hCond)}, hMutex)
	case "done":
		sure(exchange.Op{Kind: exchange.OpAdd, Object: ref(hGroup), N: -1}, hGroup)
	case "wait":
		s.note(name, hGroup)
		c.block(exchange.Op{Kind: exchange.OpWait, Object: ref(hGroup)})
	case "add":
		e := s.note(name, hWords)
		e.Value = int(1 + h%5)
		c.block(exchange.Op{Kind: exchange.OpAtomic, Object: ref(hWords), Atomic: exchange.AtomicAdd, N: int64(e.Value)})
	case "lock once":
		s.note("once", hOnce)
		c.block(exchange.Op{Kind: exchange.OpLock, Object: ref(hOnce)})
	case "once":
		c.block(exchange.Op{Kind: exchange.OpAtomic, Object: ref(hWords), Offset: 8, Atomic: exchange.AtomicCompareAndSwap, N: 1})
	case "unlock once":
		c.do(exchange.Op{Kind: exchange.OpUnlock, Object: ref(hOnce)})
	default:
		panic(what)
	}
}

// selects does a send, a receive, or a select of several.
func (s *simState) selects(c *simCall, what string, h uint64) {
	n := 1
	if what == "select" {
		n = 1 + int(h/64%3)
	}
	s.note(what, 0)
	op := exchange.Op{Kind: exchange.OpSelect, Default: strings.HasPrefix(what, "try")}
	s.Cases = nil
	for i := range n {
		h := h >> (3 * i)
		ch := int(h % 2)
		send := strings.HasSuffix(what, "send") || what == "select" && h/2%2 == 0
		value := int(s.N[2]*50 + s.N[1]*3 + int64(i) + 1)
		s.Cases = append(s.Cases, hCase{ch, send, value})
		op.Cases = append(op.Cases, exchange.Case{Channel: s.Refs[ch], Send: send, Value: intValue(int64(value))})
	}
	c.block(op)
}

// An hCase is a case of the select that waits.
type hCase struct {
	Ch    int
	Send  bool
	Value int
}

// answered takes a reply to the last operation, and notes the ends of all that is open.
func (s *simState) answered(c *simCall, y *exchange.Reply) {
	e := &s.Open[len(s.Open)-1]
	e.Panics = y.Kind == exchange.ReplyPanic
	switch e.What {
	case "send", "recv", "try send", "try recv", "select":
		chosen := s.Cases[max(y.Case, 0)]
		e.What = map[bool]string{true: "send", false: "recv"}[chosen.Send]
		e.Object, e.Capacity, e.Value, e.OK = chosen.Ch, chosen.Ch*hCapacity, chosen.Value, y.OK
		if y.OK {
			e.Got = int(valueInt(y.Value))
		}
		if y.Case < 0 {
			e.What = "no " + e.What
		}
	case "lock":
		if !y.OK && len(s.Todo) > 0 && strings.HasPrefix(s.Todo[0], "may ") {
			e.What, s.Todo = "no lock", s.Todo[1:]
		}
	case "add":
		e.Got = int(y.N)
	case "once":
		e.OK = y.OK
		if len(s.Todo) == 2 { // it has the lock
			return
		}
	}
	for _, e := range s.Open {
		e.End = ticks.Add(1)
		c.printEvent(e)
	}
	s.Open = nil
}

// readHistory returns the history that the program has printed.
func readHistory(printed string) ([]*linear.Event, error) {
	type key struct {
		client int
		call   int64
	}
	events := map[key]*linear.Event{}
	for line := range strings.Lines(printed) {
		e := &linear.Event{}
		if err := json.Unmarshal([]byte(line), e); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		events[key{e.Client, e.Call}] = e // of one whose end became known later, the last line counts
	}
	history := []*linear.Event{{Call: -2, End: -1, What: "group", Object: hGroup, Value: 2}}
	for _, e := range events {
		history = append(history, e)
	}
	return history, nil
}

func checkHistory(printed string) error {
	history, err := readHistory(printed)
	if err == nil {
		_, err = linear.Check(history)
	}
	return err
}

// TestHistoryKinds has enough programs without faults that everything happens that can be checked.
func TestHistoryKinds(t *testing.T) {
	counts := map[string]int{}
	for seed := range uint64(120) {
		synctest.Test(t, func(t *testing.T) {
			c := &crashing{t: t, m: newMemStore(), prog: historyProgram(seed)}
			c.prog.check = func(printed string) error {
				history, _ := readHistory(printed)
				for _, e := range history {
					counts[e.What]++
				}
				return checkHistory(printed)
			}
			c.run(crashPoint{}, ordered, false)
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Log(counts)
	for _, what := range []string{
		"send", "recv", "no send", "no recv", "close", "lock", "no lock", "unlock", "rlock", "runlock", "cond unlock", "cond lock", "signal", "broadcast", "once", "done", "wait", "add",
	} {
		if counts[what] == 0 {
			t.Errorf("no %s was done", what)
		}
	}
}

func historyProgram(seed uint64) simProgram {
	return simProgram{name: "history", main: simState{Func: "history", N: []int64{int64(seed), 4, 9}}, check: checkHistory, mayDeadlock: true}
}
