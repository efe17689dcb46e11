package snap

import (
	"bytes"
	"encoding/gob"
	"io"
	"strconv"
	"testing"
)

type benchRoot struct{ x any }

func benchList(n int) any {
	var l *node
	for i := range n {
		l = &node{i, l}
	}
	return l
}

func benchTree(n int) any {
	if n == 0 {
		return (*btree)(nil)
	}
	return &btree{benchTree((n - 1) / 2).(*btree), benchTree(n - 1 - (n-1)/2).(*btree), n}
}

type btree struct {
	left, right *btree
	val         int
}

func benchCounts(n int) any {
	m := map[string]int{}
	for i := range n {
		m["key"+strconv.Itoa(i)] = i
	}
	return m
}

func benchArena(n int) any {
	a := make([]node, n)
	for i := range a {
		a[i].next = &a[(i*123461+1)%n] // one cycle
	}
	return a[0].next
}

func benchMap(n int) any {
	m := map[string]*node{}
	for i := range n {
		m[strconv.Itoa(i)] = &node{val: i}
	}
	return m
}

func benchBoxes(n int) any {
	a := make([]any, n)
	for i := range a {
		if i%2 == 0 {
			a[i] = strconv.Itoa(i)
		} else {
			a[i] = circle{r: float64(i)}
		}
	}
	return a
}

func benchFloats(n int) any { return make([]float64, n) }
func benchBytes(n int) any  { return make([]byte, n) }

var benches = []struct {
	name string
	make func(n int) any
}{
	{"list", benchList}, {"tree", benchTree}, {"counts", benchCounts}, {"arena", benchArena}, {"map", benchMap}, {"boxes", benchBoxes},
	{"floats", benchFloats}, {"bytes", benchBytes},
}

const benchSize = 1_000_000

// perNode runs f, which handles n nodes.
func perNode(b *testing.B, n int, f func() error) {
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/node")
	b.ReportMetric((cpuTime(b)-start)/float64(b.N)/float64(n), "cpu-ns/node")
}

func BenchmarkSave(b *testing.B) {
	for _, bench := range benches {
		b.Run(bench.name, func(b *testing.B) {
			r := &benchRoot{bench.make(benchSize)}
			perNode(b, benchSize, func() error { return Save(io.Discard, r) })
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, bench := range benches {
		b.Run(bench.name, func(b *testing.B) {
			s := save(b, &benchRoot{bench.make(benchSize)})
			perNode(b, benchSize, func() error { return Load(bytes.NewReader(s), int64(len(s)), new(benchRoot)) })
		})
	}
}

// BenchmarkMegabyte reports bytes a second of 1 MB.
func BenchmarkMegabyte(b *testing.B) {
	const size = 1 << 20
	for _, m := range []struct {
		name string
		x    any
	}{{"bytes", make([]byte, size)}, {"floats", make([]float64, size/8)}} {
		s := save(b, &benchRoot{m.x})
		var buf bytes.Buffer
		for _, f := range []struct {
			name string
			do   func() error
		}{
			{"save", func() error { return Save(io.Discard, &benchRoot{m.x}) }},
			{"load", func() error { return Load(bytes.NewReader(s), int64(len(s)), new(benchRoot)) }},
			{"gob encode", func() error { buf.Reset(); return gob.NewEncoder(&buf).Encode(m.x) }},
			{"copy", func() error { keep = bytes.Clone(s); return nil }},
		} {
			b.Run(m.name+"/"+f.name, func(b *testing.B) {
				b.SetBytes(size)
				start := cpuTime(b)
				for b.Loop() {
					if err := f.do(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)*size/(cpuTime(b)-start), "cpu-GB/s")
			})
		}
	}
}

// BenchmarkOthers is for comparison: what memory itself costs, and encoding/gob.
func BenchmarkOthers(b *testing.B) {
	floats := make([]float64, benchSize)
	to := make([]float64, benchSize)
	b.Run("copy/floats", func(b *testing.B) {
		perNode(b, benchSize, func() error { copy(to, floats); return nil })
	})
	b.Run("build/list", func(b *testing.B) {
		perNode(b, benchSize, func() error { keep = benchList(benchSize); return nil })
	})
	b.Run("build/counts", func(b *testing.B) {
		old := benchCounts(benchSize).(map[string]int)
		perNode(b, benchSize, func() error {
			m := make(map[string]int, len(old))
			for k, v := range old {
				m[string([]byte(k))] = v
			}
			keep = m
			return nil
		})
	})
	counts := benchCounts(benchSize)
	for _, g := range []struct {
		name string
		x    any
		to   func() any
	}{
		{"floats", floats, func() any { return new([]float64) }},
		{"counts", counts, func() any { return new(map[string]int) }},
	} {
		var buf bytes.Buffer
		b.Run("gob encode/"+g.name, func(b *testing.B) {
			perNode(b, benchSize, func() error { buf.Reset(); return gob.NewEncoder(&buf).Encode(g.x) })
		})
		b.Run("gob decode/"+g.name, func(b *testing.B) {
			perNode(b, benchSize, func() error { return gob.NewDecoder(bytes.NewReader(buf.Bytes())).Decode(g.to()) })
		})
	}
}

var keep any

// smallRoot is what a small program is when it waits: a few goroutines with ten frames in all.
type smallRoot struct{ frames []any }

type smallFrame struct {
	pc   int
	i, j int
	name string
	jobs chan int
	out  []int
}

func buildSmall() *smallRoot {
	r, ch := &smallRoot{}, make(chan int, 10)
	for i := range 10 {
		r.frames = append(r.frames, &smallFrame{1, i, i, "name", ch, make([]int, 4)})
	}
	return r
}

func BenchmarkSaveSmall(b *testing.B) {
	r := buildSmall()
	perNode(b, 1, func() error { return Save(io.Discard, r) })
}

func BenchmarkLoadSmall(b *testing.B) {
	s := save(b, buildSmall())
	b.Logf("%d bytes", len(s))
	perNode(b, 1, func() error { return Load(bytes.NewReader(s), int64(len(s)), new(smallRoot)) })
}
