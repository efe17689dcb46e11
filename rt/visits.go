package rt

import (
	"sync/atomic"
	"unsafe"
)

// This file defines chaos where a program has no operation: at the polls of its loops and on entry to its functions.
//
// A program meets these millions of times, and a stop at each would never let it end. So the first visit of each point counts, and later
// ones the more rarely the more there have been: a point visited n times is chosen about log n times.
//
//   - An entry costs nothing unless bitVisit is set. Then Resuming is true at each call, and the code that would restore a frame calls
//     Entry, which counts.
//   - A poll must not call anything on the path that goes on. So while bitPoll is set every poll leaves: the function returns with
//     its frame like one that is suspended; the root counts the visit, and resumes it if it is not chosen. A poll that has been seen
//     often takes bitPoll away. The monitor, an operation, or an entry to a function that is still new brings it back.
//
// Operations become rare as well once there have been many: about twice manyOps of them are chosen, however many there are.
//
// The counts are part of the snapshot: a process that was killed goes on with them.

type visitState uint8

const (
	notVisiting visitState = iota
	polled                 // left at a poll; not counted yet
	chosen                 // left at an entry that counts as an operation
)

const (
	visitBits = 12
	newEntry  = 4 // visits for which the function counts as new
	manyOps   = 500
	oldPoll   = 64 // visits after which a poll is seen often
	rareness  = 64 // stops after which they become rarer altogether
)

type visits struct {
	counts [1 << visitBits]atomic.Uint32 // by a hash of the frame type and point
	stops  atomic.Uint64
	ops    atomic.Uint64
}

type savedVisits struct {
	Slots, Counts []uint32
	Stops, Ops    uint64
}

func (v *visits) saved() (s savedVisits) {
	for i := range v.counts {
		if n := v.counts[i].Load(); n != 0 {
			s.Slots, s.Counts = append(s.Slots, uint32(i)), append(s.Counts, n)
		}
	}
	s.Stops, s.Ops = v.stops.Load(), v.ops.Load()
	return s
}

func (v *visits) restore(s savedVisits) {
	for i := range v.counts {
		v.counts[i].Store(0)
	}
	for i, slot := range s.Slots {
		v.counts[slot%(1<<visitBits)].Store(s.Counts[i])
	}
	v.stops.Store(s.Stops)
	v.ops.Store(s.Ops)
}

// operation counts an operation, and decides whether it is chosen.
func (v *visits) operation() bool {
	n := v.ops.Add(1)
	times := n / manyOps
	return times == 0 || mix(n)%(times*times) == 0
}

// count counts a visit of the point of f, and decides whether it is chosen.
func (v *visits) count(f Framer) (n uint32, yes bool) {
	// The distance between two types is the same in each process.
	key := uint64(typeOf(f)-typeOf((*Frame)(nil))) + uint64(f.point())
	slot := key * 0x9E3779B97F4A7C15 >> (64 - visitBits)
	n = v.counts[slot].Add(1)
	rarely := uint64(n)
	if n > 1 {
		rarely *= 1 + v.stops.Load()/rareness
	}
	if mix(slot<<32|uint64(n))%rarely != 0 {
		return n, false
	}
	v.stops.Add(1)
	return n, true
}

func mix(x uint64) uint64 {
	x = (x ^ x>>31) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>29) * 0x94D049BB133111EB
	return x ^ x>>32
}

// typeOf is the address of the type of the frame that f points to.
func typeOf(f any) uintptr { return (*[2]uintptr)(unsafe.Pointer(&f))[0] }

// enter is called on entry to a function that is to begin with frame f.
func (g *G) enter(f Framer) {
	if g.pins != 0 {
		return
	}
	n, yes := g.p.visits.count(f)
	if n <= newEntry && word.Load()&bitPoll == 0 {
		word.Or(bitPoll)
	}
	if !yes {
		return
	}
	if g.fresh != settled {
		g.settle()
	}
	g.visit = chosen
	g.Push(f)
	g.Concede(Ready())
}

// passes judges a G that has left because of chaos. It reports whether it goes on at once.
func (g *G) passes() bool {
	state := g.visit
	g.visit = notVisiting
	switch state {
	case notVisiting:
		return false
	case polled:
		n, yes := g.p.visits.count(g.frames[0].F)
		if n > oldPoll {
			word.And(^uint32(bitPoll))
		}
		if !yes {
			return word.Load()&bitStop == 0
		}
	}
	return !g.p.chaosOp() && word.Load()&bitStop == 0
}
