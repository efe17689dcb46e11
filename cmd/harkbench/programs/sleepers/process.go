package main

import (
	"context"
	"encoding/binary"
	"io"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/exchange"
)

// This file defines the processes: main begins the others, and waits for them; each of these sleeps, and ends.

// A text is the state of a process.
type text string

func (s text) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, string(s))
	return int64(n), err
}

const state text = "a state of some length, as that of a program that sleeps would be: 100 bytes and a few more of them"

// group is the WaitGroup for which main waits.
var group = exchange.NewObjectID(0, 1)

// Execute implements engine.Worker.
func (b *bench) Execute(ctx context.Context, t *engine.Task) error {
	rs, err := t.Replies(ctx)
	if err != nil {
		return err
	}
	if t.Process() == 0 {
		return b.main(ctx, t, rs)
	}
	if t.Step() == 0 {
		if err := t.Commit(ctx, &exchange.Batch{Consumed: 1, Idle: true, Wake: b.at(t.Process()).UnixNano()}, state); err != nil {
			return err
		}
		b.begun.Add(1)
		if _, err := t.Replies(ctx); err != nil { // it is unloaded now
			return err
		}
	}
	if err := b.woke(t.Process()); err != nil {
		return err
	}
	done := exchange.Op{Kind: exchange.OpAdd, Object: group, N: -1}
	return t.Commit(ctx, &exchange.Batch{Consumed: 1, Ended: true, Ops: []exchange.Op{done}}, nil)
}

// main begins the processes, a thousand in a step. Its state is how many have begun.
func (b *bench) main(ctx context.Context, t *engine.Task, rs []exchange.Reply) error {
	begun := 0
	if r := t.State(ctx); r != nil {
		s, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		begun = int(binary.LittleEndian.Uint64(s))
	}
	for begun < b.n {
		var ops []exchange.Op
		if begun == 0 {
			ops = append(ops, exchange.Op{Kind: exchange.OpShare, Object: group, Share: &exchange.Share{Kind: exchange.KindWaitGroup, Count: int64(b.n)}})
		}
		for range min(1000, b.n-begun) {
			ops = append(ops, exchange.Op{Kind: exchange.OpSpawn, Value: exchange.Value{Refs: []exchange.ObjectID{group}}})
			begun++
		}
		last := begun == b.n
		if last {
			ops = append(ops, exchange.Op{Kind: exchange.OpWait, G: 1, Object: group})
		}
		if err := t.Commit(ctx, &exchange.Batch{Ops: ops, Idle: last}, text(binary.LittleEndian.AppendUint64(nil, uint64(begun)))); err != nil {
			return err
		}
	}
	for len(rs) == 0 {
		var err error
		if rs, err = t.Replies(ctx); err != nil {
			return err
		}
	}
	return t.Commit(ctx, &exchange.Batch{Consumed: 1, Exit: &exchange.Exit{}}, nil)
}
