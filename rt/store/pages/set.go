package pages

import (
	"context"
	"fmt"
	"sync"

	"github.com/harkgen/harkgen/rt/store"
)

// A page is a stored page that some kept step needs.
type page struct {
	entry
	refs int // kept steps that need it
}

// A Set is the pages of the kept steps of a run. It belongs to the supervisor of the run and is not safe for concurrent use.
type Set struct {
	store store.Store
	owner string
	sizes sizes
	pages map[hash]*page    // by content
	steps map[int64][]*page // what a step needs, each page once: content and index pages
	head  []byte            // the beginning of a snapshot, for reuse
}

// Open returns the set of the steps with their snapshots. The error wraps store.ErrDamaged if an index page cannot be read.
func Open(ctx context.Context, s store.Store, owner string, steps map[int64]store.Snapshot) (*Set, error) {
	set := &Set{store: s, owner: owner, sizes: normalSizes, pages: map[hash]*page{}, steps: map[int64][]*page{}}
	for step, snap := range steps {
		src := &source{s, owner, step}
		leaves, index, err := src.leaves(ctx, snap)
		if err != nil {
			return nil, err
		}
		need := map[*page]bool{}
		for _, e := range append(leaves, index...) {
			p := set.pages[e.sum]
			if p == nil {
				p = &page{entry: e}
				set.pages[e.sum] = p
			} else if p.blob != e.blob {
				return nil, src.damaged("two blobs hold the same page")
			}
			need[p] = true
		}
		set.add(step, need)
	}
	return set, nil
}

func (s *Set) add(step int64, need map[*page]bool) {
	list := make([]*page, 0, len(need))
	for p := range need {
		p.refs++
		list = append(list, p)
	}
	s.steps[step] = list
}

// Commit notes that the record with the draft was stored as a step, and forgets the other steps that are not kept. It
// returns the names of the blobs that nobody needs any more. d is nil if the step has no snapshot.
func (s *Set) Commit(step int64, d *Draft, kept func(step int64) bool) (garbage []string) {
	need := map[*page]bool{}
	if d != nil {
		need = d.need
		for p := range need {
			s.pages[p.sum] = p
		}
	}
	s.add(step, need)
	for old, list := range s.steps {
		if old == step || kept(old) {
			continue
		}
		delete(s.steps, old)
		for _, p := range list {
			if p.refs--; p.refs == 0 {
				delete(s.pages, p.sum)
				garbage = append(garbage, p.name(s.owner))
			}
		}
	}
	return garbage
}

// Names calls f for the names of all blobs that are needed.
func (s *Set) Names(f func(name string)) {
	for _, p := range s.pages {
		f(p.name(s.owner))
	}
}

// writers is how many blobs are compressed, stored, read or deleted at the same time.
const writers = 8

// Delete deletes blobs, several at the same time.
func Delete(ctx context.Context, s store.Store, names []string) error {
	if len(names) == 0 {
		return nil
	}
	next := make(chan string)
	var first error
	var once sync.Once
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range min(writers, len(names)) {
		wg.Go(func() {
			for name := range next {
				if err := s.DeleteBlob(ctx, name); err != nil {
					once.Do(func() { first = err })
					cancel()
				}
			}
		})
	}
	for _, name := range names {
		if ctx.Err() != nil {
			break
		}
		next <- name
	}
	close(next)
	wg.Wait()
	if first != nil {
		return fmt.Errorf("deleting what is not needed any more: %w", first)
	}
	return ctx.Err()
}
