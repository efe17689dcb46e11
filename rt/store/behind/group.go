package behind

import (
	"context"
	"maps"
	"slices"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines groups of changes.

const (
	maxBlobs  = 8 << 20 // bytes of blobs in a group, but for those of a put that is larger alone
	perChange = 256     // bytes that a change takes besides its data, at most about
)

// A group is changes that become durable together. Store.mu guards all but done, and what is not changed any more once it is full.
type group struct {
	records map[string]*store.Change
	puts    map[string][]byte   // blobs
	deletes map[string]struct{} // blobs; one may be put again
	size    int                 // of the data of records, with perChange of each
	blobs   int                 // bytes of puts

	done chan struct{} // closed when it is durable, or never will be
	err  error         // why not
}

func newGroup() *group {
	return &group{records: map[string]*store.Change{}, puts: map[string][]byte{}, deletes: map[string]struct{}{}, done: make(chan struct{})}
}

func (g *group) empty() bool { return len(g.records)+len(g.puts)+len(g.deletes) == 0 }

// fits reports whether there is room for a change with so many bytes of a record, and of blobs.
func (g *group) fits(size, blobs int) bool {
	return g.empty() || len(g.records) < store.MaxChanges && g.size+size+perChange <= store.MaxApply && g.blobs+blobs <= maxBlobs
}

// end says what has become of the group.
func (g *group) end(err error) {
	g.err = err
	close(g.done)
}

// wait waits until the group is durable.
func (g *group) wait(ctx context.Context) error {
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// put puts a record.
func (g *group) put(r store.Record) {
	c := g.records[r.ID]
	if c == nil {
		g.set(&store.Change{Record: r, New: r.Version + 1})
		return
	}
	next := r.Version + 1
	r.Version = c.Version
	g.set(&store.Change{Record: r, New: next})
}

// delete deletes a record.
func (g *group) delete(id string, version int64) {
	c := g.records[id]
	switch {
	case c == nil:
	case c.Version == 0:
		g.drop(id)
		return
	default:
		version = c.Version
	}
	g.set(&store.Change{Record: store.Record{ID: id, Version: version, Token: store.NewToken()}})
}

func (g *group) set(c *store.Change) {
	g.drop(c.ID)
	g.records[c.ID] = c
	g.size += len(c.Data) + perChange
}

func (g *group) drop(id string) {
	if c := g.records[id]; c != nil {
		g.size -= len(c.Data) + perChange
		delete(g.records, id)
	}
}

func (g *group) putBlob(b store.Blob) {
	g.blobs += len(b.Data) - len(g.puts[b.Name])
	g.puts[b.Name] = append([]byte{}, b.Data...)
}

func (g *group) deleteBlob(name string) {
	if data, there := g.puts[name]; there {
		g.blobs -= len(data)
		delete(g.puts, name)
		return
	}
	g.deletes[name] = struct{}{}
}

// blob returns what the group makes of a blob, nil if it is deleted; there is false if it does nothing with it.
func (g *group) blob(name string) (data []byte, there bool) {
	if data, there = g.puts[name]; there {
		return data, true
	}
	_, there = g.deletes[name]
	return nil, there
}

// changes returns those of records, in the order of their ids.
func (g *group) changes() []store.Change {
	list := make([]store.Change, 0, len(g.records))
	for _, id := range slices.Sorted(maps.Keys(g.records)) {
		list = append(list, *g.records[id])
	}
	return list
}

// garbage returns the names of the blobs to be deleted.
func (g *group) garbage() (names []string) {
	for name := range g.deletes {
		if _, again := g.puts[name]; !again {
			names = append(names, name)
		}
	}
	return names
}
