// This file reads a run for those who only look at it.

package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pages"
)

// Look returns the exchange of a run as it is stored. The run may go on meanwhile; it is not disturbed. The error may wrap store.ErrDamaged.
func Look(ctx context.Context, s store.Store, run string) (*exchange.Exchange, error) {
	e, err := Open(ctx, Options{Store: s, Run: run})
	if err != nil {
		return nil, err
	}
	return e.fold.x, nil
}

// Live returns the processes that are live, also when a run has ended.
func (e *Engine) Live() (list []exchange.ProcessID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for p := range e.fold.x.Live {
		list = append(list, p)
	}
	return list
}

// A ProcessState is a process as of its last commit.
type ProcessState struct {
	Step uint64
	Size int64 // bytes of the state
}

// ReadProcess calls f with a process as of its last commit and its state. When the run goes on meanwhile and deletes what is being read, f, which
// returns the error of reading then, is called again. The error wraps store.ErrNotFound if nothing is stored of the process: it has not made a step, or has ended. Else it is that of f.
func ReadProcess(ctx context.Context, s store.Store, run string, p exchange.ProcessID, f func(ProcessState, io.Reader) error) error {
	for {
		rec, err := s.Get(ctx, recordID(run, p))
		if err != nil {
			return fmt.Errorf("process %d of run %s: %w", p, run, err)
		}
		r, err := decodeRecord(rec.Data)
		if err != nil {
			return damaged(run, fmt.Sprintf("the record of process %d", p), err)
		}
		err = r.read(ctx, s, run, p, f)
		if err == nil || !errors.Is(err, store.ErrDamaged) {
			return err
		}
		if now, err2 := s.Get(ctx, rec.ID); err2 == nil && now.Version == rec.Version || ctx.Err() != nil {
			return err
		}
	}
}

func (r *record) read(ctx context.Context, s store.Store, run string, p exchange.ProcessID, f func(ProcessState, io.Reader) error) error {
	st := ProcessState{r.step, r.state.Size}
	if len(r.state.Pages) == 0 {
		return f(st, bytes.NewReader(r.state.Inline))
	}
	src := pages.NewReader(ctx, s, owner(run, uint32(p)%owners), int64(r.step), r.state)
	defer src.Close()
	return f(st, src)
}
