package exchange

import (
	"testing"

	"github.com/harkgen/harkgen/internal/linear"
)

// An event is an operation; see linear.Event.
type event struct {
	call, end int64
	client    int
	what      string
	object    int
	capacity  int
	value     int
	got       int
	ok        bool
	panics    bool
}

// linearizable checks a history.
func linearizable(t *testing.T, history []*event) {
	t.Helper()
	var list []*linear.Event
	for _, e := range history {
		list = append(list, &linear.Event{
			Call: e.call, End: e.end, Client: e.client, What: e.what, Object: e.object, Capacity: e.capacity, Value: e.value, Got: e.got, OK: e.ok, Panics: e.panics,
		})
	}
	unknown, err := linear.Check(list)
	if err != nil {
		t.Error(err)
	}
	if unknown > 0 {
		t.Logf("%d objects with too many orders for porcupine", unknown)
	}
}
