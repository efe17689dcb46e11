// This file lists the runs of a state directory.

package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/harkgen/harkgen/rt/store"
)

// Stopped is the state of a run that goes on when it is resumed: nobody supervises it, but it is not done. It is never stored.
const Stopped store.State = "stopped"

// List returns all runs, oldest first, with Stopped as the state of those that
// nobody supervises. The error wraps store.ErrDamaged if one is missing; the others are returned nevertheless.
func List(ctx context.Context, dir string, s store.Store) ([]store.Run, error) {
	// Leases first: their records are stored before them.
	leases, err := os.ReadDir(filepath.Join(dir, "runs"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var runs []store.Run
	var errs []error
	found := map[string]bool{}
	for page := ""; ; {
		rs, next, err := s.List(ctx, "", page, 200)
		if err != nil {
			return nil, err
		}
		for _, rec := range rs {
			if strings.Contains(rec.ID, "/") { // of the processes of a run
				continue
			}
			found[rec.ID] = true
			run, err := store.DecodeRun(rec)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if !run.Ended() && run.State != store.Failed && !held(dir, run.ID) {
				run.State = Stopped
			}
			runs = append(runs, *run)
		}
		if page = next; page == "" {
			break
		}
	}
	for _, l := range leases {
		if !found[l.Name()] {
			errs = append(errs, lostRecord(dir, l.Name()))
		}
	}
	sort.Slice(runs, func(i, j int) bool { return runs[i].ID < runs[j].ID })
	return runs, errors.Join(errs...)
}

// lostRecord is the error for a run that has a lease but no record.
func lostRecord(dir, id string) error {
	return store.Damagedf("state directory %s is damaged: the record of run %s is missing; nothing was deleted", dir, id)
}
