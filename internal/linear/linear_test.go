package linear

import (
	"strings"
	"testing"
)

// TestLinearizable: the check misses what is wrong.
func TestLinearizable(t *testing.T) {
	for _, history := range [][]*Event{
		{{Call: 1, End: 2, What: "send", Capacity: 2, Value: 1}, {Call: 3, End: 4, What: "send", Capacity: 2, Value: 2}, {Call: 5, End: 6, What: "recv", Capacity: 2, Got: 2, OK: true}},
		{{Call: 1, End: 2, What: "send", Capacity: 1, Value: 1}, {Call: 3, End: 4, What: "send", Capacity: 1, Value: 2}},
		{{Call: 1, End: 2, What: "recv", Capacity: 1, Got: 1, OK: true}},
		{{Call: 1, End: 2, What: "send", Capacity: 2, Value: 1}, {Call: 3, End: 4, What: "recv", Capacity: 2, Got: 1, OK: true}, {Call: 3, End: 4, What: "recv", Capacity: 2, Got: 1, OK: true}},
		{{Call: 1, End: 2, What: "lock"}, {Call: 3, End: 4, What: "rlock"}},
		{{Call: 1, End: 2, What: "lock"}, {Call: 3, End: 9, What: "cond unlock"}, {Call: 4, End: 9, What: "cond lock"}},
		{{Call: 1, End: 2, What: "lock"}, {Call: 3, End: Never, What: "cond unlock"}, {Call: 4, End: 5, What: "lock"}, {Call: 6, End: 7, What: "lock"}},
		{{Call: 1, End: 2, What: "signal"}, {Call: 3, End: 4, What: "lock"}, {Call: 5, End: 8, What: "cond unlock"}, {Call: 5, End: 8, What: "cond lock"}},
		{{Call: 1, End: 2, What: "once", OK: true}, {Call: 1, End: 2, What: "once", OK: true}},
		{{Call: 1, End: 2, What: "once"}, {Call: 3, End: 4, What: "once", OK: true}},
		{{Call: 1, End: 2, What: "group", Value: 1}, {Call: 3, End: 4, What: "wait"}},
		{{Call: 1, End: 2, What: "add", Value: 1, Got: 1}, {Call: 1, End: 2, What: "add", Value: 1, Got: 1}},
	} {
		for i, e := range history {
			if !strings.HasPrefix(e.What, "cond") {
				e.Client = 100 + i
			}
		}
		if _, err := Check(history); err == nil {
			t.Errorf("%v was let through", history)
		}
	}
}
