// This file checks stores that have changes which do not wait for the disk.

package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/harkgen/harkgen/rt/store"
)

// Ordered checks the order in which changes become durable. open returns an empty store; crash returns it as a crash
// at this moment would leave it, and may choose how much of what was not synced is lost.
func Ordered(t *testing.T, open func(t *testing.T) (s store.Ordered, crash func() store.Ordered)) {
	t.Run("Views", func(t *testing.T) {
		s, _ := open(t)
		defer s.Close()
		testViews(t, s)
	})
	t.Run("Order", func(t *testing.T) {
		rounds := 40
		if testing.Short() {
			rounds = 10
		}
		for range rounds {
			testOrdered(t, open)
		}
	})
}

// testViews uses both views of one state.
func testViews(t *testing.T, s store.Ordered) {
	u := s.Unsynced()
	token := store.NewToken()
	mustPut(t, u, store.Record{ID: "r", Data: []byte("one"), Token: token}, 1)
	wantRecord(t, s, "r", 1, "one")
	mustPut(t, s, store.Record{ID: "r", Data: []byte("one"), Token: token}, 1) // repeated
	mustPut(t, s, store.Record{ID: "r", Version: 1, Data: []byte("two")}, 2)
	wantRecord(t, u, "r", 2, "two")
	if _, err := u.Put(ctx(t), store.Record{ID: "r", Version: 1}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Put over an old version: %v", err)
	}
	must(t, u.Close())
	must(t, s.Sync(ctx(t)))
	must(t, u.Delete(ctx(t), "r", 2))
	if _, err := s.Get(ctx(t), "r"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get after Delete: %v", err)
	}
}

// testOrdered makes changes of all kinds, some of them synced, crashes, and checks that the first ones are there, all that were
// synced among them.
func testOrdered(t *testing.T, open func(t *testing.T) (s store.Ordered, crash func() store.Ordered)) {
	s, crash := open(t)
	u := s.Unsynced()
	total := 1 + rand.IntN(60)
	synced := 0
	token := ""
	for i := 1; i <= total; i++ {
		to := u
		if rand.IntN(8) == 0 {
			to, synced = s, i
		}
		switch i % 3 {
		case 0:
			token = store.NewToken()
			mustPut(t, to, store.Record{ID: fmt.Sprint("r", i), Token: token}, 1, store.NewBlob("r", fmt.Append(nil, i)))
		case 1:
			must(t, to.Append(ctx(t), "box", messages("a", uint64(i), 1)...))
		case 2:
			must(t, to.PutBlob(ctx(t), store.NewBlob("b", fmt.Append(nil, i))))
		}
		switch rand.IntN(20) {
		case 0:
			must(t, s.Sync(ctx(t)))
			synced = i
		case 1: // repeats with the other view are as durable as what they repeat claims to be
			if i%3 == 0 {
				mustPut(t, s, store.Record{ID: fmt.Sprint("r", i), Token: token}, 1)
				synced = i
			}
			if i%3 == 1 {
				must(t, s.Append(ctx(t), "box", messages("a", uint64(i), 1)...))
				synced = i
			}
		}
	}
	after := crash()
	defer after.Close()
	must(t, s.Close())
	first := 0 // that is missing
	for i := 1; i <= total; i++ {
		there, err := false, error(nil)
		switch i % 3 {
		case 0:
			_, err = after.Get(ctx(t), fmt.Sprint("r", i))
			there = err == nil
			if there {
				_, err = after.GetBlob(ctx(t), store.NewBlob("r", fmt.Append(nil, i)).Name)
				must(t, err)
			}
		case 1:
			ms, err := after.Messages(ctx(t), "box", store.Key{Sender: "a", Seq: uint64(i - 1)}, 1)
			must(t, err)
			there = len(ms) == 1 && ms[0].Seq == uint64(i)
		case 2:
			_, err = after.GetBlob(ctx(t), store.NewBlob("b", fmt.Append(nil, i)).Name)
			there = err == nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		switch {
		case !there && i <= synced:
			t.Fatalf("change %d of %d is lost, %d was synced", i, total, synced)
		case !there && first == 0:
			first = i
		case there && first != 0:
			t.Fatalf("change %d survived without change %d", i, first)
		}
	}
}
