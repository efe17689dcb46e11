// Package storetest is the conformance suite of store.Store. Each
// implementation calls Run, and Durable if its state outlives Close:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store { ... })
//		storetest.Durable(t, func(t *testing.T, dir string) store.Store { ... })
//	}
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/store"
)

// Run checks one promise per subtest, each on a store of its own; open returns
// an empty one. The suite closes it.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, test := range []struct {
		name string
		f    func(t *testing.T, s store.Store)
	}{
		{"Versions", testVersions},
		{"Expires", testExpires},
		{"Repeat", testRepeat},
		{"OneWinner", testOneWinner},
		{"Counter", testCounter},
		{"Delete", testDelete},
		{"List", testList},
		{"Append", testAppend},
		{"AppendConcurrent", testAppendConcurrent},
		{"Order", testOrder},
		{"Blobs", testBlobs},
		{"LargeBlob", testLargeBlob},
		{"BlobList", testBlobList},
		{"Limits", testLimits},
		{"Aliasing", testAliasing},
		{"Cancel", testCancel},
		{"Closed", testClosed},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			defer s.Close()
			test.f(t, s)
		})
	}
}

// Durable checks that state outlives Close; open opens the same state for the same dir, which
// is an empty directory at first (or, for a store elsewhere, just a name).
func Durable(t *testing.T, open func(t *testing.T, dir string) store.Store) {
	t.Run("Durable", func(t *testing.T) {
		dir := t.TempDir()
		large := pattern(3 << 20)
		var blob store.Blob
		for i := range int64(5) {
			s := open(t, dir)
			if i > 0 {
				wantRecord(t, s, "r", i, fmt.Sprint("step ", i))
				wantMessages(t, s, "box", store.Key{}, messages("a", 1, uint64(i)))
				if got, err := s.GetBlob(ctx(t), blob.Name); err != nil || !bytes.Equal(got, blob.Data) {
					t.Fatalf("blob of step %d: %d bytes, %v", i, len(got), err)
				}
			}
			blob = store.NewBlob("r", append(large, byte(i)))
			mustPut(t, s, store.Record{ID: "r", Version: i, Data: []byte(fmt.Sprint("step ", i+1))}, i+1, blob)
			must(t, s.Append(ctx(t), "box", messages("a", uint64(i)+1, 1)...))
			must(t, s.Close())
		}
	})
}

func testVersions(t *testing.T, s store.Store) {
	if _, err := s.Get(ctx(t), "r"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("Get of nothing: %v", err)
	}
	if _, err := s.Put(ctx(t), store.Record{ID: "r", Version: 1}); !errors.Is(err, store.ErrConflict) {
		t.Fatalf("Put over nothing with version 1: %v", err)
	}
	mustPut(t, s, store.Record{ID: "r", Data: []byte("one")}, 1)
	wantRecord(t, s, "r", 1, "one")
	mustPut(t, s, store.Record{ID: "r", Version: 1, Data: []byte("two")}, 2)
	for _, v := range []int64{0, 1, 3, 100} {
		if _, err := s.Put(ctx(t), store.Record{ID: "r", Version: v, Data: []byte("no")}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("Put with version %d over 2: %v", v, err)
		}
	}
	wantRecord(t, s, "r", 2, "two")
	mustPut(t, s, store.Record{ID: "r", Version: 2}, 3) // no data at all
	wantRecord(t, s, "r", 3, "")
}

// testExpires: a record that expires is there until then, and its successor may stay.
func testExpires(t *testing.T, s store.Store) {
	mustPut(t, s, store.Record{ID: "r", Data: []byte("one"), Expires: time.Now().Add(time.Hour)}, 1)
	wantRecord(t, s, "r", 1, "one")
	mustPut(t, s, store.Record{ID: "r", Version: 1, Data: []byte("two")}, 2)
	wantRecord(t, s, "r", 2, "two")
}

func testRepeat(t *testing.T, s store.Store) {
	r := store.Record{ID: "r", Token: store.NewToken(), Data: []byte("one")}
	blob := store.NewBlob("r", []byte("content"))
	mustPut(t, s, r, 1, blob)
	mustPut(t, s, r, 1, blob) // the answer was lost
	wantRecord(t, s, "r", 1, "one")
	if got, _ := s.Get(ctx(t), "r"); got.Token != r.Token {
		t.Errorf("token %q, want %q", got.Token, r.Token)
	}
	other := r
	other.Token = store.NewToken()
	if _, err := s.Put(ctx(t), other); !errors.Is(err, store.ErrConflict) {
		t.Errorf("other writer: %v", err)
	}
	mustPut(t, s, store.Record{ID: "r", Version: 1, Data: []byte("two")}, 2)
	if _, err := s.Put(ctx(t), r); !errors.Is(err, store.ErrConflict) {
		t.Errorf("repeat after another step: %v", err)
	}
	// Empty tokens are never equal.
	mustPut(t, s, store.Record{ID: "e"}, 1)
	if _, err := s.Put(ctx(t), store.Record{ID: "e"}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("put without a token: %v", err)
	}
}

func testOneWinner(t *testing.T, s store.Store) {
	for round := range int64(20) {
		const writers = 16
		var wins atomic.Int32
		var winner atomic.Value
		start := make(chan bool)
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				<-start
				me := fmt.Sprint("writer ", i)
				v, err := s.Put(ctx(t), store.Record{ID: "r", Version: round, Data: []byte(me)})
				switch {
				case err == nil && v == round+1:
					wins.Add(1)
					winner.Store(me)
				case !errors.Is(err, store.ErrConflict):
					t.Errorf("Put = %d, %v", v, err)
				}
			})
		}
		close(start)
		wg.Wait()
		if wins.Load() != 1 {
			t.Fatalf("round %d: %d writers won", round, wins.Load())
		}
		wantRecord(t, s, "r", round+1, winner.Load().(string))
	}
}

// testCounter increments from several writers; nothing may get lost.
func testCounter(t *testing.T, s store.Store) {
	const writers, each = 4, 25
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for n := 0; n < each; {
				r, err := s.Get(ctx(t), "n")
				if err != nil && !errors.Is(err, store.ErrNotFound) {
					t.Error(err)
					return
				}
				r.ID, r.Token = "n", ""
				r.Data = append(r.Data, '.')
				switch _, err := s.Put(ctx(t), r); {
				case err == nil:
					n++
				case !errors.Is(err, store.ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	wantRecord(t, s, "n", writers*each, strings.Repeat(".", writers*each))
}

func testDelete(t *testing.T, s store.Store) {
	if err := s.Delete(ctx(t), "r", 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Delete of nothing: %v", err)
	}
	mustPut(t, s, store.Record{ID: "r"}, 1)
	if err := s.Delete(ctx(t), "r", 2); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Delete of another version: %v", err)
	}
	must(t, s.Delete(ctx(t), "r", 1))
	if _, err := s.Get(ctx(t), "r"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get after Delete: %v", err)
	}
	mustPut(t, s, store.Record{ID: "r"}, 1)
}

func testList(t *testing.T, s store.Store) {
	var want []string
	for i := range 57 {
		id := fmt.Sprintf("run-%03d", i)
		want = append(want, id)
		mustPut(t, s, store.Record{ID: id, Data: []byte(id)}, 1)
	}
	for _, id := range []string{"a", "run", "run.", "ruo", "~", "!"} {
		mustPut(t, s, store.Record{ID: id}, 1)
	}
	for _, limit := range []int{1, 7, 57, 1000} {
		var got []string
		page := ""
		for {
			rs, next, err := s.List(ctx(t), "run-", page, limit)
			must(t, err)
			if len(rs) > limit {
				t.Fatalf("a page of %d records, limit %d", len(rs), limit)
			}
			for _, r := range rs {
				if string(r.Data) != r.ID || r.Version != 1 {
					t.Errorf("record %+v", r)
				}
				got = append(got, r.ID)
			}
			if page = next; page == "" {
				break
			}
		}
		sort.Strings(got)
		if !equal(got, want) {
			t.Errorf("limit %d: got %q", limit, got)
		}
	}
	rs, _, err := s.List(ctx(t), "", "", 1000)
	if must(t, err); len(rs) != len(want)+6 {
		t.Errorf("%d records in all, want %d", len(rs), len(want)+6)
	}
}

func testAppend(t *testing.T, s store.Store) {
	wantMessages(t, s, "box", store.Key{}, nil)
	ms := messages("a", 1, 5)
	must(t, s.Append(ctx(t), "box", ms...))
	must(t, s.Append(ctx(t), "box", ms[2:4]...)) // repeated
	changed := ms[1]
	changed.Data = []byte("changed")
	must(t, s.Append(ctx(t), "box", changed)) // the first content stays
	must(t, s.Append(ctx(t), "box"))
	wantMessages(t, s, "box", store.Key{}, ms)
	wantMessages(t, s, "box", ms[1].Key, ms[2:])
	wantMessages(t, s, "box", ms[4].Key, nil)
	wantMessages(t, s, "bo", store.Key{}, nil)
	wantMessages(t, s, "boxx", store.Key{}, nil)

	must(t, s.DeleteMessages(ctx(t), "box", ms[0].Key, ms[1].Key, ms[3].Key))
	must(t, s.DeleteMessages(ctx(t), "box", ms[0].Key, store.Key{Sender: "nobody", Seq: 7}))
	must(t, s.DeleteMessages(ctx(t), "box"))
	wantMessages(t, s, "box", store.Key{}, []store.Message{ms[2], ms[4]})
}

func testAppendConcurrent(t *testing.T, s store.Store) {
	const senders, each = 8, 40
	var want []store.Message
	var wg sync.WaitGroup
	for i := range senders {
		ms := messages(fmt.Sprint("sender", i), 1, each)
		want = append(want, ms...)
		for range 2 { // two that repeat each other
			wg.Go(func() {
				for _, m := range ms {
					if err := s.Append(ctx(t), "box", m); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	wantMessages(t, s, "box", store.Key{}, want)
}

func testOrder(t *testing.T, s store.Store) {
	seqs := []uint64{1, 2, 9, 10, 11, 99, 100, 255, 256, 257, 65535, 65536, 1 << 31, 1 << 32, 1 << 62, 1<<63 - 1}
	var want []store.Message
	for _, sender := range []string{"!", "a", "a!", "a-b", "a/b", "ab", "b", "~"} {
		for _, seq := range seqs {
			want = append(want, store.Message{Key: store.Key{Sender: sender, Seq: seq}, Data: fmt.Append(nil, sender, seq)})
		}
	}
	for _, i := range rand.Perm(len(want)) {
		must(t, s.Append(ctx(t), "box", want[i]))
	}
	wantMessages(t, s, "box", store.Key{}, want)
	wantMessages(t, s, "box", want[20].Key, want[21:])
	wantMessages(t, s, "box", store.Key{Sender: "a!"}, want[2*len(seqs):])
}

func testBlobs(t *testing.T, s store.Store) {
	for _, n := range []int{0, 1, 1000, 400_000} {
		b := store.NewBlob("owner/of-it", pattern(n))
		if _, err := s.GetBlob(ctx(t), b.Name); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("GetBlob of nothing: %v", err)
		}
		must(t, s.DeleteBlob(ctx(t), b.Name))
		must(t, s.PutBlob(ctx(t), b))
		must(t, s.PutBlob(ctx(t), b))
		got, err := s.GetBlob(ctx(t), b.Name)
		if err != nil || !bytes.Equal(got, b.Data) {
			t.Errorf("GetBlob of %d bytes: %d bytes, %v", n, len(got), err)
		}
		must(t, s.DeleteBlob(ctx(t), b.Name))
		if _, err := s.GetBlob(ctx(t), b.Name); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("GetBlob after DeleteBlob: %v", err)
		}
	}
	// Blobs given to a Put are there when the record is.
	b1, b2 := store.NewBlob("r", []byte("1")), store.NewBlob("r", []byte("2"))
	mustPut(t, s, store.Record{ID: "r"}, 1, b1, b2)
	for _, b := range []store.Blob{b1, b2} {
		if got, err := s.GetBlob(ctx(t), b.Name); err != nil || !bytes.Equal(got, b.Data) {
			t.Errorf("blob of a put: %q, %v", got, err)
		}
	}
	// A put that loses must not harm the blobs of the winner.
	if _, err := s.Put(ctx(t), store.Record{ID: "r"}, b1); !errors.Is(err, store.ErrConflict) {
		t.Error(err)
	}
	if _, err := s.GetBlob(ctx(t), b1.Name); err != nil {
		t.Error(err)
	}
}

func testLargeBlob(t *testing.T, s store.Store) {
	n := 40 << 20
	if testing.Short() {
		n = 9 << 20
	}
	b := store.NewBlob("r", pattern(n))
	mustPut(t, s, store.Record{ID: "r"}, 1, b)
	got, err := s.GetBlob(ctx(t), b.Name)
	if err != nil || !bytes.Equal(got, b.Data) {
		t.Fatalf("GetBlob of %d bytes: %d bytes, %v", n, len(got), err)
	}
}

func testBlobList(t *testing.T, s store.Store) {
	var want []string
	for i := range 23 {
		b := store.NewBlob("owner", fmt.Append(nil, i))
		want = append(want, b.Name)
		must(t, s.PutBlob(ctx(t), b))
		must(t, s.PutBlob(ctx(t), store.NewBlob("owner2", fmt.Append(nil, i))))
		must(t, s.PutBlob(ctx(t), store.NewBlob("owner/2", fmt.Append(nil, i))))
	}
	var got []string
	for page := ""; ; {
		names, next, err := s.Blobs(ctx(t), "owner", page, 5)
		must(t, err)
		got = append(got, names...)
		if page = next; page == "" {
			break
		}
	}
	sort.Strings(want)
	sort.Strings(got)
	if !equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func testLimits(t *testing.T, s store.Store) {
	long := strings.Repeat("x", store.MaxID)
	mustPut(t, s, store.Record{ID: long, Data: pattern(store.MaxRecord)}, 1)
	if r, err := s.Get(ctx(t), long); err != nil || !bytes.Equal(r.Data, pattern(store.MaxRecord)) {
		t.Errorf("largest record: %d bytes, %v", len(r.Data), err)
	}
	m := store.Message{Key: store.Key{Sender: long, Seq: 1<<63 - 1}, Data: pattern(store.MaxMessage)}
	must(t, s.Append(ctx(t), long, m))
	wantMessages(t, s, long, store.Key{}, []store.Message{m})
	if _, err := s.Put(ctx(t), store.Record{ID: "r", Data: pattern(store.MaxRecord + 1)}); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("record too large: %v", err)
	}
	m.Data = pattern(store.MaxMessage + 1)
	if err := s.Append(ctx(t), "box", m); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("message too large: %v", err)
	}
	for _, id := range []string{"", long + "x", "a b", "a\x00", "é", "a\n"} {
		if _, err := s.Put(ctx(t), store.Record{ID: id}); !errors.Is(err, store.ErrBadID) {
			t.Errorf("Put of %q: %v", id, err)
		}
		if err := s.Append(ctx(t), id, messages("a", 1, 1)...); !errors.Is(err, store.ErrBadID) {
			t.Errorf("Append to %q: %v", id, err)
		}
		if err := s.Append(ctx(t), "box", messages(id, 1, 1)...); !errors.Is(err, store.ErrBadID) {
			t.Errorf("Append from %q: %v", id, err)
		}
	}
	if err := s.Append(ctx(t), "box", messages("a", 0, 1)...); err == nil {
		t.Error("Append with sequence 0 succeeded")
	}
	if err := s.PutBlob(ctx(t), store.Blob{Name: "x"}); !errors.Is(err, store.ErrBadID) {
		t.Errorf("PutBlob of a bad name: %v", err)
	}
}

// testAliasing checks that slices passed in are not kept and slices returned are not shared.
func testAliasing(t *testing.T, s store.Store) {
	data := []byte("data")
	mustPut(t, s, store.Record{ID: "r", Data: data}, 1)
	m := store.Message{Key: store.Key{Sender: "a", Seq: 1}, Data: data}
	must(t, s.Append(ctx(t), "box", m))
	b := store.NewBlob("r", data)
	must(t, s.PutBlob(ctx(t), b))
	copy(data, "????")
	for range 2 {
		r, err := s.Get(ctx(t), "r")
		must(t, err)
		ms, err := s.Messages(ctx(t), "box", store.Key{}, 9)
		must(t, err)
		bd, err := s.GetBlob(ctx(t), b.Name)
		must(t, err)
		for _, d := range [][]byte{r.Data, ms[0].Data, bd} {
			if string(d) != "data" {
				t.Fatalf("got %q", d)
			}
			copy(d, "!!!!")
		}
	}
}

func testCancel(t *testing.T, s store.Store) {
	c, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Get(c, "r"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.Put(c, store.Record{ID: "r"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v", err)
	}
	mustPut(t, s, store.Record{ID: "r"}, 1) // the cancelled one left nothing
}

func testClosed(t *testing.T, s store.Store) {
	must(t, s.Close())
	if _, err := s.Get(ctx(t), "r"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.Put(ctx(t), store.Record{ID: "r"}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Put: %v", err)
	}
	if _, _, err := s.List(ctx(t), "", "", 10); !errors.Is(err, store.ErrClosed) {
		t.Errorf("List: %v", err)
	}
	if err := s.Append(ctx(t), "box", messages("a", 1, 1)...); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Append: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}
