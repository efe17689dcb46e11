package snap

// This file tests that equal states make equal bytes, and that a small change changes little.

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

type stableKey struct {
	a int
	s string
	p *node
}

type stableRoot struct {
	Ints    map[int]*node
	Strings map[string][]int
	Floats  map[float64]string
	Bools   map[bool]int
	Structs map[stableKey]int
	Arrays  map[[2]string]int
	Anys    map[any]any
	Shapes  map[shape]int
	Ptrs    map[*node]string
	Chans   map[chan int]int
	Known   []*node
	ByKnown map[*node]int
	Maps    []map[string]map[int]bool
	Sync    sync.Map
	Funcs   map[string]func(int) int
	Sets    map[*map[string]int]int
}

// buildStable makes the same state for each seed, with insertions in another order, and garbage in between.
func buildStable(seed int64) *stableRoot {
	r := &stableRoot{
		Ints: map[int]*node{}, Strings: map[string][]int{}, Floats: map[float64]string{}, Bools: map[bool]int{}, Structs: map[stableKey]int{},
		Arrays: map[[2]string]int{}, Anys: map[any]any{}, Shapes: map[shape]int{}, Ptrs: map[*node]string{}, Chans: map[chan int]int{},
		ByKnown: map[*node]int{}, Funcs: map[string]func(int) int{}, Sets: map[*map[string]int]int{},
	}
	const n = 300
	rnd := rand.New(rand.NewSource(seed))
	var garbage [][]byte
	each := func(f func(i int)) {
		for _, i := range rnd.Perm(n) {
			garbage = append(garbage, make([]byte, rnd.Intn(64)))
			f(i)
		}
	}
	text := func(i int) string { return fmt.Sprintf("a common beginning %d and %d", i%7, i) }
	r.Known = make([]*node, n)
	each(func(i int) { r.Known[i] = &node{val: 1} }) // all alike
	each(func(i int) { r.ByKnown[r.Known[i]] = i })
	each(func(i int) { r.Ints[i*7-900] = &node{val: i} })
	each(func(i int) { r.Strings[text(i)] = []int{i} })
	each(func(i int) { r.Floats[float64(i)/3-20] = text(i) })
	each(func(i int) { r.Floats[math.NaN()] = text(i) })
	each(func(i int) { r.Bools[i%2 == 0] += 1 })
	each(func(i int) { r.Structs[stableKey{i % 5, text(i / 5), &node{val: i}}] = i })
	each(func(i int) { r.Arrays[[2]string{text(i % 3), text(i)}] = i })
	each(func(i int) {
		switch i % 6 {
		case 0:
			r.Anys[i] = text(i)
		case 1:
			r.Anys[text(i)] = i
		case 2:
			r.Anys[square{float64(i)}] = nil
		case 3:
			r.Anys[stableKey{a: i, s: text(i)}] = &node{val: i}
		case 4:
			r.Anys[&circle{float64(i), text(i), []string{text(i)}}] = uint8(i)
		case 5:
			r.Anys[[2]any{i, text(i)}] = []int{i}
		}
	})
	each(func(i int) {
		if i%2 == 0 {
			r.Shapes[square{float64(i)}] = i
		} else {
			r.Shapes[&circle{r: float64(i)}] = i
		}
	})
	each(func(i int) { r.Ptrs[&node{val: i / 2, next: &node{val: i}}] = "x" })
	each(func(i int) { r.Chans[make(chan int, 4)] = i }) // alike but for the element
	each(func(i int) { r.Sync.Store(stableKey{a: i, s: text(i)}, text(i)) })
	each(func(i int) { r.Sync.Store(text(i), i) })
	each(func(i int) { r.Funcs[text(i)] = topLevel })
	each(func(i int) { r.Sets[&map[string]int{text(i): i}] = i })
	r.Maps = make([]map[string]map[int]bool, 3)
	for k := range r.Maps {
		r.Maps[k] = map[string]map[int]bool{}
		each(func(i int) {
			m := r.Maps[k][text(i%10)]
			if m == nil {
				m = map[int]bool{}
				r.Maps[k][text(i%10)] = m
			}
			m[i] = i%3 == 0
		})
	}
	return r
}

// TestStablePhase is one process of TestStable.
func TestStablePhase(t *testing.T) {
	file := os.Getenv(fileEnv)
	seed := int64(0)
	if _, err := fmt.Sscanf(os.Getenv(phaseEnv), "stable %d", &seed); err != nil {
		t.Skip("started by TestStable")
	}
	r := buildStable(seed)
	b := save(t, r)
	if !bytes.Equal(b, save(t, r)) {
		t.Error("the same memory, different bytes")
	}
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if q := load[stableRoot](t, b); len(q.Floats) != 600 || len(q.Anys) != 300 || !bytes.Equal(b, save(t, q)) {
		t.Error("what was restored is not the same")
	}
}

// TestStable saves equal states that came about in different ways, in different processes.
func TestStable(t *testing.T) {
	dir := t.TempDir()
	var first []byte
	for seed := range 4 {
		file := filepath.Join(dir, fmt.Sprint(seed))
		cmd := exec.Command(os.Args[0], "-test.run=^TestStablePhase$", "-test.count=1")
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=stable %d", phaseEnv, seed), fileEnv+"="+file)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if !bytes.Equal(b, first) {
			i := 0
			for i < len(b) && i < len(first) && b[i] == first[i] {
				i++
			}
			t.Errorf("order %d: %d and %d bytes, which differ from byte %d on", seed, len(b), len(first), i)
		}
	}
}

// chunksOf returns the sizes of the chunks of a snapshot by their content.
func chunksOf(t *testing.T, b []byte) map[[32]byte]int {
	t.Helper()
	m := map[[32]byte]int{}
	for at := len(magic) + 1; ; {
		n := int(binary.LittleEndian.Uint32(b[at:]))
		if n == 0 {
			return m
		}
		at += chunkHeader
		m[sha256.Sum256(b[at:at+n])] = n
		at += n
	}
}

type localRoot struct {
	List   *node
	Tree   *tree3
	Slice  []*tree3
	Map    map[string]*node
	Shared []*shared
	Any    []any
}

type shared struct {
	own, all, prev *node
	text           string
}

func buildLocal(n int) *localRoot {
	r := &localRoot{Map: map[string]*node{}}
	all := &node{val: 7}
	var prev *node
	for i := range n {
		r.List = &node{i * i, r.List}
		r.Slice = append(r.Slice, &tree3{name: fmt.Sprint(i), left: &tree3{name: "left"}})
		r.Map[fmt.Sprintf("%08d", i*10)] = &node{val: i, next: &node{val: i}}
		own := &node{val: i}
		r.Shared = append(r.Shared, &shared{own, all, prev, fmt.Sprint("a text that is long enough ", i)})
		prev = own
		r.Any = append(r.Any, i, &node{val: i}, fmt.Sprint(i))
	}
	r.Tree = localTree(0, n, nil)
	r.Slice = append(make([]*tree3, 0, 2*n), r.Slice...)
	r.Shared = append(make([]*shared, 0, 2*n), r.Shared...)
	r.Any = append(make([]any, 0, 4*n), r.Any...)
	return r
}

func localTree(lo, hi int, parent *tree3) *tree3 {
	if lo >= hi {
		return nil
	}
	m := (lo + hi) / 2
	t := &tree3{parent: parent, name: fmt.Sprint(m)}
	t.left, t.right = localTree(lo, m, t), localTree(m+1, hi, t)
	return t
}

// TestLocality makes small changes, and checks how much of the snapshot is new. Chunks are what is counted: a store that cuts anywhere does
// no worse.
func TestLocality(t *testing.T) {
	const n = 40_000
	r := buildLocal(n)
	old := save(t, r)
	before := chunksOf(t, old)
	for _, test := range []struct {
		name   string
		change func()
	}{
		{"value", func() { r.List.next.next.val = 1 << 40 }},
		{"insert into list", func() { x := r.List.next; x.next = &node{5, x.next} }},
		{"insert into tree", func() { x := r.Tree.left.right; x.left.left = &tree3{parent: x.left, left: x.left.left, name: "new"} }},
		{"remove from tree", func() { r.Tree.right.left.left.right = nil }},
		{"insert in front", func() {
			x := make([]*tree3, n+1, cap(r.Slice))
			x[0] = &tree3{name: "new"}
			copy(x[1:], r.Slice)
			r.Slice = x
		}},
		{"append", func() { r.Slice = append(r.Slice, &tree3{name: "new"}) }},
		{"insert into map", func() { r.Map["00123455"] = &node{val: 5} }},
		{"remove from map", func() { delete(r.Map, "00023450") }},
		{"append shared", func() { r.Shared = append(r.Shared, &shared{all: r.Shared[0].all}) }},
		{"new type", func() { r.Any[5] = struct{ x, y int }{1, 2} }},
		{"new pointer", func() { r.Any[300] = r.List }},
	} {
		test.change()
		b := save(t, r)
		after := chunksOf(t, b)
		fresh := 0
		for sum, size := range after {
			if _, ok := before[sum]; !ok {
				fresh += size
			}
		}
		t.Logf("%s: %d of %d bytes are new", test.name, fresh, len(b))
		if fresh > 300_000 {
			t.Errorf("%s: %d of %d bytes are new", test.name, fresh, len(b))
		}
		before = after
	}
}
