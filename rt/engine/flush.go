// This file makes changes durable, and then shows what the run has written.

package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/harkgen/harkgen/rt/store"
)

// flushAll syncs at once when output or the end of the run waits for it, and else after a while.
func (e *Engine) flushAll(ctx context.Context) error {
	for {
		select {
		case <-e.toFlush:
		case <-ctx.Done():
			return nil
		}
		for later := time.After(e.o.SyncAfter); later != nil && !e.urgent(); {
			select {
			case <-later:
				later = nil
			case <-e.toFlush:
			case <-ctx.Done():
				return nil
			}
		}
		if err := e.flushOnce(ctx); err != nil {
			return err
		}
	}
}

func (e *Engine) urgent() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.fold.outputs) > 0 || e.fold.x.Exit() != nil
}

func (e *Engine) flushOnce(ctx context.Context) error {
	e.mu.Lock()
	outputs := e.fold.outputs
	for len(outputs) > 0 && outputs[0].Seq <= e.shown { // the state was loaded again
		outputs = outputs[1:]
	}
	outputs = slices.Clip(outputs)
	exit := e.fold.x.Exit()
	e.mu.Unlock()
	if err := e.durable(ctx); err != nil {
		return err
	}
	if len(outputs) > 0 {
		if err := e.o.Show(outputs); err != nil {
			return err
		}
		e.mu.Lock()
		e.shown = outputs[len(outputs)-1].Seq
		n := 0
		for n < len(e.fold.outputs) && e.fold.outputs[n].Seq <= e.shown {
			n++
		}
		e.fold.outputs = e.fold.outputs[n:len(e.fold.outputs):len(e.fold.outputs)]
		e.mu.Unlock()
		bell(e.toTimer)
	}
	if exit != nil {
		return ErrEnded
	}
	return nil
}

// durable returns when all that has happened is durable.
func (e *Engine) durable(ctx context.Context) error { // rule: durable
	err := store.Retry(ctx, func(bool) error { return e.sync(ctx) })
	if errors.Is(err, store.ErrLost) {
		e.finish(err)
	}
	return err
}
