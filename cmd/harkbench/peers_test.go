package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestMeasurePeers: a peer is measured as often as the rest, but not after it has failed or taken long; a failure of a peer
// leaves the other numbers.
func TestMeasurePeers(t *testing.T) {
	b := &bench{tmp: t.TempDir(), n: 3}
	if err := os.MkdirAll(filepath.Dir(b.peerFile("fake")), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.peerFile("fake"), nil, 0o755); err != nil { // so it is not built
		t.Fatal(err)
	}
	calls := map[string]int{}
	fake := func(name string, takes time.Duration, err error) peer {
		return peer{name: name, module: "fake", run: func(*bench) (float64, error) {
			calls[name]++
			time.Sleep(takes)
			return float64(10 * calls[name] * calls[name]), err
		}}
	}
	one := func(*bench) (float64, error) { return 1, nil }
	synctest.Test(t, func(t *testing.T) {
		r := b.measure(benchmark{name: "x", native: one, compiled: one, peers: []peer{
			fake("quick", longRun, nil), fake("long", longRun+1, nil), fake("broken", 0, errors.New("why")),
		}})
		want := []peerResult{
			{Name: "quick", Value: 40, Samples: 3},
			{Name: "long", Value: 10, Samples: 1},
			{Name: "broken", Failed: "why"},
		}
		if !slices.Equal(r.Peers, want) || r.Compiled != 1 || r.Failed != "" || !r.failed() {
			t.Errorf("%+v", r)
		}
		if calls["broken"] != 1 {
			t.Errorf("%d calls after a failure", calls["broken"])
		}
	})
}

// TestUnknownPeer: a peer that cannot be built fails, not the row.
func TestUnknownPeer(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{root: root, tmp: t.TempDir(), n: 1}
	one := func(*bench) (float64, error) { return 1, nil }
	r := b.measure(benchmark{name: "x", compiled: one, peers: []peer{{name: "none", module: "none", run: one}}})
	if r.Compiled != 1 || r.Failed != "" || len(r.Peers) != 1 || r.Peers[0].Failed == "" || !r.failed() {
		t.Errorf("%+v", r)
	}
}

// TestFsync: the row has a value under native alone, and no ratio.
func TestFsync(t *testing.T) {
	b := &bench{tmp: t.TempDir(), n: 1}
	if r := b.measure(benchmark{name: "x", native: (*bench).fsync}); r.failed() || r.Native <= 0 || r.Compiled != 0 || r.Ratio != 0 {
		t.Errorf("%+v", r)
	}
}

func TestPerSecond(t *testing.T) {
	p := peer{run: func(*bench) (float64, error) { return 4e6, nil }}
	if x, err := p.perSecond().run(nil); x != 250 || err != nil {
		t.Error(x, err)
	}
}

func TestTablePeers(t *testing.T) {
	var b strings.Builder
	err := printTable(&b, []row{
		{Name: "plain", Unit: "ms", Compiled: 1},
		{Name: "both", Unit: "ms", Compiled: 2, Peers: []peerResult{{Name: "a", Value: 3}, {Name: "b", Value: 4}}},
		{Name: "second", Unit: "ms", Compiled: 5, Peers: []peerResult{{Name: "b", Failed: "why"}}},
		{Name: "none", Unit: "ms", Failed: "because"},
	})
	want := `    what  unit  native  compiled     a       b  ratio  target  met
   plain    ms              1.00                                  
    both    ms              2.00  3.00    4.00                    
  second    ms              5.00        failed                    
    none    ms  failed                                            
second: b failed: why
none failed: because
`
	if err != nil || b.String() != want {
		t.Errorf("%v, got:\n%s\nwant:\n%s", err, b.String(), want)
	}
}

// TestProcessPrograms: the programs of the rows about processes print what the rows look for.
func TestProcessPrograms(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{root: root, tmp: t.TempDir()}
	for _, test := range []struct {
		program, unit string
		args          []string
		atLeast       float64
	}{
		{"forkjoin", "ms", []string{"100"}, 0},
		{"pingpong", "ns/op", []string{"100"}, 0},
		{"sleeps", "ms", []string{"100", "20ms"}, 20},
	} {
		exe := filepath.Join(b.tmp, "native", test.program)
		if _, err := b.exec(nil, "go", "build", "-o", exe, "./cmd/harkbench/programs/"+test.program); err != nil {
			t.Fatal(err)
		}
		if x, err := b.native(test.program, test.unit, test.args...); err != nil || x <= test.atLeast {
			t.Errorf("%s: %v, %v", test.program, x, err)
		}
	}
}
