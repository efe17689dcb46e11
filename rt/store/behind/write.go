package behind

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/harkgen/harkgen/rt/store"
)

// This file writes groups to the store.

// write sees to it that groups are written which are to be. The caller holds mu.
func (s *Store) write() {
	if !s.writing && s.failed == nil {
		s.writing = true
		s.writes.Go(s.writeAll)
	}
}

// writeAll writes groups until none is left.
func (s *Store) writeAll() {
	for g := s.next(); g != nil; g = s.next() {
		err := s.writeGroup(g)
		s.mu.Lock()
		if err != nil {
			s.fail(err)
		} else if s.failed == nil {
			s.full = s.full[1:]
			for id, c := range g.records {
				s.known[id] = c.New
			}
			g.end(nil)
		}
		s.mu.Unlock()
		if err == nil {
			s.each(g.garbage(), func(name string) error { return s.below.DeleteBlob(s.ctx, name) }) // what stays is deleted with its owner
		}
	}
}

// next returns the next group to be written, nil if there is none.
func (s *Store) next() *group {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.full) == 0 && s.wanted && s.failed == nil {
		s.seal()
	}
	if len(s.full) == 0 {
		s.writing = false
		return nil
	}
	return s.full[0]
}

// writeGroup makes the changes of a group.
func (s *Store) writeGroup(g *group) error {
	var names []string
	for name := range g.puts {
		names = append(names, name)
	}
	err := s.each(names, func(name string) error { return s.below.PutBlob(s.ctx, store.Blob{Name: name, Data: g.puts[name]}) })
	changes := g.changes()
	for err == nil && len(changes) > 0 {
		err = store.Retry(s.ctx, func(bool) error { return s.below.Apply(s.ctx, changes...) })
		conflict, ok := errors.AsType[*store.ConflictError](err)
		if !ok {
			return err
		}
		rest := slices.DeleteFunc(slices.Clone(changes), func(c store.Change) bool { return c.New == 0 && slices.Contains(conflict.IDs, c.ID) })
		if len(changes)-len(rest) < len(conflict.IDs) {
			return fmt.Errorf("%w: %v", store.ErrLost, err)
		}
		changes, err = rest, nil // only deletions that come too late
	}
	return err
}

// atOnce is how many blobs are put or deleted at the same time.
const atOnce = 8

// each calls f, patiently, for all names, several at the same time, and returns the first error.
func (s *Store) each(names []string, f func(name string) error) error {
	var wg sync.WaitGroup
	errs := make([]error, len(names))
	room := make(chan struct{}, atOnce)
	for i, name := range names {
		room <- struct{}{}
		wg.Go(func() {
			errs[i] = store.Retry(s.ctx, func(bool) error { return f(name) })
			<-room
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
