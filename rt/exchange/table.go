package exchange

import (
	"maps"
	"slices"
)

// This file defines the table of processes.

// A table has the live processes, by number. Neighbours stand together, so that going through a million of them in order needs no sorting
// of a million, and a process takes 10 bytes of the table.
type table struct {
	rows map[ProcessID]*row // by number / rowLen; none is empty
	n    int                // processes
}

const rowLen = 16

type row struct {
	procs [rowLen]*process
	n     int
}

func (t *table) get(id ProcessID) *process {
	r := t.rows[id/rowLen]
	if r == nil {
		return nil
	}
	return r.procs[id%rowLen]
}

// add adds p, which is not there.
func (t *table) add(p *process) {
	r := t.rows[p.id/rowLen]
	if r == nil {
		r = &row{}
		t.rows[p.id/rowLen] = r
	}
	r.procs[p.id%rowLen] = p
	r.n++
	t.n++
}

// remove removes p, which is there.
func (t *table) remove(p *process) {
	r := t.rows[p.id/rowLen]
	r.procs[p.id%rowLen] = nil
	t.n--
	if r.n--; r.n == 0 {
		delete(t.rows, p.id/rowLen)
	}
}

// all yields the processes in order.
func (t *table) all(yield func(*process) bool) {
	for _, i := range slices.Sorted(maps.Keys(t.rows)) {
		for _, p := range t.rows[i].procs {
			if p != nil && !yield(p) {
				return
			}
		}
	}
}
