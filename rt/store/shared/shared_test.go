package shared

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pebble"
	"github.com/harkgen/harkgen/rt/store/storetest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("HARK_TEST_DIR"); dir != "" {
		child(dir, os.Getenv("HARK_TEST_NAME"))
	}
	os.Exit(m.Run())
}

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestServer(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		s := open(t, t.TempDir())
		if !s.Serving() {
			t.Error("alone, but not the server")
		}
		return s
	})
	storetest.Durable(t, func(t *testing.T, dir string) store.Store { return open(t, dir) })
}

func TestClient(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		dir := t.TempDir()
		server := open(t, dir)
		t.Cleanup(func() { server.Close() })
		c := open(t, dir)
		if c.Serving() {
			t.Error("two servers")
		}
		return c
	})
}

// TestTakeover closes the server under its clients, over and over.
func TestTakeover(t *testing.T) {
	dir := t.TempDir()
	const clients, each = 4, 100
	acked := make([][]int64, clients)
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			s := open(t, dir)
			defer func() { s.Close() }()
			id := fmt.Sprint("r", i)
			for v := range int64(each) {
				got, err := s.Put(t.Context(), store.Record{ID: id, Version: v})
				if err != nil {
					t.Errorf("%s: %v", id, err)
					return
				}
				acked[i] = append(acked[i], got)
				if v%20 == 19 && s.Serving() {
					s.Close()
					s = open(t, dir)
				}
			}
		})
	}
	wg.Wait()
	s := open(t, dir)
	defer s.Close()
	for i := range clients {
		if r, err := s.Get(t.Context(), fmt.Sprint("r", i)); err != nil || r.Version != each {
			t.Errorf("r%d: version %d, %v", i, r.Version, err)
		}
	}
}

func TestSocketFiles(t *testing.T) {
	for _, long := range []bool{false, true} {
		t.Run(fmt.Sprint("long=", long), func(t *testing.T) {
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			dir, err := os.MkdirTemp("/tmp", "hs")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			state := filepath.Join(dir, ".hark")
			if long {
				state = filepath.Join(dir, strings.Repeat("x", 150), ".hark")
				t.Setenv("TMPDIR", dir) // t.TempDir may itself be too long
			}
			s := open(t, state)
			c := open(t, state)
			if c.Serving() {
				t.Error("two servers")
			}
			if _, err := c.Put(t.Context(), store.Record{ID: "r"}); err != nil {
				t.Error(err)
			}
			path, err := findSocket(state)
			if err != nil {
				t.Fatal(err)
			}
			if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
				t.Errorf("socket: %v, %v", fi, err)
			}
			s.Close()
			if _, err := c.Get(t.Context(), "r"); err != nil || !c.Serving() {
				t.Errorf("takeover: %v, serving %t", err, c.Serving())
			}
			c.Close()
			var left []string
			filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
				if strings.Contains(d.Name(), "sock") {
					left = append(left, p)
				}
				return nil
			})
			if left != nil {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	s.Close()
	manifests, _ := filepath.Glob(filepath.Join(dir, "db", "MANIFEST*"))
	for _, name := range manifests {
		os.WriteFile(name, []byte("hello"), 0o600)
	}
	if _, err := Open(dir, nil); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), dir) {
		t.Errorf("Open: %v", err)
	}
	// Nor is the lock kept.
	if _, err := Open(dir, nil); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("second Open: %v", err)
	}
}

// TestSilent holds the lock without serving.
func TestSilent(t *testing.T) {
	dir := t.TempDir()
	db, err := pebble.Open(filepath.Join(dir, "db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := Open(dir, &Options{Patience: 50 * time.Millisecond}); err == nil || !strings.Contains(err.Error(), "is in use by a process that does not answer") {
		t.Errorf("Open: %v", err)
	}
}

func BenchmarkClientPut(b *testing.B) {
	dir := b.TempDir()
	server := open(b, dir)
	defer server.Close()
	c := open(b, dir)
	defer c.Close()
	data := make([]byte, 2000)
	for v := int64(0); b.Loop(); v++ {
		if _, err := c.Put(context.Background(), store.Record{ID: "r", Version: v, Data: data}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

// TestUnsynced uses the unsynced views of the server and of a client.
func TestUnsynced(t *testing.T) {
	dir := t.TempDir()
	server, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	client, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for i, s := range []*Store{server, client} {
		u := s.Unsynced()
		if v, err := u.Put(t.Context(), store.Record{ID: "r", Version: int64(i)}); err != nil || v != int64(i)+1 {
			t.Errorf("Put = %d, %v", v, err)
		}
		if err := u.Append(t.Context(), "box", store.Message{Key: store.Key{Sender: "a", Seq: uint64(i) + 1}}); err != nil {
			t.Error(err)
		}
		if err := s.Sync(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if r, err := server.Get(t.Context(), "r"); err != nil || r.Version != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if ms, err := client.Unsynced().Messages(t.Context(), "box", store.Key{}, 9); err != nil || len(ms) != 2 {
		t.Errorf("%d messages, %v", len(ms), err)
	}
}
