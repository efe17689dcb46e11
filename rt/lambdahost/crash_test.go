package lambdahost

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/emutest"
	"github.com/harkgen/harkgen/rt/store"
)

// TestCrashes cuts an invocation off from all services after its k-th request, in both ways: the k-th
// itself is refused, or takes effect. Whatever k is, the run ends as it should once the services are back.
func TestCrashes(t *testing.T) {
	for _, lose := range []bool{false, true} {
		t.Run(fmt.Sprint("lose=", lose), func(t *testing.T) {
			t.Parallel()
			for k := 1; crash(t, k, lose); k++ {
			}
		})
	}
}

// crash reports whether there were k requests.
func crash(t *testing.T, k int, lose bool) bool {
	l := newFunction(t)
	n, cut := 0, true
	l.aws.SetFault(func(string) emutest.Fault {
		switch n++; {
		case !cut || n < k:
			return emutest.Fault{}
		case n == k && lose:
			return emutest.Fault{Lose: true}
		}
		return emutest.Fault{Status: 500}
	})
	// Two invocations are in reach of the cut: the start, and the first wake-up.
	_, startErr := l.invoke(StartEvent{Run: "r", Args: []string{"sleep", "1h", "40000"}}, 60*time.Second)
	var pending []emutest.Message
	for i := 0; ; i++ {
		if i == 1 {
			if reached := n >= k; !reached {
				return false
			}
			cut = false
		}
		if i > 10 {
			t.Fatalf("k=%d: the run has not ended after %d rounds", k, i)
		}
		was := cut
		cut = false // for what the test itself asks for
		pending = append(pending, l.aws.Receive()...)
		r, _, err := l.get(t.Context(), "r")
		switch {
		case errors.Is(err, store.ErrNotFound) && startErr != nil:
			return true // it never began, and who asked knows
		case err != nil:
			t.Fatalf("k=%d: %v", k, err)
		case r.State == store.Done:
			if r.Exit != 3 || r.Step != 4 {
				t.Errorf("k=%d: %+v", k, r)
			}
			return true
		case len(pending) == 0:
			t.Fatalf("k=%d: nobody will wake the run: %+v", k, r)
		}
		l.elapse("r")
		cut = was
		failed := l.deliver(60*time.Second, pending...)
		pending = slices.DeleteFunc(pending, func(m emutest.Message) bool { return !slices.Contains(failed, m.ID) })
	}
}
