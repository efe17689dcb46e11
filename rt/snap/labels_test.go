package snap

// This file tests labels: that they keep what has not changed as it was, that no two objects have the same, and that they stay small.

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// A ledger has accounts that are in a big map and, besides, in a list, in small maps, and each in a tree.
type ledger struct {
	ByName map[string]*booking
	List   *booking
	Small  []map[int]*booking
	Leaves []*tree3
	Tree   *tree3
	Next   int
}

type booking struct {
	id      int
	name    string
	history []float64
	next    *booking
	leaf    *tree3
	limit   *int
	tags    map[string]bool
	notify  chan int
}

func (l *ledger) add(name string) {
	i := l.Next
	l.Next++
	e := &booking{id: i, name: name, history: []float64{float64(i)}, next: l.List, leaf: l.Leaves[i%len(l.Leaves)], limit: new(int)}
	if i%5 == 0 {
		e.tags, e.notify = map[string]bool{name: true}, make(chan int, 1)
	}
	l.ByName[name] = e
	l.Small[i*7%len(l.Small)][i] = e
	l.List = e
}

func buildLedger(n int) *ledger {
	l := &ledger{ByName: map[string]*booking{}, Tree: localTree(0, 512, nil)}
	var walk func(t *tree3)
	walk = func(t *tree3) {
		if t != nil {
			l.Leaves = append(l.Leaves, t)
			walk(t.left)
			walk(t.right)
		}
	}
	walk(l.Tree)
	for range 500 {
		l.Small = append(l.Small, map[int]*booking{})
	}
	for i := range n {
		l.add(fmt.Sprintf("account number %d", i*10))
	}
	return l
}

// change adds five entries in the middle of the big map, and removes five.
func (l *ledger) change(rnd *rand.Rand, n int) {
	for range 5 {
		l.add(fmt.Sprintf("account number %d", rnd.Intn(n)*10+1+rnd.Intn(9)))
		delete(l.ByName, fmt.Sprintf("account number %d", rnd.Intn(n)*10))
	}
}

// piecesOf cuts b where the content says so, some 256 bytes long, and returns the lengths by content.
func piecesOf(b []byte) map[[32]byte]int {
	m := map[[32]byte]int{}
	start := 0
	for i := 8; i <= len(b); i++ {
		h := binary.LittleEndian.Uint64(b[i-8:i]) * 0x9E3779B97F4A7C15
		if h>>56 == 0 || i == len(b) {
			m[sha256.Sum256(b[start:i])] = i - start
			start = i
		}
	}
	return m
}

// newBytes is how much of b is in no piece of old.
func newBytes(old, b []byte) int {
	n, have := 0, piecesOf(old)
	for sum, size := range piecesOf(b) {
		if _, ok := have[sum]; !ok {
			n += size
		}
	}
	return n
}

const ledgerSize = 8000

// TestLabelsPhase is one process of TestLabelsInChain: it loads or builds, and saves after each of several changes.
func TestLabelsPhase(t *testing.T) {
	dir, step := os.Getenv(fileEnv), 0
	if _, err := fmt.Sscanf(os.Getenv(phaseEnv), "labels %d", &step); err != nil {
		t.Skip("started by TestLabelsInChain")
	}
	file := func(i int) string { return filepath.Join(dir, fmt.Sprint(i)) }
	var l *ledger
	if step == 0 {
		l = buildLedger(ledgerSize)
	} else {
		b, err := os.ReadFile(file(step - 1))
		if err != nil {
			t.Fatal(err)
		}
		l = load[ledger](t, b)
		if !bytes.Equal(save(t, l), b) {
			t.Error("what was loaded is saved with other bytes")
		}
	}
	rnd := rand.New(rand.NewSource(int64(step)))
	for i := step; i < step+3; i++ {
		if i > 0 {
			l.change(rnd, ledgerSize)
		}
		runtime.GC()
		b := save(t, l)
		if !bytes.Equal(save(t, l), b) {
			t.Error("the same memory, different bytes")
		}
		if err := os.WriteFile(file(i), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if step == 0 { // the test can fail: without labels, most is new
		b := save(t, l)
		l.change(rnd, ledgerSize)
		labels.reset()
		if n := newBytes(b, save(t, l)); n < len(b)/5 {
			t.Errorf("with other labels only %d of %d bytes are new", n, len(b))
		}
	}
}

// TestLabelsInChain changes little, over saves of one process and of others that load what the one before has saved.
func TestLabelsInChain(t *testing.T) {
	dir := t.TempDir()
	var old []byte
	for step := 0; step < 9; step += 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestLabelsPhase$", "-test.count=1")
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=labels %d", phaseEnv, step), fileEnv+"="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for i := step; i < step+3; i++ {
			b, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(i)))
			if err != nil {
				t.Fatal(err)
			}
			if old != nil {
				n := newBytes(old, b)
				t.Logf("save %d: %d of %d bytes are new", i, n, len(b))
				if n > len(b)/15 {
					t.Errorf("save %d: %d of %d bytes are new", i, n, len(b))
				}
			}
			old = b
		}
	}
}

// loadAside loads b, and leaves the labels of this process as they are.
func loadAside[T any](t *testing.T, b []byte) *T {
	t.Helper()
	kept := labels
	defer func() { labels = kept }()
	labels.used = nil
	return load[T](t, b)
}

// churned has objects of all kinds and sizes.
type churned struct {
	small   []*int16
	words   []*int
	nodes   []*node
	texts   []string
	maps    []map[int]*node
	chans   []chan *node
	funcs   []func() int
	arrays  [][]int
	inside  []*int
	headers []*[]int
}

func (c *churned) set(i, x int) {
	c.small[i], c.words[i] = new(int16), new(int)
	*c.small[i], *c.words[i] = int16(x), x
	c.nodes[i] = &node{val: x}
	c.texts[i] = fmt.Sprintf("a text that is long enough %d", x)
	c.maps[i] = map[int]*node{x: c.nodes[x%len(c.nodes)]}
	c.chans[i] = make(chan *node, 1)
	c.chans[i] <- &node{val: x}
	c.funcs[i] = (&counterEnv{c.words[i]}).fn
	c.arrays[i] = make([]int, 1+x%20)
	c.inside[i] = &c.arrays[i][x%len(c.arrays[i])]
	*c.inside[i] = x
	h := make([][]int, 3) // its middle is referred to, not its beginning
	c.headers[i] = &h[1]
	h[1] = c.arrays[i]
}

func (c *churned) sum() (n int) {
	for i := range c.nodes {
		if c.nodes[i] == nil {
			continue
		}
		n = n*31 + int(*c.small[i]) + *c.words[i]*3 + c.nodes[i].val*5 + len(c.texts[i]) + len(c.arrays[i])*7 + *c.inside[i] + (*c.headers[i])[0]
		for k, m := range c.maps[i] {
			n += k
			if m != nil {
				n += m.val
			}
		}
		n += len(c.chans[i])
	}
	return n
}

// TestLabelsUnderChurn replaces objects between saves, so that others take their addresses. That no two have the same label, Load checks.
func TestLabelsUnderChurn(t *testing.T) {
	const n = 300
	rnd := rand.New(rand.NewSource(1))
	c := &churned{make([]*int16, n), make([]*int, n), make([]*node, n), make([]string, n), make([]map[int]*node, n), make([]chan *node, n),
		make([]func() int, n), make([][]int, n), make([]*int, n), make([]*[]int, n)}
	for i := range n {
		c.set(i, i)
	}
	numbered := 0
	for round := range 40 {
		for range rnd.Intn(60) {
			c.set(rnd.Intn(n), rnd.Intn(1000))
		}
		if round%10 == 9 { // much goes, much comes
			for i := range n {
				c.set(i, rnd.Intn(1000))
			}
		}
		runtime.GC()
		before := labels.n
		s, err := Prepare(c)
		if err != nil {
			t.Fatal(err)
		}
		var a, b bytes.Buffer
		if _, err := s.WriteTo(&a); err != nil {
			t.Fatal(err)
		}
		if _, err := s.WriteTo(&b); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Fatal("the same snapshot, different bytes", err)
		}
		if labels.n < before {
			numbered++
		}
		if live := s.space.objects(); labels.n > labels.roots+3*live+64 {
			t.Fatalf("round %d: %d labels for %d objects", round, labels.n, live)
		}
		if q := loadAside[churned](t, a.Bytes()); q.sum() != c.sum() || q.funcs[7]() != c.funcs[7]() {
			t.Fatalf("round %d: what is loaded differs", round)
		}
	}
	if numbered == 0 {
		t.Error("labels were never dropped")
	}
}

// TestLabelsDropped: when most objects have gone, the labels are those of a first save.
func TestLabelsDropped(t *testing.T) {
	r := buildLocal(5000)
	save(t, r)
	r.Slice, r.Map, r.Shared, r.Any, r.Tree = nil, nil, nil, nil, nil
	for x := r.List; x.next != nil; x = x.next {
		x.next = x.next.next
		if x.next == nil {
			break
		}
	}
	b := save(t, r)
	labels.reset()
	if !bytes.Equal(b, save(t, r)) {
		t.Error("they are not")
	}
	if labels.n > 2*5000 {
		t.Errorf("%d labels", labels.n)
	}
}

// TestLabelsOfLoad: what is loaded has the labels of the snapshot, whatever they are.
func TestLabelsOfLoad(t *testing.T) {
	r := relabelled(t)
	r.kinds.heap = nil // this process has it already, with another text
	b := save(t, r)
	if q := load[fuzzRoot](t, b); !bytes.Equal(save(t, q), b) {
		t.Error("other bytes")
	}
	labels.reset()
	if q := load[fuzzRoot](t, b); !bytes.Equal(save(t, q), b) {
		t.Error("other bytes in a process without labels")
	}
}

// relabelled is a state with labels in disorder.
func relabelled(t testing.TB) *fuzzRoot {
	r := buildFuzz()
	save(t, r)
	r.n = &node{3, &node{4, r.n}}
	r.any = slices.Insert(r.any, 2, any(&node{5, r.n.next}), any(&config{}))
	return r
}

// TestBadLabels reads labels that no encoder writes.
func TestBadLabels(t *testing.T) {
	step := func(x int64) []byte { return binary.AppendUvarint(nil, zigzag(x)) }
	for _, test := range []struct {
		steps  []int64 // between labels, from what is expected
		budget int
		ok     bool
	}{
		{[]int64{0, 0, 0}, 0, true},
		{[]int64{0, 7, -5, 5}, 1000, true},
		{[]int64{0, 7, -5, 5}, 50, false},
		{[]int64{-1}, 1000, false},
		{[]int64{0, -1}, 1000, false},
		{[]int64{5, -1}, 1000, false},
		{[]int64{1 << 20}, 1 << 22, false},
		{[]int64{1<<32 - 1}, 1 << 40, false},
		{[]int64{1 << 62, 1 << 62, 1 << 62}, 1 << 40, false},
		{[]int64{-1 << 63}, 1 << 40, false},
	} {
		d := &decoder{budget: test.budget, labelReader: labelReader{newest: -1}}
		err := func() (err error) {
			defer recoverError(&err)
			for _, x := range test.steps {
				d.buf, d.pos = step(x), 0
				d.label(newLabel | refNew)
				if x := d.add(object{}); d.labelled(d.newest) != x {
					t.Errorf("%v: another object", test.steps)
				}
			}
			return nil
		}()
		if test.ok != (err == nil) || err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%v: %v", test.steps, err)
		}
		if err == nil {
			for _, x := range []int64{-1, d.newest + 1000, 1 << 40, -1 << 62} {
				func() {
					var err error
					defer func() {
						if !errors.Is(err, ErrCorrupt) {
							t.Errorf("%v: label %d is one", test.steps, x)
						}
					}()
					defer recoverError(&err)
					d.labelled(x)
				}()
			}
		}
	}
}
