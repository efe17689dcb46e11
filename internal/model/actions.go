package model

import (
	"fmt"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file defines what can happen in a state. Each action is one access to the store or one message: between two of them anything can crash.

func (r *run) actions(n int32, s *state) {
	for p := range exchange.ProcessID(maxProcesses) {
		for e := range s.engines {
			if s.engines[e].up {
				r.start(n, s, p, e)
			}
		}
		for w := range s.workers[p] {
			r.work(n, s, p, w)
		}
	}
	for e := range s.engines {
		r.engine(n, s, e)
	}
}

// start begins a worker for process p, which asks engine e.
func (r *run) start(n int32, s *state, p exchange.ProcessID, e int) {
	slot, second := free(&s.workers[p])
	if slot < 0 || second && s.left.seconds == 0 {
		return
	}
	x := r.nodes[s.engines[e].node].x
	status, live := x.Status(p)
	if !live {
		return
	}
	rec := s.records[p]
	saved := r.procs[rec.proc]
	begin := func(w worker, action string, change func(*budget)) {
		t := s.copy()
		t.workers[p][slot] = w
		if second {
			t.left.seconds--
		}
		change(&t.left)
		r.reach(t, n, fmt.Sprintf("process %d: a worker, told by engine %d, %s", p, e, action))
	}
	if status.Step < uint64(saved.step) && r.broken != "resend" { // rule: resend
		begin(worker{phase: sending, batch: rec.batch}, "finds a batch that was not taken", func(*budget) {})
		return
	}
	if status.Step > uint64(saved.step) {
		if s.engines[e].lag == 0 {
			r.wrong(n, fmt.Sprintf("process %d: step %d was taken, the record has %d", p, status.Step, saved.step))
		}
		return
	}
	replies := x.Replies(p, uint64(saved.consumed))
	if len(replies) > 0 && replies[0].Seq != uint64(saved.consumed)+1 {
		r.wrong(n, fmt.Sprintf("process %d: replies after %d are gone", p, saved.consumed))
		return
	}
	timer := false
	for _, g := range saved.g {
		timer = timer || g.timer && !g.cancel
	}
	for k := len(replies); k >= 0; k-- {
		fewer := k < len(replies)
		if fewer && s.left.fewer == 0 {
			break
		}
		for _, v := range []variant{{replies: k}, {k, true, false}, {k, false, true}, {k, true, true}} {
			if v.timer && !timer || v.early && s.left.early == 0 || k == 0 && !v.timer && saved.idle || !saved.started && p > 0 && k == 0 {
				continue
			}
			after, batch := r.s.runs(saved, p, replies, v)
			w := worker{phase: ran, version: rec.version, proc: r.proc(after), batch: r.batch(batch), ended: batch.Ended}
			begin(w, fmt.Sprintf("executes step %d with %d replies %+v", after.step, k, v), func(l *budget) {
				if fewer {
					l.fewer--
				}
				if v.early {
					l.early--
				}
			})
		}
	}
}

func free(w *[maxWorkers]worker) (slot int, second bool) {
	slot = -1
	for i := range w {
		if w[i].phase == gone {
			slot = i
		} else {
			second = true
		}
	}
	return slot, second
}

func (s *state) copy() state {
	t := *s
	t.log = append([]int32(nil), s.log...)
	return t
}

// work does what a worker does next.
func (r *run) work(n int32, s *state, p exchange.ProcessID, i int) {
	w := s.workers[p][i]
	if w.phase == gone {
		return
	}
	if s.left.workers > 0 {
		t := s.copy()
		t.workers[p][i] = worker{}
		t.left.workers--
		r.reach(t, n, fmt.Sprintf("process %d: worker %d crashes", p, i))
	}
	switch {
	case w.phase == sending:
		for e := range s.engines {
			if s.engines[e].up {
				r.deliver(n, s, p, i, e)
			}
		}
	case r.broken == "commit-first": // sends first, puts the record later, if ever
		t := s.copy()
		t.workers[p][i] = worker{phase: sending, batch: w.batch}
		r.reach(t, n, fmt.Sprintf("process %d: worker %d sends without a commit", p, i))
		fallthrough
	default:
		r.put(n, s, p, i)
	}
}

// put commits a step.
func (r *run) put(n int32, s *state, p exchange.ProcessID, i int) {
	w := s.workers[p][i]
	t := s.copy()
	rec := &t.records[p]
	switch {
	case w.ended: // rule: end-commit
		t.workers[p][i] = worker{phase: sending, batch: w.batch}
	case rec.version == w.version || r.broken == "one-put": // rule: one-put
		*rec = record{rec.version + 1, w.proc, w.batch}
		t.workers[p][i] = worker{phase: sending, batch: w.batch}
	default:
		t.workers[p][i] = worker{} // rule: fenced-worker
	}
	r.reach(t, n, fmt.Sprintf("process %d: worker %d puts the record", p, i))
}

// deliver brings the batch of a worker to engine e.
func (r *run) deliver(n int32, s *state, p exchange.ProcessID, i, e int) {
	w := s.workers[p][i]
	b := r.batches[w.batch]
	status, live := r.nodes[s.engines[e].node].x.Status(p)
	fresh := live && status.Step < b.Step
	for _, stays := range []bool{false, true} { // rule: any-delivery
		for _, crashes := range []bool{false, true} {
			if stays && s.left.duplicates == 0 || crashes && s.left.engines == 0 || !fresh && crashes {
				continue
			}
			t := s.copy()
			if stays {
				t.left.duplicates--
			}
			if crashes {
				t.left.engines--
			}
			taken := !fresh
			if fresh || stays { // one that comes again may get into the log: an engine need not look
				taken = r.create(n, &t, e, w.batch) || taken
			}
			if taken && !stays && !crashes {
				t.workers[p][i] = worker{}
			}
			if crashes {
				t.engines[e].up = false
			}
			r.reach(t, n, fmt.Sprintf("process %d: step %d of worker %d comes to engine %d (again: %v, the engine crashes: %v)", p, b.Step, i, e, stays, crashes))
		}
	}
}

// create appends a batch to the log, as engine e. It reports whether that has been done; else e has read the entry that another has made.
func (r *run) create(n int32, s *state, e int, batch int32) bool {
	g := &s.engines[e]
	switch {
	case g.lag > s.base: // the entry that it would make has been made, and is gone: the place has another version
		if r.broken == "fenced-engine" {
			g.node = r.apply(n, g.node, batch)
			return true
		}
		*g = engine{up: true, node: s.head} // rule: fenced-engine
		return false
	case g.lag > 0 && r.broken != "one-create": // rule: one-create
		r.read(n, s, e)
		return false
	}
	if g.lag > 0 { // it writes over the entry
		s.log[len(s.log)-int(g.lag)] = batch
		g.node = r.apply(n, g.node, batch)
		g.lag--
		head := g.node
		for _, b := range s.log[len(s.log)-int(g.lag):] {
			head = r.apply(n, head, b)
		}
		s.head = head
		return true
	}
	s.head = r.apply(n, s.head, batch)
	s.log = append(s.log, batch)
	for i := range s.engines {
		s.engines[i].lag++
	}
	s.base++
	r.read(n, s, e)
	return true
}

// read lets engine e apply the next entry.
func (r *run) read(n int32, s *state, e int) { // rule: fold
	g := &s.engines[e]
	g.node = r.apply(n, g.node, s.log[len(s.log)-int(g.lag)])
	g.lag--
}

// apply returns the Exchange that node becomes by batch.
func (r *run) apply(n, node, batch int32) int32 {
	old := r.nodes[node]
	if next, ok := old.next[batch]; ok {
		return next
	}
	x, err := exchange.Decode(old.bytes)
	if err != nil {
		r.wrong(n, err.Error())
		return node
	}
	b := *r.batches[batch]
	if s, ok := x.Status(b.From); ok && r.broken == "step-once" && b.Step <= s.Step {
		b.Step = s.Step + 1
	}
	result := x.Apply(&b)
	outputs := old.outputs
	for _, o := range result.Outputs {
		outputs += string(o.Data)
	}
	next, err := r.node(x, outputs)
	if err != nil {
		r.wrong(n, err.Error())
		return node
	}
	old.next[batch] = next
	return next
}

// engine does what an engine can do by itself.
func (r *run) engine(n int32, s *state, e int) {
	g := s.engines[e]
	if !g.up {
		if other := s.engines[1-e]; other.up {
			if s.left.engines == 0 {
				return
			}
		}
		t := s.copy()
		if t.engines[1-e].up {
			t.left.engines-- // one too many
		}
		t.engines[e] = engine{up: true, node: s.head} // rule: recover
		r.reach(t, n, fmt.Sprintf("engine %d starts", e))
		return
	}
	if s.left.engines > 0 {
		t := s.copy()
		t.left.engines--
		t.engines[e].up = false
		r.reach(t, n, fmt.Sprintf("engine %d crashes", e))
	}
	if g.lag > 0 && g.lag <= s.base {
		t := s.copy()
		for t.engines[e].lag > 0 {
			r.read(n, &t, e)
		}
		r.reach(t, n, fmt.Sprintf("engine %d reads the log", e))
	}
	if g.lag > s.base {
		t := s.copy()
		if r.broken != "fenced-engine" {
			t.engines[e] = engine{up: true, node: s.head}
			r.reach(t, n, fmt.Sprintf("engine %d finds that it is behind the checkpoint", e))
		}
	}
	x := r.nodes[g.node].x
	for p, rec := range s.records {
		ended := x.Ended(exchange.ProcessID(p))
		if _, live := x.Status(exchange.ProcessID(p)); r.broken == "sweep" && !live {
			ended = true
		}
		if rec.version > 0 && ended { // rule: sweep
			t := s.copy()
			t.records[p] = record{proc: r.proc(proc{})}
			r.reach(t, n, fmt.Sprintf("engine %d deletes the record of process %d", e, p))
		}
	}
	if s.left.checkpoints > 0 && g.lag < s.base {
		t := s.copy()
		t.left.checkpoints--
		t.base = g.lag // rule: checkpoint
		r.reach(t, n, fmt.Sprintf("engine %d writes a checkpoint: the entries before it are gone", e))
	}
}
