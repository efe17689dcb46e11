package exchange

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// This file runs random programs natively, and on the exchange with batches and replies that come in a random order.
//
// Of programs in which each channel has one sender and one receiver, and that have no select, the result does not depend on the order: both must
// have the same, down to who waits for ever. Of others the histories must be linearizable; those of Go are checked as well, to know that the check is
// right.

// An action is a line of a goroutine of such a program.
type action struct {
	what  string // send, recv, try send, try recv, close, select, critical, rcritical, try lock, done, wait, add
	ch    int    // channel
	value int
	cases []action
}

// The objects of a program: channels have the numbers from 1 on.
const (
	theMutex = 100 + iota
	theRWMutex
	theGroup
	theWord
)

// A sketch is a program: capacities of its channels, its goroutines, and how many of them each process has.
type sketch struct {
	caps       []int
	goroutines [][]action
	processes  int
	dones      int
}

// network makes a program whose result does not depend on the order.
func network(r *rand.Rand) *sketch {
	s := &sketch{processes: 1 + r.IntN(4), goroutines: make([][]action, 2+r.IntN(4))}
	n := len(s.goroutines)
	value := 0
	for ch := 1; ch <= 1+r.IntN(5); ch++ {
		s.caps = append(s.caps, r.IntN(3))
		from, to := r.IntN(n), r.IntN(n)
		sends := r.IntN(5)
		for range sends {
			value++
			s.insert(r, from, action{what: "send", ch: ch, value: value})
		}
		if r.IntN(2) == 0 {
			s.goroutines[from] = append(s.goroutines[from], action{what: "close", ch: ch})
		}
		for range sends + r.IntN(3) - 1 {
			s.insert(r, to, action{what: "recv", ch: ch})
		}
	}
	for range r.IntN(3) {
		s.dones++
		s.insert(r, r.IntN(n), action{what: "done"})
	}
	s.insert(r, r.IntN(n), action{what: "wait"})
	return s
}

// insert puts a somewhere; the sends of one channel stay in order, and before its close.
func (s *sketch) insert(r *rand.Rand, g int, a action) {
	code := s.goroutines[g]
	first := 0
	for i := range code {
		if a.what == "send" && code[i].what == "send" && code[i].ch == a.ch {
			first = i + 1
		}
	}
	at := first + r.IntN(len(code)+1-first)
	s.goroutines[g] = append(code[:at:at], append([]action{a}, code[at:]...)...)
}

// tangle makes a program in which everybody uses everything.
func tangle(r *rand.Rand) *sketch {
	s := &sketch{processes: 1 + r.IntN(4), goroutines: make([][]action, 2+r.IntN(4)), caps: []int{r.IntN(2), 1 + r.IntN(2)}}
	value := 0
	one := func(whats ...string) action {
		value++
		return action{what: whats[r.IntN(len(whats))], ch: 1 + r.IntN(len(s.caps)), value: value}
	}
	for g := range s.goroutines {
		for range 2 + r.IntN(5) {
			a := one("send", "send", "recv", "recv", "try send", "try recv", "select", "select", "critical", "rcritical", "try lock", "add", "done", "wait")
			switch {
			case a.what == "select":
				for range 1 + r.IntN(3) {
					a.cases = append(a.cases, one("send", "recv"))
				}
			case a.what == "done":
				s.dones++
			case a.what == "send" && r.IntN(12) == 0:
				a.what = "close"
			}
			s.goroutines[g] = append(s.goroutines[g], a)
		}
	}
	return s
}

// A recorder collects a history.
type recorder struct {
	clock  atomic.Int64
	mu     sync.Mutex
	events []*event
}

func (h *recorder) call(client int, what string, object int) *event {
	e := &event{call: h.clock.Add(1), client: client, what: what, object: object}
	h.mu.Lock()
	h.events = append(h.events, e)
	h.mu.Unlock()
	return e
}

func (h *recorder) first(s *sketch) {
	e := h.call(-1, "group", theGroup)
	e.value = s.dones
	e.end = h.clock.Add(1)
}

// results returns what each goroutine has got, operation by operation; "waits" for one that has not come to an end.
func (h *recorder) results() map[int][]string {
	list := map[int][]string{}
	for _, e := range h.events {
		s := fmt.Sprint(e.what, " ", e.object, " ", e.got, e.ok, e.panics)
		if e.end == 0 {
			s = "waits"
		}
		list[e.client] = append(list[e.client], s)
	}
	return list
}

// A native is a program that runs natively.
type native struct {
	*recorder
	s       *sketch
	chans   []chan int
	mu      sync.Mutex
	rw      sync.RWMutex
	wg      sync.WaitGroup
	done    atomic.Int32
	word    atomic.Int64
	aborted atomic.Bool
	abort   chan struct{} // made in the bubble
}

// runNative runs s until all goroutines have ended, or wait for ever.
func runNative(t *testing.T, s *sketch) *recorder {
	n := &native{recorder: &recorder{}, s: s}
	n.first(s)
	synctest.Test(t, func(t *testing.T) {
		n.abort = make(chan struct{})
		for _, c := range s.caps {
			n.chans = append(n.chans, make(chan int, c))
		}
		n.wg.Add(s.dones)
		for g, code := range s.goroutines {
			go func() {
				for i := range code {
					if n.exec(g, &code[i]); n.aborted.Load() {
						return
					}
				}
			}()
		}
		synctest.Wait()
		n.aborted.Store(true)
		close(n.abort) // lets those go that wait
		n.wg.Add(int(n.done.Load()) - s.dones)
		synctest.Wait()
	})
	return n.recorder
}

// finish notes that e has come to an end, unless it was let go.
func (n *native) finish(e *event) {
	if !n.aborted.Load() {
		e.end = n.clock.Add(1)
	}
}

func (n *native) exec(g int, a *action) {
	switch a.what {
	case "send", "recv", "try send", "try recv", "select":
		n.choose(g, a)
		return
	case "critical", "rcritical", "try lock":
		n.critical(g, a)
		return
	}
	switch a.what {
	case "close":
		e := n.call(g, "close", a.ch)
		e.capacity = n.s.caps[a.ch-1]
		func() {
			defer func() { e.panics = recover() != nil }()
			close(n.chans[a.ch-1])
		}()
		n.finish(e)
	case "done":
		e := n.call(g, "done", theGroup)
		n.done.Add(1)
		n.wg.Done()
		n.finish(e)
	case "wait":
		e := n.call(g, "wait", theGroup)
		n.wg.Wait()
		n.finish(e)
	case "add":
		e := n.call(g, "add", theWord)
		e.value, e.got = a.value, int(n.word.Add(int64(a.value)))
		n.finish(e)
	}
}

// critical locks, adds, unlocks: it never waits for long.
func (n *native) critical(g int, a *action) {
	lock, unlock, object, names := n.mu.Lock, n.mu.Unlock, theMutex, [2]string{"lock", "unlock"}
	if a.what == "rcritical" {
		lock, unlock, object, names = n.rw.RLock, n.rw.RUnlock, theRWMutex, [2]string{"rlock", "runlock"}
	}
	if a.what == "try lock" {
		e := n.call(g, "lock", theRWMutex)
		if !n.rw.TryLock() {
			e.what = "no lock"
			n.finish(e)
			return
		}
		unlock, object = n.rw.Unlock, theRWMutex
		n.finish(e)
	} else {
		e := n.call(g, names[0], object)
		lock()
		n.finish(e)
	}
	n.exec(g, &action{what: "add", value: a.value})
	e := n.call(g, names[1], object)
	unlock()
	n.finish(e)
}

// choose does what is a select on the exchange.
func (n *native) choose(g int, a *action) {
	cases, try := a.flat()
	e := n.call(g, "select", 0)
	var list []reflect.SelectCase
	for _, c := range cases {
		rc := reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(n.chans[c.ch-1])}
		if c.what == "send" {
			rc.Dir, rc.Send = reflect.SelectSend, reflect.ValueOf(c.value)
		}
		list = append(list, rc)
	}
	list = append(list, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(n.abort)})
	if try {
		list = append(list, reflect.SelectCase{Dir: reflect.SelectDefault})
	}
	i, got, ok := -1, 0, false
	func() {
		defer func() { e.panics = recover() != nil }()
		var v reflect.Value
		if i, v, ok = reflect.Select(list); ok {
			got = int(v.Int())
		}
	}()
	if e.panics && len(cases) > 1 {
		e.end = 0 // one cannot know which case it was
		e.what = "panicked"
		return
	}
	if n.aborted.Load() {
		return
	}
	n.chosen(e, n.s, cases, max(i, 0), i > len(cases), got, ok)
	n.finish(e)
}

// flat returns the cases of a select, and whether it has a default clause.
func (a *action) flat() (cases []action, try bool) {
	switch a.what {
	case "select":
		return a.cases, false
	case "try send":
		return []action{{what: "send", ch: a.ch, value: a.value}}, true
	case "try recv":
		return []action{{what: "recv", ch: a.ch}}, true
	}
	return []action{*a}, false
}

// chosen notes which case of a select has been done.
func (h *recorder) chosen(e *event, s *sketch, cases []action, i int, none bool, got int, ok bool) {
	if none {
		i = 0
	}
	c := cases[i]
	e.what, e.object, e.capacity, e.value, e.got, e.ok = c.what, c.ch, s.caps[c.ch-1], c.value, got, ok
	if none {
		e.what = "no " + c.what
	}
}

func seeded(seed uint64) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return rand.New(rand.NewChaCha8(key))
}

// TestNetworks: programs with one possible result have that of Go, however batches and replies come.
func TestNetworks(t *testing.T) {
	waits, all := 0, 0
	for seed := range uint64(2 * *seeds) {
		s := network(seeded(seed))
		want := runNative(t, s).results()
		for order := range uint64(5) {
			got := runShared(t, s, seeded(seed<<8|order)).results()
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, order %d: %+v\ngot  %v\nwant %v", seed, order, s, got, want)
			}
		}
		all++
		for _, list := range want {
			if list[len(list)-1] == "waits" {
				waits++
				break
			}
		}
	}
	t.Logf("%d programs, in %d of them some goroutine waits for ever", all, waits)
	if waits == 0 || waits == all {
		t.Error("all programs are of one kind")
	}
}

// TestTangles: the histories of all programs are linearizable.
func TestTangles(t *testing.T) {
	if raceEnabled {
		t.Skip("these programs close channels on which others send, which is a race")
	}
	counts := map[string]int{}
	for seed := range uint64(2 * *seeds) {
		s := tangle(seeded(seed))
		linearizable(t, runNative(t, s).events)
		if t.Failed() {
			t.Fatalf("seed %d: Go itself: %+v", seed, s)
		}
		for order := range uint64(3) {
			h := runShared(t, s, seeded(seed<<8|order))
			linearizable(t, h.events)
			if t.Failed() {
				t.Fatalf("seed %d, order %d: %+v", seed, order, s)
			}
			for _, e := range h.events {
				if e.end > 0 {
					counts[e.what]++
				}
			}
		}
	}
	t.Log(counts)
	for _, what := range []string{"send", "recv", "no send", "no recv", "close", "lock", "no lock", "rlock", "add", "wait"} {
		if counts[what] == 0 {
			t.Errorf("no %s was done", what)
		}
	}
}
