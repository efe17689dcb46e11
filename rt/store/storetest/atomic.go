// This file checks stores that can make several changes at once.

package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/harkgen/harkgen/rt/store"
)

// Atomic checks changes of several records; open returns an empty store. The suite closes it.
func Atomic(t *testing.T, open func(t *testing.T) store.Atomic) {
	for _, test := range []struct {
		name string
		f    func(t *testing.T, s store.Atomic)
	}{
		{"Apply", testApply},
		{"ApplyConflict", testApplyConflict},
		{"ApplyRepeat", testApplyRepeat},
		{"ApplyMany", testApplyMany},
		{"DeleteRecords", testDeleteRecords},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			defer s.Close()
			test.f(t, s)
		})
	}
}

// changeOf is a change of a record; next 0 deletes it.
func changeOf(id string, version, next int64, data string) store.Change {
	return store.Change{Record: store.Record{ID: id, Version: version, Data: []byte(data), Token: store.NewToken()}, New: next}
}

func wantNone(t *testing.T, s store.Store, id string) {
	t.Helper()
	if r, err := s.Get(ctx(t), id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get(%s) = version %d, %v", id, r.Version, err)
	}
}

func wantConflict(t *testing.T, err error, ids ...string) {
	t.Helper()
	c, ok := errors.AsType[*store.ConflictError](err)
	if !ok || !errors.Is(err, store.ErrConflict) || !slices.Equal(c.IDs, ids) {
		t.Errorf("%v; want a conflict of %v", err, ids)
	}
}

func testApply(t *testing.T, s store.Atomic) {
	must(t, s.Apply(ctx(t)))
	must(t, s.Apply(ctx(t), changeOf("a", 0, 1, "a1"), changeOf("b", 0, 3, "b3"), changeOf("none", 7, 0, "")))
	wantRecord(t, s, "a", 1, "a1")
	wantRecord(t, s, "b", 3, "b3") // versions may be left out
	must(t, s.Apply(ctx(t), changeOf("a", 1, 0, ""), changeOf("b", 3, 4, "b4"), changeOf("c", 0, 1, "")))
	wantNone(t, s, "a")
	wantRecord(t, s, "b", 4, "b4")
	wantRecord(t, s, "c", 1, "")
	must(t, s.Apply(ctx(t), changeOf("b", 4, 9, "b9"))) // one alone
	wantRecord(t, s, "b", 9, "b9")
	must(t, s.Apply(ctx(t), changeOf("b", 9, 0, "")))
	wantNone(t, s, "b")
	must(t, s.Apply(ctx(t), changeOf("b", 9, 0, "")))
}

func testApplyConflict(t *testing.T, s store.Atomic) {
	mustPut(t, s, store.Record{ID: "a", Data: []byte("a1")}, 1)
	mustPut(t, s, store.Record{ID: "b", Data: []byte("b1")}, 1)
	wantConflict(t, s.Apply(ctx(t), changeOf("a", 1, 2, "lost"), changeOf("b", 0, 1, "lost"), changeOf("c", 0, 1, "lost")), "b")
	wantConflict(t, s.Apply(ctx(t), changeOf("a", 2, 3, "lost"), changeOf("b", 1, 2, "lost"), changeOf("c", 1, 2, "lost")), "a", "c")
	wantConflict(t, s.Apply(ctx(t), changeOf("a", 2, 0, ""), changeOf("b", 1, 2, "lost")), "a")
	wantConflict(t, s.Apply(ctx(t), changeOf("a", 5, 0, "")), "a")
	wantConflict(t, s.Apply(ctx(t), changeOf("a", 0, 1, "lost")), "a")
	wantRecord(t, s, "a", 1, "a1")
	wantRecord(t, s, "b", 1, "b1")
	wantNone(t, s, "c")
}

func testApplyRepeat(t *testing.T, s store.Atomic) {
	mustPut(t, s, store.Record{ID: "gone"}, 1)
	list := []store.Change{changeOf("a", 0, 2, "a2"), changeOf("gone", 1, 0, "")}
	for range 3 {
		must(t, s.Apply(ctx(t), list...))
	}
	must(t, s.Apply(ctx(t), list[0]))
	wantRecord(t, s, "a", 2, "a2")
	mustPut(t, s, store.Record{ID: "a", Version: 2, Data: []byte("a3")}, 3)
	wantConflict(t, s.Apply(ctx(t), list[0]), "a")
	wantRecord(t, s, "a", 3, "a3")
}

func testApplyMany(t *testing.T, s store.Atomic) {
	var list []store.Change
	size := store.MaxApply / store.MaxChanges
	for i := range store.MaxChanges {
		list = append(list, changeOf(fmt.Sprint("many-", i), 0, 1, string(pattern(size))))
	}
	must(t, s.Apply(ctx(t), list...))
	for _, c := range list {
		wantRecord(t, s, c.ID, 1, string(c.Data))
	}
}

func testDeleteRecords(t *testing.T, s store.Atomic) {
	ids := []string{"none"}
	for i := range 60 {
		ids = append(ids, fmt.Sprint("r", i))
		mustPut(t, s, store.Record{ID: ids[i+1]}, 1)
	}
	mustPut(t, s, store.Record{ID: "r7", Version: 1}, 2)
	mustPut(t, s, store.Record{ID: "other"}, 1)
	must(t, s.DeleteRecords(ctx(t)))
	must(t, s.DeleteRecords(ctx(t), append(ids, "r7")...))
	rs, _, err := s.List(ctx(t), "", "", 100)
	must(t, err)
	if len(rs) != 1 || rs[0].ID != "other" {
		t.Errorf("%d records are left", len(rs))
	}
}
