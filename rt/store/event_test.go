package store_test

import (
	"strings"
	"testing"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/shared"
)

// TestEventsOfRun: events come back in the order of their ids, with their data, however long, and go away with them.
func TestEventsOfRun(t *testing.T) {
	s, err := shared.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := t.Context()
	data := map[string]string{"1": "", "2": "short", "3": strings.Repeat("long", store.MaxMessage), "4": strings.Repeat("long", store.MaxMessage)}
	for id, text := range data {
		for range 2 { // a repeat is nothing new
			if err := store.AppendEvent(ctx, s, "run", id, "kind", []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Append(ctx, "run", store.Message{Key: store.Key{Sender: "stdin", Seq: 1}}); err != nil {
		t.Fatal(err)
	}
	list, err := store.Events(ctx, s, "run")
	if err != nil || len(list) != len(data) {
		t.Fatalf("%d events, %v", len(list), err)
	}
	if err := store.DeleteEvents(ctx, s, "run", list[2]); err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{"1", "2", "3", "4"} {
		got, err := list[i].Data(ctx, s)
		switch {
		case id == "3":
			if err == nil {
				t.Error("the data of an event are left that was deleted")
			}
		case err != nil || string(got) != data[id] || list[i].ID != id || list[i].Kind != "kind":
			t.Errorf("event %+v: %d bytes, %v", list[i], len(got), err)
		}
	}
	if list, err = store.Events(ctx, s, "run"); err != nil || len(list) != 3 {
		t.Errorf("%d events, %v", len(list), err)
	}
}
