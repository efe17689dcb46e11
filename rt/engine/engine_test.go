package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store/pebble"
)

// TestPrograms executes the simulated programs without faults, on a real store.
func TestPrograms(t *testing.T) {
	for _, prog := range programs(1) {
		for _, slots := range []int{1000, 1} {
			t.Run(fmt.Sprint(prog.name, slots), func(t *testing.T) {
				t.Parallel()
				testProgram(t, prog, slots)
			})
		}
	}
}

func testProgram(t *testing.T, prog simProgram, slots int) {
	s, err := pebble.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
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
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	exit, err := e.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := prog.wrong(exit, out.String()); err != nil {
		t.Error(err)
	}
	if err := Delete(t.Context(), s, "r"); err != nil {
		t.Error(err)
	}
	if rs, _, err := s.List(t.Context(), "", "", 10); len(rs) > 0 || err != nil {
		t.Errorf("%d records are left, %v", len(rs), err)
	}
}
