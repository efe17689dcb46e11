package snap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"
	"unique"
	"weak"
)

// fuzzRoot is smaller than world, so that the fuzzer gets somewhere.
type fuzzRoot struct {
	ints  []int
	p     *int
	s, u  string
	any   []any
	m     map[any]string
	sh    shape
	ch    chan *node
	fn    func() int
	fn2   func(int) int
	n     *node
	cfg   *config
	err   error
	sm    sync.Map
	rt    any
	arr   [6]*part
	maps  map[string]map[[2]any]*fuzzRoot
	empty []struct{}
	kinds fuzzKinds
}

// fuzzKinds has what the decoder knows of single types.
type fuzzKinds struct {
	h       unique.Handle[handleUser]
	byH     map[unique.Handle[string]]int
	anyH    any
	w, lost weak.Pointer[node]
	when    time.Time
	heap    error
	usage   func()
	timer   *time.Timer
}

// errHeap is allocated by the initialisation, and not registered.
var errHeap = fmt.Errorf("sentinel on the heap")

func buildFuzzKinds(n *node) fuzzKinds {
	return fuzzKinds{
		unique.Make(newHandleUser()), map[unique.Handle[string]]int{unique.Make("name"): 1}, unique.Make("any"), weak.Make(n), weak.Make(new(node)),
		time.Unix(1, 2), errHeap, flag.NewFlagSet("", flag.ContinueOnError).Usage, time.NewTimer(time.Hour),
	}
}

func buildFuzz() *fuzzRoot {
	r := &fuzzRoot{ints: []int{1, 2, 3}, s: strings.Repeat("ab", 5), sh: &circle{1, "c", nil}, ch: make(chan *node, 2)}
	r.p, r.u = &r.ints[1], r.s[2:]
	r.n = &node{1, &node{2, nil}}
	r.ch <- r.n
	r.any = []any{1, "x", r.n, square{1}, circle{2, "d", nil}, [2]int{}, r.p, &r.sh}
	r.m = map[any]string{1: "i", "s": "t", r.p: "p", square{2}: "q", [3]any{1, "k", nil}: "a", circleKey{r.s, 1, 2}: "c"}
	r.fn, r.fn2 = (&counterEnv{r.p}).fn, topLevel
	r.cfg, r.err = globalConfig, errSentinel
	r.sm.Store(r.s, r.n)
	r.rt = made()
	r.arr[2] = &part{a: 1}
	r.arr[3] = r.arr[2]
	r.maps = map[string]map[[2]any]*fuzzRoot{"r": {{r.s, 1.5}: r}}
	r.empty = make([]struct{}, 3)
	r.kinds = buildFuzzKinds(r.n)
	return r
}

type circleKey struct {
	s    string
	a, b int
}

// repair makes the checksums right, so that what the fuzzer changed is looked at. Chunks keep their lengths as far as there are bytes.
func repair(b []byte) []byte {
	b = bytes.Clone(b)
	sums := uint32(0)
	for at := len(magic) + 1; at+chunkHeader <= len(b); {
		h := b[at : at+chunkHeader]
		n := int(binary.LittleEndian.Uint32(h))
		if n == 0 {
			binary.LittleEndian.PutUint32(h[4:], sums)
			break
		}
		if rest := len(b) - at - 2*chunkHeader; n > rest && rest > 0 { // leave room for the end
			n = rest
			binary.LittleEndian.PutUint32(h, uint32(n))
			clear(b[at+chunkHeader+n:])
		}
		content := b[at+chunkHeader:]
		content = content[:min(n, len(content))]
		binary.LittleEndian.PutUint32(h[4:], crc32.Checksum(content, crcTable))
		sums = crc32.Update(sums, crcTable, h[4:])
		at += chunkHeader + len(content)
	}
	return b
}

func FuzzLoad(f *testing.F) {
	f.Add(save(f, buildFuzz()))
	f.Add(save(f, relabelled(f)))
	f.Add(save(f, &fuzzRoot{}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) { tryLoad(t, repair(b)) })
}

// FuzzStream reads in pieces and with a wrong size, and what the program's own build does not read.
func FuzzStream(f *testing.F) {
	b := save(f, buildFuzz())
	f.Add(b, uint16(len(b)), uint8(7))
	f.Add(b, uint16(100), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, size uint16, piece uint8) {
		b = repair(b)
		before := allocatedBy(func() {})
		used := allocatedBy(func() { tryRead(t, &pieces{b, int(piece) + 1}, int64(size)) })
		if limit := before + int64(budget(int64(size))) + 4<<20; used > limit {
			t.Errorf("%d bytes allocated for %d", used, size)
		}
		if _, err := Describe(&pieces{b, int(piece) + 1}, int64(size)); err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrBuild) {
			t.Errorf("unexpected error %v", err)
		}
	})
}

// pieces returns at most n bytes at a time.
type pieces struct {
	b []byte
	n int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.n)], p.b)
	p.b = p.b[n:]
	return n, nil
}

func tryLoad(t *testing.T, b []byte) { tryRead(t, bytes.NewReader(b), int64(len(b))) }

func tryRead(t *testing.T, from io.Reader, size int64) {
	defer time.AfterFunc(10*time.Second, func() { debug.SetTraceback("all"); panic("Load hangs") }).Stop()
	r := new(fuzzRoot)
	if err := Load(from, size, r); err != nil {
		var m missing
		if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrBuild) && !strings.HasPrefix(err.Error(), "snap: ") && !errors.As(err, &m) {
			t.Errorf("unexpected error %v", err)
		}
		if strings.Contains(err.Error(), "nil pointer") || strings.Contains(err.Error(), "index out of range") {
			t.Errorf("bug: %v", err)
		}
	}
}

// TestMutations damages every byte in several ways, with the checksum repaired.
func TestMutations(t *testing.T) {
	if testing.Short() {
		t.Skip()
	}
	b := save(t, relabelled(t))
	for i := range b {
		for _, x := range []byte{1, 2, 4, 0x80, 0xff, b[i]} {
			c := bytes.Clone(b)
			c[i] ^= x
			describe(t, repair(c))
			tryLoad(t, repair(c))
		}
		describe(t, repair(b[:i]))
		tryLoad(t, repair(b[:i]))
		tryLoad(t, repair(append(b[:i:i], b[min(i+1, len(b)):]...)))
		tryLoad(t, repair(append(append(b[:i:i], b[i]), b[i:]...)))
	}
	runtime.GC()
	runtime.GC()
}

// describe reads what a snapshot says of itself, which its own build skips.
func describe(t *testing.T, b []byte) {
	_, err := Describe(bytes.NewReader(b), int64(len(b)))
	if err != nil && (!errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrBuild) || strings.Contains(err.Error(), "runtime error")) {
		t.Errorf("unexpected error %v", err)
	}
}

// TestDamage damages without repair: always ErrCorrupt, and nothing is changed.
func TestDamage(t *testing.T) {
	b := save(t, buildFuzz())
	for i := range b {
		c := bytes.Clone(b)
		c[i] ^= 0x10
		r := new(fuzzRoot)
		if err := Load(bytes.NewReader(c), int64(len(c)), r); !errors.Is(err, ErrCorrupt) && i != len(magic) || err == nil || r.ints != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
		if err := Load(bytes.NewReader(b[:i]), int64(i), r); !errors.Is(err, ErrCorrupt) || r.ints != nil {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}
