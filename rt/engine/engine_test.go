package engine

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store/pebble"
)

// TestPrograms executes the simulated programs without faults, on a real store.
func TestPrograms(t *testing.T) {
	for _, prog := range programs() {
		for _, slots := range []int{1000, 2, 1} {
			s, err := pebble.Open(t.TempDir(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			e, err := Open(t.Context(), Options{Store: s, Run: "r", Show: func(os []exchange.Output) error {
				for _, o := range os {
					out.Write(o.Data)
				}
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			e.Attach(&simWorker{main: prog.main, now: time.Now}, slots)
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			exit, err := e.Run(ctx)
			cancel()
			t.Log(prog.name, slots, time.Since(began))
			if err != nil {
				b := make([]byte, 1<<16)
				t.Fatalf("%s, %d slots: %v\n%s", prog.name, slots, err, b[:runtime.Stack(b, true)])
			}
			if prog.name == "deadlock" {
				if !strings.Contains(exit.Text, "deadlock") {
					t.Errorf("%s: %+v", prog.name, exit)
				}
			} else if exit.Text != "" {
				t.Errorf("%s: %+v", prog.name, exit)
			}
			if out.String() != prog.want {
				t.Errorf("%s, %d slots: printed %q, want %q", prog.name, slots, out.String(), prog.want)
			}
			if err := Delete(t.Context(), s, "r"); err != nil {
				t.Error(err)
			}
			if rs, _, err := s.List(t.Context(), "", "", 10); len(rs) > 0 || err != nil {
				t.Errorf("%d records are left, %v", len(rs), err)
			}
			s.Close()
		}
	}
}
