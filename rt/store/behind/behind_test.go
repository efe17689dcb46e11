package behind_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/harkgen/harkgen/internal/awsemu"
	"github.com/harkgen/harkgen/internal/awsemu/emutest"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/behind"
	"github.com/harkgen/harkgen/rt/store/dynamo"
	"github.com/harkgen/harkgen/rt/store/storetest"
)

func table(t *testing.T, f *emutest.AWS) *dynamo.Store {
	t.Helper()
	s, err := dynamo.Open(dynamo.Options{Table: emutest.Table, Bucket: emutest.Bucket, DynamoDB: f.DynamoDBClient(), S3: f.S3Client()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func open(t *testing.T) (*behind.Store, *emutest.AWS) {
	f := emutest.New(t)
	return behind.New(table(t, f)), f
}

// A viewOf is an unsynced view for the suite, which closes what it opens, and wants to know at once what is in conflict: who has read a record does.
type viewOf struct {
	store.Store
	s *behind.Store
}

func (v viewOf) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (int64, error) {
	v.Get(ctx, r.ID)
	return v.Store.Put(ctx, r, blobs...)
}

func (v viewOf) Delete(ctx context.Context, id string, version int64) error {
	v.Get(ctx, id)
	return v.Store.Delete(ctx, id, version)
}

func (v viewOf) Close() error { return v.s.Close() }

func TestStore(t *testing.T) {
	t.Run("Synced", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) store.Store {
			s, _ := open(t)
			return s
		})
	})
	t.Run("Unsynced", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) store.Store {
			s, _ := open(t)
			return viewOf{s.Unsynced(), s}
		})
	})
}

func TestOrdered(t *testing.T) { testOrdered(t, nil) }

// TestOrderedWithFaults runs the suite while requests are throttled, fail, and lose their answers.
func TestOrderedWithFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	testOrdered(t, awsemu.Faults(1, awsemu.Rates{Throttle: 0.05, Fail: 0.05, Lose: 0.05}))
}

func testOrdered(t *testing.T, faults func(op string) awsemu.Fault) {
	storetest.Ordered(t, func(t *testing.T) (store.Ordered, func() store.Ordered) {
		s, f := open(t)
		f.SetFault(faults)
		return s, func() store.Ordered {
			s.Close()
			return behind.New(table(t, f))
		}
	})
}

func put(t *testing.T, s store.Store, id string, version int64, data string, blobs ...store.Blob) {
	t.Helper()
	if _, err := s.Put(t.Context(), store.Record{ID: id, Version: version, Data: []byte(data)}, blobs...); err != nil {
		t.Fatal(err)
	}
}

func sync1(t *testing.T, s *behind.Store) {
	t.Helper()
	if err := s.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestMerge counts the requests for many changes.
func TestMerge(t *testing.T) {
	s, f := open(t)
	v := s.Unsynced()
	for i := range int64(50) {
		b := store.NewBlob("b", fmt.Append(nil, i))
		put(t, v, "r", i, fmt.Sprint("state ", i), b)
		if i > 0 {
			if err := v.DeleteBlob(t.Context(), store.NewBlob("b", fmt.Append(nil, i-1)).Name); err != nil {
				t.Fatal(err)
			}
		}
		put(t, v, fmt.Sprint("entry", i), 0, "x")
	}
	put(t, v, "short", 0, "lived")
	if err := v.Delete(t.Context(), "short", 1); err != nil {
		t.Fatal(err)
	}
	if n := f.Count(""); n > 0 {
		t.Errorf("%d requests before anybody waits", n)
	}
	sync1(t, s)
	sync1(t, s)
	if n := f.Count(""); n != 2 || f.Count("dynamodb.PutItem") != 1 || f.Count("dynamodb.TransactWriteItems") != 1 { // the last blob
		t.Errorf("%d requests, want 2", n)
	}
	below := table(t, f)
	if r, err := below.Get(t.Context(), "r"); err != nil || r.Version != 50 || string(r.Data) != "state 49" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := below.GetBlob(t.Context(), store.NewBlob("b", []byte("49")).Name); err != nil {
		t.Error(err)
	}
	f.ResetCounts()
	put(t, v, "r", 50, "alone")
	sync1(t, s)
	if f.Count("dynamodb.PutItem") != 1 || f.Count("") != 1 {
		t.Errorf("%d requests for one put", f.Count(""))
	}
}

// TestGroups writes more than a group holds, from several goroutines, and reads it back at any time.
func TestGroups(t *testing.T) {
	s, f := open(t)
	v := s.Unsynced()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 100 {
				id, data := fmt.Sprint("r", w, "-", i), strings.Repeat(fmt.Sprint(i), 10_000)
				if _, err := v.Put(t.Context(), store.Record{ID: id, Data: []byte(data)}); err != nil {
					t.Error(err)
				}
				if r, err := v.Get(t.Context(), id); err != nil || string(r.Data) != data || r.Version != 1 {
					t.Errorf("%s: version %d, %v", id, r.Version, err)
				}
				if i%30 == 0 {
					if err := s.Sync(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	sync1(t, s)
	rs, _, err := table(t, f).List(t.Context(), "r", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for n := len(rs); n < 400; {
		t.Fatalf("%d records, want 400", n)
	}
}

// TestLost has another writer come first.
func TestLost(t *testing.T) {
	s, f := open(t)
	v, other := s.Unsynced(), table(t, f)
	put(t, v, "mine", 0, "x")
	sync1(t, s)
	put(t, other, "theirs", 0, "first")
	put(t, v, "mine", 1, "lost")
	put(t, v, "theirs", 0, "second")
	if err := s.Sync(t.Context()); !errors.Is(err, store.ErrLost) {
		t.Errorf("Sync: %v", err)
	}
	_, err := v.Get(t.Context(), "mine")
	_, err2 := s.Put(t.Context(), store.Record{ID: "more"})
	if !errors.Is(err, store.ErrLost) || !errors.Is(err2, store.ErrLost) || !errors.Is(v.DeleteBlob(t.Context(), store.NewBlob("b", nil).Name), store.ErrLost) {
		t.Errorf("afterwards: %v, %v", err, err2)
	}
	for id, want := range map[string]string{"mine": "x", "theirs": "first"} {
		if r, err := other.Get(t.Context(), id); err != nil || string(r.Data) != want {
			t.Errorf("%s is %q, %v", id, r.Data, err)
		}
	}
}

// TestLateDeletion has another writer replace what is to be deleted.
func TestLateDeletion(t *testing.T) {
	s, f := open(t)
	v, other := s.Unsynced(), table(t, f)
	put(t, other, "garbage", 0, "1")
	put(t, other, "garbage", 1, "2")
	put(t, v, "mine", 0, "x")
	if err := v.Delete(t.Context(), "garbage", 1); err != nil {
		t.Fatal(err)
	}
	sync1(t, s)
	put(t, v, "mine", 1, "y")
	sync1(t, s)
	if r, err := other.Get(t.Context(), "garbage"); err != nil || r.Version != 2 {
		t.Errorf("version %d, %v", r.Version, err)
	}
}

// TestAmend changes what has not left memory.
func TestAmend(t *testing.T) {
	s, f := open(t)
	v := s.Unsynced()
	a := v.(store.Amender)
	put(t, v, "r", 0, "one")
	if !a.Amend("r", 1, []byte("one, two")) || a.Amend("r", 2, nil) || a.Amend("none", 1, nil) {
		t.Error("Amend is wrong about what is in memory")
	}
	sync1(t, s)
	if a.Amend("r", 1, []byte("one, two, three")) {
		t.Error("Amend has changed what is written")
	}
	if r, err := table(t, f).Get(t.Context(), "r"); err != nil || r.Version != 1 || string(r.Data) != "one, two" {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestFull has a store that does not answer: changes wait when too many are in memory.
func TestFull(t *testing.T) {
	s, f := open(t)
	stuck := make(chan struct{})
	f.SetFault(func(string) awsemu.Fault { return awsemu.Fault{Before: func() { <-stuck }} })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	written := 0
	v := s.Unsynced()
	for i := range 10_000 {
		if i == 3*store.MaxChanges {
			cancel() // the next one would wait
		}
		if _, err := v.Put(ctx, store.Record{ID: fmt.Sprint("r", i)}); err != nil {
			break
		}
		written++
	}
	if written != 3*store.MaxChanges {
		t.Errorf("%d changes are in memory", written)
	}
	close(stuck)
	sync1(t, s)
	put(t, v, "more", 0, "")
	sync1(t, s)
}

// A slowReader does something between the answer to a read and its return.
type slowReader struct {
	store.Atomic
	then func()
}

func (s *slowReader) Get(ctx context.Context, id string) (store.Record, error) {
	r, err := s.Atomic.Get(ctx, id)
	if then := s.then; then != nil {
		s.then = nil
		then()
	}
	return r, err
}

// TestOldAnswer: what the store has answered does not count if the record has been changed here before the answer has come.
func TestOldAnswer(t *testing.T) {
	below := &slowReader{Atomic: table(t, emutest.New(t))}
	s := behind.New(below)
	defer s.Close()
	put := func(in store.Store, version int64) error {
		_, err := in.Put(t.Context(), store.Record{ID: "a", Version: version, Data: []byte("x")})
		return errors.Join(err, s.Sync(t.Context()))
	}
	v := s.Unsynced()
	if err := errors.Join(put(v, 0), put(below.Atomic, 1)); err != nil { // somebody else has made version 2
		t.Fatal(err)
	}
	below.then = func() {
		if err := put(v, 2); err != nil {
			t.Error(err)
		}
	}
	if err := put(v, 2); !errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrLost) {
		t.Errorf("version 2 was replaced twice: %v", err)
	}
	if err := put(v, 3); err != nil {
		t.Error(err)
	}
}
