package snap

import (
	"bytes"
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

var benches = []struct {
	name string
	make func(n int) any
}{{"list", benchList}, {"tree", benchTree}, {"counts", benchCounts}, {"arena", benchArena}, {"map", benchMap}, {"boxes", benchBoxes}, {"floats", benchFloats}}

const benchSize = 1_000_000

func BenchmarkSave(b *testing.B) {
	for _, bench := range benches {
		b.Run(bench.name, func(b *testing.B) {
			r := &benchRoot{bench.make(benchSize)}
			b.ReportAllocs()
			for b.Loop() {
				if err := Save(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchSize, "ns/node")
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, bench := range benches {
		b.Run(bench.name, func(b *testing.B) {
			s := save(b, &benchRoot{bench.make(benchSize)})
			b.ReportMetric(float64(len(s))/benchSize, "bytes/node")
			for b.Loop() {
				if err := Load(bytes.NewReader(s), int64(len(s)), new(benchRoot)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchSize, "ns/node")
		})
	}
}

func BenchmarkSaveSmall(b *testing.B) {
	r := &benchRoot{benchList(20)}
	for b.Loop() {
		if err := Save(io.Discard, r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadSmall(b *testing.B) {
	s := save(b, &benchRoot{benchList(20)})
	for b.Loop() {
		if err := Load(bytes.NewReader(s), int64(len(s)), new(benchRoot)); err != nil {
			b.Fatal(err)
		}
	}
}
