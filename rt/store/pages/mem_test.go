package pages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/harkgen/harkgen/rt/store"
)

// mem is a store in memory that can be told to crash: at the operation number crashAt the caller dies, before or after it had its effect, and
// everything after that fails. It implements what supervisors use of store.Store for snapshots.
type mem struct {
	store.Store // nil

	mu      sync.Mutex
	rec     store.Record
	blobs   map[string][]byte
	ops     int
	crashAt int // 0: never
	after   bool
	dead    bool
	puts    int // bytes of blobs written
}

var errCrash = errors.New("crash")

func newMem() *mem { return &mem{blobs: map[string][]byte{}} }

// op counts an operation that changes the store. do is its effect.
func (m *mem) op(do func()) error {
	m.ops++
	if m.dead {
		return errCrash
	}
	if m.ops == m.crashAt {
		m.dead = true
		if m.after {
			do()
		}
		return errCrash
	}
	do()
	return nil
}

func (m *mem) setBlob(b store.Blob) {
	m.puts += len(b.Data)
	if old, ok := m.blobs[b.Name]; ok && string(old) != string(b.Data) {
		panic("one name, two contents")
	}
	m.blobs[b.Name] = slices.Clone(b.Data)
}

func (m *mem) Get(context.Context, string) (store.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rec.Version == 0 {
		return m.rec, store.ErrNotFound
	}
	return m.rec, nil
}

func (m *mem) Put(_ context.Context, r store.Record, blobs ...store.Blob) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.Version != m.rec.Version {
		return 0, store.ErrConflict
	}
	return r.Version + 1, m.op(func() {
		for _, b := range blobs {
			m.setBlob(b)
		}
		m.rec = r
		m.rec.Version++
	})
}

func (m *mem) PutBlob(_ context.Context, b store.Blob) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.op(func() { m.setBlob(b) })
}

func (m *mem) GetBlob(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.blobs[name]
	if !ok {
		return nil, fmt.Errorf("blob %s: %w", name, store.ErrNotFound)
	}
	return slices.Clone(b), store.CheckBlob(name, b)
}

func (m *mem) DeleteBlob(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.op(func() { delete(m.blobs, name) })
}

func (m *mem) Blobs(_ context.Context, owner, page string, limit int) (names []string, next string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.blobs {
		if strings.HasPrefix(name, owner+"/") && name > page {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) > limit {
		names = names[:limit]
		next = names[limit-1]
	}
	return names, next, nil
}
