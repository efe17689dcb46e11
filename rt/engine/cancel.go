package engine

import (
	"context"
	"errors"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
)

// Canceled is the text of the exit of a run that was cancelled.
const Canceled = "canceled"

// Cancel ends a run which another engine may be executing: that finds it in the log, at the latest when it polls. It is as if the first process had ended the run in its next step.
func Cancel(ctx context.Context, s store.Store, run string) error {
	for {
		e, err := Open(ctx, Options{Store: s, Run: run})
		if err != nil {
			return err
		}
		st, live := e.fold.x.Status(0)
		if !live || e.fold.x.Exit() != nil {
			return nil
		}
		b := &exchange.Batch{From: 0, Step: st.Step + 1, Consumed: st.Acked, Exit: &exchange.Exit{Status: 1, Text: Canceled}}
		_, won, err := e.log.append(ctx, e.fold.next, []*exchange.Batch{b}, [][]byte{b.Append(nil)})
		if won {
			return e.sync(ctx)
		}
		if err != nil && !errors.Is(err, errBehind) {
			return err
		}
	}
}
