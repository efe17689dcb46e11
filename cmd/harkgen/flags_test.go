package main

import (
	"testing"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/transform"
)

// TestSourceFlags: what is compiled with other flags has a place of its own, and a run is compiled again with those it was started with.
func TestSourceFlags(t *testing.T) {
	t.Parallel()
	seen := map[string]sourceFlags{}
	for _, all := range []bool{false, true} {
		for _, where := range []string{transform.PlacementLocal, transform.PlacementRemote} {
			f := sourceFlags{all: all, placement: where}
			at := cachePath("/dir", []string{"."}, &f)
			if other, ok := seen[at]; ok {
				t.Errorf("%+v and %+v have the same place", f, other)
			}
			seen[at] = f
		}
	}
	for _, p := range []store.Program{{}, {All: true}, {Placement: transform.PlacementRemote}} {
		f := sourceOf(&p)
		if f.all != p.All || (f.placement == transform.PlacementRemote) != (p.Placement != "") || f.check(nil) != nil {
			t.Errorf("%+v is compiled with %+v", p, f)
		}
	}
}
