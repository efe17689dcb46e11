package localtest

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/harkgen/harkgen/deploygen/local"
)

// squares sends requests at the same time, and wants each to be answered and counted once. It returns how many were not answered with 200.
func (c *Cloud) squares(seen map[int]bool, n int) (failed int) {
	c.t.Helper()
	var mu sync.Mutex
	var clients sync.WaitGroup
	for i := range n {
		clients.Go(func() {
			size := 1 + i%3
			a, err := c.Do("fanout", "GET", fmt.Sprint("/squares/", size), "")
			mu.Lock()
			defer mu.Unlock()
			if err != nil || a.Status != http.StatusOK {
				c.t.Logf("request %d: %+v, %v", i, a, err)
				failed++
				return
			}
			var sum, k int
			if _, err := fmt.Sscanf(a.Body, "%d %d", &sum, &k); err != nil || sum != size*(size+1)*(2*size+1)/6 || seen[k] {
				c.t.Errorf("squares of %d: %q", size, a.Body)
			}
			seen[k] = true
		})
	}
	clients.Wait()
	return failed
}

// TestFanout has a server whose handlers start remote goroutines, and kills what executes it, and them, now and then.
func TestFanout(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	kills := []local.Kill{{N: 60}, {N: 150, After: true}, {N: 260}, {N: 400, After: true}}
	c := Start(t, Compile(t, "testdata/events", "./cmd/fanout"), local.Options{Faults: &local.Faults{Kills: kills}})
	seen := map[int]bool{}
	failed := 0
	for range 4 {
		failed += c.squares(seen, 1)
		failed += c.squares(seen, 9)
	}
	if failed > len(kills) {
		t.Errorf("%d requests were not answered, and %d invocations were killed", failed, len(kills))
	}
	if n := strings.Count(c.Log(), `"type":"platform.report"`); n < len(kills) {
		t.Errorf("%d invocations have failed, of which %d were to be killed", n, len(kills))
	}
}
