package snap

// This file tests that work grows linearly with the number of objects. Work is counted, not timed: look-ups, regions looked at and entries moved
// in the scan and the encoder, bytes read in the decoder.

import (
	"bytes"
	"io"
	"os"
	"reflect"
	"strconv"
	"testing"
)

var growing = []struct {
	name  string
	make  func(n int) any
	limit int // work for an object
}{
	{"list", benchList, 12},
	{"tree", benchTree, 16},
	{"map", benchMap, 16},
	{"slices of slices", growSlices, 24},
	{"interior pointers", growInterior, 300},
	{"interior regions", growRegions, 300},
	{"suffixes", growSuffixes, 16},
	{"strings of one text", growTexts, 40},
	{"boxes", benchBoxes, 16},
}

// growSlices makes a tree of slices with n elements in all.
func growSlices(n int) any {
	if n <= 10 {
		return make([]int, n)
	}
	s := make([]any, 10)
	for i := range s {
		s[i] = growSlices(n / 10)
	}
	return s
}

// growInterior makes n pointers into one array, which is there as a whole.
func growInterior(n int) any {
	a := make([]node, n)
	p := make([]*int, n)
	for i := range p {
		p[i] = &a[(i*123461+1)%n].val
	}
	return []any{a, p} // the scan meets p first
}

// growRegions makes n pointers into one array, which is there only in small parts.
func growRegions(n int) any {
	a := make([]node, 2*n)
	p := make([]*node, n)
	for i := range p {
		p[i] = &a[2*((i*123461+1)%n)]
	}
	return p
}

// growSuffixes makes n slices of one array, each longer than the one before.
func growSuffixes(n int) any {
	a := make([]*int, n)
	s := make([][]*int, n)
	for i := range s {
		s[i] = a[n-1-i:]
	}
	return s
}

func growTexts(n int) any {
	text := string(make([]byte, n+20))
	s := make([]string, n)
	for i := range s {
		j := (i*123461 + 1) % n
		s[i] = text[j : j+20]
	}
	return s
}

// workOf returns the work that saving and loading x took.
func workOf(t *testing.T, x any) (saving, loading int) {
	s, err := Prepare(&benchRoot{x})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := s.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	n := b.Len()
	s.space.steps += int(s.space.regs.n)
	if err := Load(&b, int64(n), new(benchRoot)); err != nil {
		t.Fatal(err)
	}
	return s.space.steps, n
}

func TestLinear(t *testing.T) {
	sizes := []int{1_000, 10_000, 100_000}
	if !testing.Short() {
		sizes = append(sizes, 1_000_000)
	}
	for _, g := range growing {
		for _, n := range sizes {
			saving, loading := workOf(t, g.make(n))
			t.Logf("%s of %d: %.1f steps to save, %.1f bytes, an object", g.name, n, float64(saving)/float64(n), float64(loading)/float64(n))
			if saving > g.limit*n+2000 || loading > 64*n+2000 {
				t.Errorf("%s of %d: %d steps to save, %d bytes", g.name, n, saving, loading)
			}
		}
	}
}

// TestLinearHuge takes minutes and gigabytes.
func TestLinearHuge(t *testing.T) {
	if os.Getenv("SNAP_HUGE") == "" {
		t.Skip("set SNAP_HUGE=1")
	}
	const n = 10_000_000
	for _, g := range growing {
		t.Run(g.name, func(t *testing.T) {
			saving, loading := workOf(t, g.make(n))
			t.Logf("%.1f steps to save, %.1f bytes, an object", float64(saving)/n, float64(loading)/n)
			if saving > g.limit*n || loading > 64*n {
				t.Errorf("%d steps to save, %d bytes", saving, loading)
			}
		})
	}
}

// TestObjectCost: what the scan keeps of an object is what doc.go says.
func TestObjectCost(t *testing.T) {
	if size := reflect.TypeFor[region]().Size(); size != 40 {
		t.Errorf("a region has %d bytes", size)
	}
	if size := reflect.TypeFor[object]().Size(); size != 32 {
		t.Errorf("an object has %d bytes", size)
	}
}

// TestSize: a snapshot is not much larger than the memory.
func TestSize(t *testing.T) {
	const n = 10_000
	words := make([]string, n)
	for i := range words {
		words[i] = strconv.Itoa(i)
	}
	for _, test := range []struct {
		name string
		x    any
		live int
	}{
		{"list", benchList(n), 16 * n},
		{"tree", benchTree(n), 24 * n},
		{"counts", benchCounts(n), (16 + 8 + 8) * n},
		{"floats", benchFloats(n), 8 * n},
		{"bytes", make([]byte, n), n},
		{"words", words, (16 + 5) * n},
		{"arena", benchArena(n), 16 * n},
		{"boxes", benchBoxes(n), (16 + 32) * n},
	} {
		c := &counter{}
		if err := Save(c, &benchRoot{test.x}); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes of %d", test.name, c.n, test.live)
		if float64(c.n) > 1.3*float64(test.live) {
			t.Errorf("%s: %d bytes of %d", test.name, c.n, test.live)
		}
	}
}

type counter struct{ n int }

func (c *counter) Write(b []byte) (int, error) { c.n += len(b); return len(b), nil }

var _ io.Writer = (*counter)(nil)
