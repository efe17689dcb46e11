package runlog

import (
	"cmp"
	"slices"
)

// A Merge makes one log of the lines that the invocations of a run have written, in any order.
type Merge struct {
	waiting []*Record
	done    map[string]int64 // by stream: End of what was taken
}

// Add adds a line.
func (m *Merge) Add(r *Record) { m.waiting = append(m.waiting, r) }

// Take removes the lines that were added, and returns them in their order, without those that were there before. What the host says stands where it was
// said, as far as clocks agree.
func (m *Merge) Take() []*Record {
	var ours, theirs []*Record
	for _, r := range m.waiting {
		if r.Place == nil {
			theirs = append(theirs, r)
		} else {
			ours = append(ours, r)
		}
	}
	m.waiting = nil
	slices.SortStableFunc(theirs, func(a, b *Record) int { return a.Time.Compare(b.Time) })
	// Of two that begin together the longer one first: an invocation that could not commit may have logged the beginning of a line.
	slices.SortStableFunc(ours, func(a, b *Record) int { return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(b.End, a.End)) })
	var all []*Record
	for _, r := range ours {
		if r = m.rest(r); r == nil {
			continue
		}
		for len(theirs) > 0 && theirs[0].Time.Before(r.Time) {
			all, theirs = append(all, theirs[0]), theirs[1:]
		}
		all = append(all, r)
	}
	return append(all, theirs...)
}

// rest returns what of r was not taken yet, nil if all was.
func (m *Merge) rest(r *Record) *Record {
	if m.done == nil {
		m.done = map[string]int64{}
	}
	done := m.done[r.Stream]
	if r.End <= done {
		return nil
	}
	m.done[r.Stream] = r.End
	if r.Seq >= done {
		return r
	}
	// Its beginning was logged as a partial line.
	c, place, text := *r, *r.Place, []byte(r.Text())
	place.Seq = done
	c.Place = &place
	c.Message, _ = message(text[min(done-r.Seq, int64(len(text))):])
	return &c
}
