package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/behind"
)

// A memStore keeps records and blobs in memory, in one order, of which a crash loses the end that was not synced.
type memStore struct {
	mu      sync.Mutex
	records map[string]store.Record
	blobs   map[string][]byte
	undo    []func() // of the changes that are not synced
	ops     map[string]int
	crashes int
}

func newMemStore() *memStore {
	return &memStore{records: map[string]store.Record{}, blobs: map[string][]byte{}, ops: map[string]int{}}
}

// crash loses n of the changes that are not synced, the last ones.
func (m *memStore) crash(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range n {
		m.undo[len(m.undo)-1]()
		m.undo = m.undo[:len(m.undo)-1]
	}
	m.undo = nil
	m.crashes++
}

func (m *memStore) put(r store.Record, blobs []store.Blob) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range blobs { // first, as stores do that cannot put both at once
		m.setBlob(b)
	}
	old, ok := m.records[r.ID]
	if store.IsRepeat(old, r) {
		return old.Version, nil
	}
	if old.Version != r.Version {
		return 0, store.ErrConflict
	}
	m.undo = append(m.undo, func() {
		if ok {
			m.records[r.ID] = old
		} else {
			delete(m.records, r.ID)
		}
	})
	r.Version++
	r.Data = slices.Clone(r.Data)
	m.records[r.ID] = r
	return r.Version, nil
}

func (m *memStore) setBlob(b store.Blob) {
	old, ok := m.blobs[b.Name]
	if ok {
		if string(old) != string(b.Data) {
			panic("one name, two contents")
		}
		return
	}
	m.undo = append(m.undo, func() { delete(m.blobs, b.Name) })
	m.blobs[b.Name] = slices.Clone(b.Data)
}

// A view is what one engine sees of a memStore: each operation may be delayed, lose its answer, or be the last of the engine, before or after
// it had its effect. What happens follows from the seed and the operation, not from the order in which goroutines run.
type view struct {
	store.Store // nil
	m           *memStore
	seed        uint64
	epoch       int  // of the engine
	faults      bool //
	kind        kind
	mu          sync.Mutex
	count       map[string]int
	total       int
	crash       crashPoint
	stopAt      int           // operations from this one on stop until gate is closed
	gate        chan struct{} //
	dead        bool
	kill        func() // called when it dies
}

// A crashPoint is the operation of an engine that is its last one: the first has number 1.
type crashPoint struct {
	op    int
	after bool // it has its effect
}

// A kind is how changes of a store become durable.
type kind int

const (
	durable       kind = iota // each at once
	ordered                   // in order: it is a store.Ordered
	writtenBehind             // the engine has a behind.Store over one whose changes are durable at once
)

var kinds = []kind{durable, ordered, writtenBehind}

// An orderedView is a store.Ordered.
type orderedView struct{ *view }

var (
	errLost   = errors.New("the answer was lost")
	errKilled = errors.New("this engine is dead")
)

func (m *memStore) view(seed uint64, epoch int, faults bool, k kind, kill func()) (store.Store, *view) {
	v := &view{m: m, seed: seed, epoch: epoch, faults: faults, kind: k, count: map[string]int{}, kill: kill}
	switch k {
	case ordered:
		return orderedView{v}, v
	case writtenBehind:
		return behind.New(v), v
	}
	return v, v
}

// elsewhere is what others have of the same store, who do not share the memory of the engine.
func (v *view) elsewhere(s store.Store) store.Store {
	if v.kind == writtenBehind {
		return v
	}
	return s
}

func (v orderedView) Unsynced() store.Store { return v.view }

func (v orderedView) Sync(ctx context.Context) error {
	return v.op(ctx, "sync", "", func() error { v.sync(); return nil })
}

func (v *view) sync() {
	v.m.mu.Lock()
	defer v.m.mu.Unlock()
	v.m.undo = nil
}

// hash returns a number that follows from its arguments.
func hash(seed uint64, args ...any) uint64 {
	h := seed ^ 14695981039346656037
	for _, c := range []byte(fmt.Sprint(args...)) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 31
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}

func (v *view) op(ctx context.Context, kind, id string, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.mu.Lock()
	key := kind + " " + id
	v.count[key]++
	n := v.count[key]
	v.total++
	dead, here, stops := v.dead, v.total == v.crash.op, v.gate != nil && v.total >= v.stopAt
	v.mu.Unlock()
	if stops {
		<-v.gate
	}
	v.m.mu.Lock()
	v.m.ops[kind]++
	crashes := v.m.crashes
	v.m.mu.Unlock()
	if dead {
		return errKilled
	}
	if here {
		if v.crash.after {
			v.done(do())
		}
		v.die()
		return errKilled
	}
	if !v.faults {
		return v.done(do())
	}
	h := hash(v.seed, v.epoch, key, n)
	fault := h % 400
	h /= 400
	if h%4 == 0 {
		time.Sleep(time.Duration(h/4%3000) * time.Microsecond)
		v.m.mu.Lock()
		over := v.m.crashes != crashes
		v.m.mu.Unlock()
		if over { // a dead engine's operation may come late, but not after the machine has crashed
			return errKilled
		}
	}
	switch {
	case fault < 8:
		return errLost
	case fault < 16:
		if err := v.done(do()); err != nil {
			return err
		}
		return errLost
	case fault < 18:
		v.die()
		return errKilled
	case fault < 20:
		v.done(do())
		v.die()
		return errKilled
	}
	return v.done(do())
}

// Close implements store.Store.
func (v *view) Close() error { return nil }

// done is what follows an effect: a store that is not ordered has it durable.
func (v *view) done(err error) error {
	if v.kind != ordered {
		v.sync()
	}
	return err
}

func (v *view) die() {
	v.mu.Lock()
	first := !v.dead
	v.dead = true
	v.mu.Unlock()
	if first && v.kill != nil {
		v.kill()
	}
}

func (v *view) Get(ctx context.Context, id string) (r store.Record, err error) {
	err = v.op(ctx, "get", id, func() error {
		v.m.mu.Lock()
		defer v.m.mu.Unlock()
		var ok bool
		if r, ok = v.m.records[id]; !ok {
			return store.ErrNotFound
		}
		r.Data = slices.Clone(r.Data)
		return nil
	})
	return r, err
}

func (v *view) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (n int64, err error) {
	if err := store.CheckPut(r, blobs); err != nil {
		return 0, err
	}
	err = v.op(ctx, "put", r.ID, func() (err error) { n, err = v.m.put(r, blobs); return })
	return n, err
}

// Apply implements store.Atomic.
func (v *view) Apply(ctx context.Context, changes ...store.Change) error {
	return v.op(ctx, "apply", changes[0].ID, func() error { return v.m.apply(changes) })
}

// DeleteRecords implements store.Bulk.
func (v *view) DeleteRecords(ctx context.Context, ids ...string) error {
	return v.op(ctx, "deleterecords", ids[0], func() error {
		v.m.mu.Lock()
		defer v.m.mu.Unlock()
		for _, id := range ids {
			old, ok := v.m.records[id]
			if delete(v.m.records, id); ok {
				v.m.undo = append(v.m.undo, func() { v.m.records[id] = old })
			}
		}
		return nil
	})
}

func (m *memStore) apply(changes []store.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	conflict := &store.ConflictError{}
	for _, c := range changes {
		old, ok := m.records[c.ID]
		switch {
		case ok && old.Token == c.Token:
			return nil // a repeat
		case c.New == 0 && !ok:
		case old.Version != c.Version:
			conflict.IDs = append(conflict.IDs, c.ID)
		}
	}
	if len(conflict.IDs) > 0 {
		return conflict
	}
	for _, c := range changes {
		r := c.Record
		r.Version = c.New
		if m.records[c.ID] = r; c.New == 0 {
			delete(m.records, c.ID)
		}
	}
	return nil
}

func (v *view) Delete(ctx context.Context, id string, version int64) error {
	return v.op(ctx, "delete", id, func() error {
		v.m.mu.Lock()
		defer v.m.mu.Unlock()
		old, ok := v.m.records[id]
		if !ok {
			return store.ErrNotFound
		}
		if old.Version != version {
			return store.ErrConflict
		}
		v.m.undo = append(v.m.undo, func() { v.m.records[id] = old })
		delete(v.m.records, id)
		return nil
	})
}

func (v *view) List(ctx context.Context, prefix, page string, limit int) (rs []store.Record, next string, err error) {
	err = v.op(ctx, "list", prefix, func() error {
		v.m.mu.Lock()
		defer v.m.mu.Unlock()
		for id, r := range v.m.records {
			if strings.HasPrefix(id, prefix) && id > page {
				rs = append(rs, r)
			}
		}
		slices.SortFunc(rs, func(a, b store.Record) int { return strings.Compare(a.ID, b.ID) })
		if len(rs) > limit {
			rs = rs[:limit]
			next = rs[limit-1].ID
		}
		return nil
	})
	return rs, next, err
}

func (v *view) PutBlob(ctx context.Context, b store.Blob) error {
	return v.op(ctx, "putblob", b.Name, func() error {
		v.m.mu.Lock()
		defer v.m.mu.Unlock()
		v.m.setBlob(b)
		return nil
	})
}

func (v *view) GetBlob(ctx context.Context, name string) (data []byte, err error) {
	err = v.op(ctx, "getblob", name, func() error {
		v.m.mu.Lock()
		defer v.m.mu.Unlock()
		b, ok := v.m.blobs[name]
		if !ok {
			return fmt.Errorf("blob %s: %w", name, store.ErrNotFound)
		}
		data = slices.Clone(b)
		return store.CheckBlob(name, b)
	})
	return data, err
}

func (v *view) DeleteBlob(ctx context.Context, name string) error {
	return v.op(ctx, "deleteblob", name, func() error {
		v.m.mu.Lock()
		defer v.m.mu.Unlock()
		if old, ok := v.m.blobs[name]; ok {
			v.m.undo = append(v.m.undo, func() { v.m.blobs[name] = old })
			delete(v.m.blobs, name)
		}
		return nil
	})
}

func (v *view) Blobs(ctx context.Context, owner, page string, limit int) (names []string, next string, err error) {
	err = v.op(ctx, "blobs", owner, func() error {
		v.m.mu.Lock()
		defer v.m.mu.Unlock()
		for name := range v.m.blobs {
			if strings.HasPrefix(name, owner+"/") && !strings.Contains(name[len(owner)+1:], "/") && name > page {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		if len(names) > limit {
			names = names[:limit]
			next = names[limit-1]
		}
		return nil
	})
	return names, next, err
}
