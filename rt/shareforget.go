package rt

import (
	"cmp"
	"maps"
	"slices"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/snap"
)

// This file forgets shared memory that nothing in the process leads to any more. The exchange does not tell of its content then, but for one case: a reply was on its way
// that leads to it. That reply comes without content, since the exchange believed that the process has it. So the process keeps the content until it hears that the exchange has taken
// the batch that says so, and all replies from before have been used.

// A retired is memory that the process has forgotten.
type retired struct {
	ID      uint64
	Step    uint64 // of the batch that says so
	Content *snap.Content
}

// forget appends the operations that tell what is forgotten. What has changed of it has been told.
func (s *sharing) forget(ops []exchange.Op) []exchange.Op {
	if s.ending {
		return ops
	}
	for _, id := range s.link.Forget(false) {
		if c := s.known[id]; c != nil {
			s.retired[id] = retired{id, s.step + 1, c}
			delete(s.known, id)
		}
		delete(s.over, id)
		ops = append(ops, exchange.Op{Kind: exchange.OpForget, Object: exchange.ObjectID(id)})
	}
	return ops
}

// drop drops what no reply can need any more. gs are the goroutines of the process.
func (s *sharing) drop(gs []*G) {
	if len(s.retired) == 0 || slices.ContainsFunc(gs, func(g *G) bool { return g.reply != nil }) {
		return
	}
	maps.DeleteFunc(s.retired, func(_ uint64, x retired) bool { return x.Step <= s.taken })
}

// refill gives memory that has come back the content that it had. What others have written since follows.
func (s *sharing) refill() error {
	for made := s.link.Made(); len(made) > 0; made = s.link.Made() {
		for _, t := range made {
			x, ok := s.retired[t.ID]
			if !ok {
				continue
			}
			delete(s.retired, t.ID)
			if err := s.link.Apply(t, x.Content.Raw, x.Content.Slots); err != nil {
				return err
			}
			s.known[t.ID] = x.Content
		}
	}
	return nil
}

// savedRetired returns what is retired for a snapshot.
func (s *sharing) savedRetired() []retired {
	return slices.SortedFunc(maps.Values(s.retired), func(a, b retired) int { return cmp.Compare(a.ID, b.ID) })
}
