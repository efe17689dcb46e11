package pebble

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/storetest"
)

func open(t *testing.T, dir string) store.Store {
	t.Helper()
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, t.TempDir()) })
	storetest.Durable(t, open)
	t.Run("Unsynced", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) store.Store {
			s := open(t, t.TempDir()).(*Store)
			return closing{s.Unsynced(), s}
		})
	})
	storetest.Ordered(t, func(t *testing.T) (store.Ordered, func() store.Ordered) {
		fs := vfs.NewCrashableMem()
		s, err := Open("state", &Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		return s, func() store.Ordered {
			left := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rand.IntN(101), RNG: rand.New(rand.NewPCG(rand.Uint64(), 1))})
			s, err := Open("state", &Options{FS: left})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}

// closing is an unsynced view for the suite, which closes what it opens.
type closing struct {
	store.Store
	s *Store
}

func (c closing) Close() error { return c.s.Close() }

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if _, err := Open(dir, nil); !errors.Is(err, ErrLocked) {
		t.Errorf("second Open: %v", err)
	}
	s.Close()
	open(t, dir).Close()
}

// TestCrash cuts the power at random points of concurrent steps: what was acknowledged
// is there afterwards, what was not is there as a whole or not at all, and a record's blob is there.
func TestCrash(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	fs := vfs.NewCrashableMem()
	acked := map[string]int64{} // version by record
	for round := range rounds {
		s, err := Open("state", &Options{FS: fs})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		checkCrashed(t, s, acked)
		var mu sync.Mutex
		var wg sync.WaitGroup
		var crashed *vfs.MemFS
		crashAt, steps := 20+rand.IntN(200), 0
		for i := range 4 {
			wg.Go(func() {
				id := fmt.Sprint("run", i)
				v := int64(0)
				if r, err := s.Get(t.Context(), id); err == nil {
					v = r.Version // may be one more than acknowledged: from here on it counts as that
				}
				mu.Lock()
				if crashed == nil {
					acked[id] = max(acked[id], v)
				}
				mu.Unlock()
				for range 100 {
					blob := store.NewBlob(id, fmt.Append(nil, id, v+1))
					old := store.NewBlob(id, fmt.Append(nil, id, v))
					_, err := s.Put(t.Context(), store.Record{ID: id, Version: v, Data: []byte(blob.Name)}, blob)
					if err != nil {
						t.Error(err)
						return
					}
					if v++; v > 1 {
						s.DeleteBlob(t.Context(), old.Name)
					}
					mu.Lock()
					if crashed == nil {
						acked[id] = v
						if steps++; steps == crashAt {
							crashed = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rand.IntN(101), RNG: rand.New(rand.NewPCG(uint64(round), 1))})
						}
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		s.Close()
		fs = crashed
	}
}

func checkCrashed(t *testing.T, s *Store, acked map[string]int64) {
	t.Helper()
	for id, v := range acked {
		if v == 0 {
			continue
		}
		r, err := s.Get(t.Context(), id)
		if err != nil || r.Version < v || r.Version > v+1 {
			t.Fatalf("%s: version %d, %v; acknowledged %d", id, r.Version, err, v)
		}
		if _, err := s.GetBlob(t.Context(), string(r.Data)); err != nil {
			t.Fatalf("%s: the blob of version %d: %v", id, r.Version, err)
		}
	}
}

// TestDamaged damages a directory in many ways. Opening it or reading from it must say
// so and name it, must not delete anything, and must never give wrong data.
func TestDamaged(t *testing.T) {
	for _, test := range []struct {
		name, glob string
		damage     func(b []byte) []byte // nil result: remove the file
	}{
		{"LogGarbled", "*.log", func(b []byte) []byte { b[len(b)/2] ^= 0xff; return b }},
		{"ManifestGarbled", "MANIFEST-*", func(b []byte) []byte { b[len(b)/2] ^= 0x55; b[9] ^= 0xff; return b }},
		{"ManifestEmpty", "MANIFEST-*", func([]byte) []byte { return []byte{} }},
		{"ManifestGone", "MANIFEST-*", func([]byte) []byte { return nil }},
		{"ManifestText", "MANIFEST-*", func([]byte) []byte { return []byte("hello\n") }},
		{"PointerGone", "marker.manifest*", func([]byte) []byte { return nil }},
		{"TableGarbled", "*.sst", func(b []byte) []byte { b[20] ^= 0xff; b[len(b)/3] ^= 1; return b }},
		{"TableEmpty", "*.sst", func([]byte) []byte { return []byte{} }},
		{"TableGone", "*.sst", func([]byte) []byte { return nil }},
		{"AllButOurMarkerGone", "[^H]*", func([]byte) []byte { return nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			fill(t, dir, test.glob != "*.log")
			files, _ := filepath.Glob(filepath.Join(dir, test.glob))
			if len(files) == 0 {
				t.Fatal("nothing to damage")
			}
			for _, name := range files {
				b, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if b = test.damage(b); b == nil {
					os.Remove(name)
				} else if err := os.WriteFile(name, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			before := listing(t, dir)
			opened, err := readAll(t, dir)
			if err == nil {
				t.Fatal("nobody noticed")
			}
			if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), dir+" is damaged: ") || !strings.HasSuffix(err.Error(), "; nothing was deleted") {
				t.Errorf("error: %v", err)
			}
			t.Log(err)
			after := listing(t, dir)
			for name := range before {
				// Opened before it was noticed, Pebble begins a new log and manifest.
				if ext := filepath.Ext(name); !after[name] && (ext == ".sst" || name == marker || !opened) {
					t.Errorf("%s was deleted", name)
				}
			}
		})
	}
}

func fill(t *testing.T, dir string, flush bool) {
	t.Helper()
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		id := fmt.Sprint("run", i)
		if _, err := s.Put(t.Context(), store.Record{ID: id, Data: []byte(id)}, store.NewBlob(id, bytes.Repeat([]byte{byte(i)}, 5000))); err != nil {
			t.Fatal(err)
		}
	}
	if flush {
		if err := s.db.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
}

func readAll(t *testing.T, dir string) (opened bool, err error) {
	s, err := Open(dir, nil)
	if err != nil {
		return false, err
	}
	defer s.Close()
	for i := range 50 {
		id := fmt.Sprint("run", i)
		r, err := s.Get(t.Context(), id)
		if err != nil {
			return true, err
		}
		if string(r.Data) != id {
			t.Errorf("wrong data: %q", r.Data)
		}
		if _, err := s.GetBlob(t.Context(), store.NewBlob(id, bytes.Repeat([]byte{byte(i)}, 5000)).Name); err != nil {
			return true, err
		}
	}
	return true, nil
}

func listing(t *testing.T, dir string) map[string]bool {
	t.Helper()
	es, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]bool{}
	for _, e := range es {
		m[e.Name()] = true
	}
	return m
}

func TestNotADirectory(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	os.WriteFile(name, []byte("hello"), 0o600)
	if _, err := Open(name, nil); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("Open of a file: %v", err)
	}
}

func BenchmarkPut(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			s, err := Open(b.TempDir(), nil)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			data := bytes.Repeat([]byte("x"), 2000)
			var wg sync.WaitGroup
			b.ResetTimer()
			for w := range writers {
				wg.Go(func() {
					id := fmt.Sprint("run", w)
					for v := range int64(b.N / writers) {
						if _, err := s.Put(b.Context(), store.Record{ID: id, Version: v, Data: data}, store.NewBlob(id, data)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		s, err := Open(dir, nil)
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
