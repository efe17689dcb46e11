package model

import (
	"encoding/binary"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file defines the state of the model. What is large in it has a number: tables hold each batch, snapshot and Exchange once.

const (
	maxProcesses = 3
	maxWorkers   = 2 // of a process at the same time
	maxEngines   = 2
)

// A state is all that there is: what the store holds, and what workers and engines have in memory.
type state struct {
	// The store.
	records [maxProcesses]record
	log     []int32 // numbers of batches: the last entries, as far as an engine that is up has not read them
	head    int32   // the Exchange after all entries
	base    int8    // so many entries before the end is the checkpoint; entries before it are gone

	engines [maxEngines]engine
	workers [maxProcesses][maxWorkers]worker

	// What may still go wrong.
	left budget
}

// A record is the record of a process. Version 0: there is none.
type record struct {
	version int8
	proc    int32
	batch   int32 // of its step
}

// An engine folds the log. It has read all but the last lag entries.
type engine struct {
	up   bool
	node int32
	lag  int8
}

type phase int8

const (
	gone    phase = iota
	ran           // has executed a step, and has told nobody
	sending       // has a batch that is committed; sends it
)

// A worker steps a process.
type worker struct {
	phase   phase
	version int8 // of the record that it has loaded
	proc    int32
	batch   int32
	ended   bool // the batch alone is the commit
}

// A budget is how often things may go wrong.
type budget struct {
	workers     int8 // crashes of workers
	seconds     int8 // second workers for a process that has one
	engines     int8 // crashes of engines, and second engines
	duplicates  int8 // messages that come again
	checkpoints int8
	early       int8 // commits before all is idle
	fewer       int8 // steps that get fewer replies than there are
}

// key returns the state as bytes: equal for equal states.
func (s *state) key(b []byte) []byte {
	for _, r := range s.records {
		b = append(b, byte(r.version))
		b = binary.AppendUvarint(b, uint64(r.proc))
		b = binary.AppendUvarint(b, uint64(r.batch))
	}
	b = append(b, byte(len(s.log)))
	for _, n := range s.log {
		b = binary.AppendUvarint(b, uint64(n))
	}
	b = append(binary.AppendUvarint(b, uint64(s.head)), byte(s.base))
	for _, e := range s.engines {
		b = append(binary.AppendUvarint(append(b, bit(e.up)), uint64(e.node)), byte(e.lag))
	}
	for i := range s.workers {
		for _, w := range s.workers[i] {
			if b = append(b, byte(w.phase)); w.phase != gone {
				b = append(b, byte(w.version), bit(w.ended))
				b = binary.AppendUvarint(b, uint64(w.proc))
				b = binary.AppendUvarint(b, uint64(w.batch))
			}
		}
	}
	l := s.left
	return append(b, byte(l.workers), byte(l.seconds), byte(l.engines), byte(l.duplicates), byte(l.checkpoints), byte(l.early), byte(l.fewer))
}

func bit(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// normalize brings states that differ in nothing that matters to one form.
func (s *state) normalize() {
	longest := int8(0)
	for i := range s.engines {
		if e := &s.engines[i]; !e.up {
			*e = engine{}
		} else {
			longest = max(longest, e.lag)
		}
	}
	s.log = s.log[len(s.log)-int(longest):]
	s.base = min(s.base, longest)
	for i := range s.workers {
		w := &s.workers[i]
		for j := range w {
			if w[j].phase == sending {
				w[j] = worker{phase: sending, batch: w[j].batch}
			}
		}
		if less(w[1], w[0]) {
			w[0], w[1] = w[1], w[0]
		}
	}
}

func less(a, b worker) bool {
	if a.phase != b.phase {
		return a.phase > b.phase
	}
	if a.batch != b.batch {
		return a.batch < b.batch
	}
	if a.proc != b.proc {
		return a.proc < b.proc
	}
	return a.version < b.version
}

// A node is an Exchange, with what the run has written so far. It does not change.
type node struct {
	bytes   []byte
	outputs string
	x       *exchange.Exchange
	next    map[int32]int32 // by batch
}

// Tables number what is large.
type tables struct {
	procs   []proc
	procOf  map[proc]int32
	batches []*exchange.Batch
	batchOf map[string]int32
	nodes   []*node
	nodeOf  map[string]int32
}

func newTables() *tables {
	return &tables{procOf: map[proc]int32{}, batchOf: map[string]int32{}, nodeOf: map[string]int32{}}
}

func (t *tables) proc(p proc) int32 {
	n, ok := t.procOf[p]
	if !ok {
		n = int32(len(t.procs))
		t.procs, t.procOf[p] = append(t.procs, p), n
	}
	return n
}

func (t *tables) batch(b *exchange.Batch) int32 {
	key := string(b.Append(nil))
	n, ok := t.batchOf[key]
	if !ok {
		n = int32(len(t.batches))
		t.batches, t.batchOf[key] = append(t.batches, b), n
	}
	return n
}

func (t *tables) node(x *exchange.Exchange, outputs string) (int32, error) {
	b := x.Append(nil)
	key := outputs + "\x00" + string(b)
	n, ok := t.nodeOf[key]
	if !ok {
		if err := x.Check(); err != nil {
			return 0, err
		}
		n = int32(len(t.nodes))
		t.nodes, t.nodeOf[key] = append(t.nodes, &node{b, outputs, x, map[int32]int32{}}), n
	}
	return n, nil
}
