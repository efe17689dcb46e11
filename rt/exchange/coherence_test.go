package exchange

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

// This file checks that memory that several processes use is that of a program without data races: whoever has the lock of a region sees in its copy
// all that was written to the region, by whomever.

// A copied is a copy of a region, as a process has it: its slots; what a store of all of it has written stands in slot 9.
type copied map[uint32]string

// A mover is a process of such a program, with one goroutine.
type mover struct {
	id             ProcessID
	step, consumed uint64
	copies         map[ObjectID]copied
	waits          bool
	wants, holds   ObjectID // region whose lock it waits for, has
}

const movedRegions = 4

func lockFor(r ObjectID) ObjectID { return r + 100 }

// TestCoherence runs random processes that lock, look, write, unlock; that forget regions, and get them again over a channel.
func TestCoherence(t *testing.T) {
	for seed := range uint64(*seeds) {
		r := seeded(seed)
		m := newMachine(t)
		m.slow = seed%16 > 0
		truth := map[ObjectID]copied{}
		var ops []Op
		all := Value{Refs: []ObjectID{50}}
		ops = append(ops, Op{Kind: OpShare, Object: 50, Share: &Share{Kind: KindChannel, Capacity: 1 << 20}})
		for id := ObjectID(1); id <= movedRegions; id++ {
			ops = append(ops,
				Op{Kind: OpShare, Object: id, Share: &Share{Kind: KindRegion, Content: value("new")}},
				Op{Kind: OpShare, Object: lockFor(id), Share: &Share{Kind: KindMutex}})
			all.Refs = append(all.Refs, id, lockFor(id))
			truth[id] = copied{9: "new"}
		}
		movers := []*mover{{step: 1, copies: map[ObjectID]copied{}}}
		for id, c := range truth {
			movers[0].copies[id] = maps.Clone(c)
		}
		for p := range ProcessID(3) {
			ops = append(ops, Op{Kind: OpSpawn, Value: all})
			movers = append(movers, &mover{id: p + 1, copies: map[ObjectID]copied{}})
		}
		m.apply(&Batch{Step: 1, Ops: ops})
		for range 300 {
			movers[r.IntN(len(movers))].turn(m, r, truth)
			if t.Failed() || m.x.Exit() != nil {
				t.Fatalf("seed %d: %v", seed, m.x.Exit())
			}
		}
	}
}

func (v *mover) turn(m *machine, r *rand.Rand, truth map[ObjectID]copied) {
	for _, y := range m.x.Replies(v.id, v.consumed) {
		v.takes(m, &y, truth)
	}
	if v.waits {
		return
	}
	b := &Batch{From: v.id, Step: v.step + 1, Consumed: v.consumed}
	v.step++
	for range r.IntN(6) {
		if v.waits {
			break
		}
		b.Ops = append(b.Ops, v.does(r, truth)...)
	}
	m.apply(b)
}

func (v *mover) does(r *rand.Rand, truth map[ObjectID]copied) []Op {
	id := ObjectID(1 + r.IntN(movedRegions))
	switch {
	case v.holds != 0 && r.IntN(3) == 0:
		id, v.holds = v.holds, 0
		return []Op{on(OpUnlock, 0, lockFor(id))}
	case v.holds != 0:
		slot, s := uint32(r.IntN(4)), fmt.Sprint(r.IntN(1000))
		op := Op{Kind: OpPatch, Object: v.holds, Offset: slot, Value: value(s)}
		truth[v.holds][slot], v.copies[v.holds][slot] = s, s
		if r.IntN(6) == 0 { // all of it
			op = Op{Kind: OpStore, Object: v.holds, Value: value(s)}
			truth[v.holds], v.copies[v.holds] = copied{9: s}, copied{9: s}
		}
		return []Op{op}
	case v.copies[id] == nil || r.IntN(8) == 0:
		v.waits = true
		return []Op{recv(1, 50)}
	case r.IntN(6) == 0 && v.id != 0: // somebody must keep it
		delete(v.copies, id)
		return []Op{on(OpForget, 0, id)}
	case r.IntN(3) == 0:
		v.waits = true
		return []Op{{Kind: OpSelect, G: 1, Cases: []Case{{Channel: 50, Send: true, Value: value("", id)}}}}
	}
	v.waits, v.wants = true, id
	return []Op{on(OpLock, 1, lockFor(id))}
}

func (v *mover) takes(m *machine, y *Reply, truth map[ObjectID]copied) {
	v.consumed = y.Seq
	for _, s := range y.Stores {
		switch {
		case !s.Patch:
			v.copies[s.Object] = copied{9: string(s.Value.Data)}
		case v.copies[s.Object] == nil:
			m.t.Errorf("process %d: a slot of region %d, which it does not have", v.id, s.Object)
		default:
			v.copies[s.Object][s.Offset] = string(s.Value.Data)
		}
	}
	if y.Kind != ReplyDone {
		return
	}
	for _, id := range y.Value.Refs {
		if v.copies[id] == nil {
			m.t.Errorf("process %d: region %d has come without its content", v.id, id)
		}
	}
	v.waits = false
	if v.wants != 0 {
		if got, want := v.copies[v.wants], truth[v.wants]; !maps.Equal(got, want) {
			m.t.Errorf("process %d has locked region %d: it sees %v, not %v", v.id, v.wants, got, want)
		}
		v.holds, v.wants = v.wants, 0
	}
}
