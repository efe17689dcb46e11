package snap

// This file tests reading and writing as streams.

import (
	"bytes"
	"errors"
	"io"
	"math/rand"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

// TestShortReads loads from readers that return as much as they like.
func TestShortReads(t *testing.T) {
	b := save(t, buildFuzz())
	big := save(t, &benchRoot{growSlices(100_000)})
	for _, wrap := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
		if err := Load(wrap(bytes.NewReader(b)), int64(len(b)), new(fuzzRoot)); err != nil {
			t.Error(err)
		}
		r := new(benchRoot)
		if err := Load(wrap(bytes.NewReader(big)), int64(len(big)), r); err != nil || !bytes.Equal(save(t, r), big) {
			t.Error(err)
		}
	}
}

// TestReadErrors: an error of the reader is not taken for damage.
func TestReadErrors(t *testing.T) {
	b := save(t, buildFuzz())
	broken := errors.New("the network is down")
	for _, i := range []int{0, 5, 9, 12, 100, len(b) - 3} {
		r := new(fuzzRoot)
		err := Load(io.MultiReader(bytes.NewReader(b[:i]), iotest.ErrReader(broken)), int64(len(b)), r)
		if err != broken || r.ints != nil {
			t.Errorf("at %d: %v", i, err)
		}
	}
}

// TestWrongSize: the size is what the caller knows; it is not believed.
func TestWrongSize(t *testing.T) {
	b := save(t, buildFuzz())
	for _, size := range []int64{0, 1, 9, 17, int64(len(b)) - 1, int64(len(b)) + 1, 1 << 40, -1} {
		r := new(fuzzRoot)
		if err := Load(bytes.NewReader(b), size, r); !errors.Is(err, ErrCorrupt) || r.ints != nil {
			t.Errorf("size %d: %v", size, err)
		}
	}
	if err := Load(bytes.NewReader(append(bytes.Clone(b), 1)), int64(len(b)+1), new(fuzzRoot)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a byte more: %v", err)
	}
}

// TestChunkOrder exchanges, drops and repeats whole chunks, whose own checksums stay right.
func TestChunkOrder(t *testing.T) {
	var chunks [][]byte
	b := save(t, &benchRoot{growSlices(100_000)})
	for at := len(magic) + 1; at < len(b); {
		n := chunkHeader + int(uint32(b[at])|uint32(b[at+1])<<8|uint32(b[at+2])<<16)
		chunks = append(chunks, b[at:at+n])
		at += n
	}
	if len(chunks) < 6 {
		t.Fatalf("%d chunks", len(chunks))
	}
	join := func(list ...int) []byte {
		out := bytes.Clone(b[:len(magic)+1])
		for _, i := range list {
			out = append(out, chunks[i]...)
		}
		return out
	}
	all := make([]int, len(chunks))
	for i := range all {
		all[i] = i
	}
	if !bytes.Equal(join(all...), b) {
		t.Fatal("not all chunks")
	}
	last := len(all) - 1
	for _, list := range [][]int{
		append([]int{0, 2, 1}, all[3:]...),
		append([]int{0, 1}, all[3:]...),
		append([]int{0, 1, 1}, all[2:]...),
		all[:last],
		append(all[:last-1:last-1], last),
	} {
		c := join(list...)
		r := new(benchRoot)
		if err := Load(bytes.NewReader(c), int64(len(c)), r); !errors.Is(err, ErrCorrupt) || r.x != nil {
			t.Errorf("%v", err)
		}
	}
}

// TestWriteAgain: a snapshot can be written more than once.
func TestWriteAgain(t *testing.T) {
	s, err := Prepare(buildFuzz())
	if err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	n, err := s.WriteTo(&a)
	if err != nil || n != int64(a.Len()) {
		t.Fatal(n, a.Len(), err)
	}
	if _, err := s.WriteTo(&failing{100}); err != io.ErrShortWrite {
		t.Error(err)
	}
	if _, err := s.WriteTo(&b); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("other bytes", err)
	}
}

// TestBoundedMemory: neither WriteTo nor Load keeps a second copy of the heap.
func TestBoundedMemory(t *testing.T) {
	const size = 64 << 20
	x := &benchRoot{[]any{make([]byte, size), benchList(100_000)}}
	rand.New(rand.NewSource(1)).Read(x.x.([]any)[0].([]byte))
	s, err := Prepare(x)
	if err != nil {
		t.Fatal(err)
	}
	wrote := allocatedBy(func() {
		if _, err := s.WriteTo(io.Discard); err != nil {
			t.Fatal(err)
		}
	})
	b := save(t, x)
	runtime.KeepAlive(x)
	read := allocatedBy(func() {
		if err := Load(bytes.NewReader(b), int64(len(b)), new(benchRoot)); err != nil {
			t.Fatal(err)
		}
	})
	// Of 100,000 objects: 16 bytes each, and 32 bytes in a table that doubles.
	t.Logf("WriteTo allocated %d bytes, Load %d besides the %d", wrote, read-size, size)
	if wrote > 1<<20 || read-size > 100_000*(16+2*32)+1<<20 {
		t.Error("too much")
	}
}

// TestLargestChunk: whatever is large is cut.
func TestLargestChunk(t *testing.T) {
	var m sync.Map
	for i := range 20_000 {
		m.Store(i, strings.Repeat("x", i%40))
	}
	c := make(chan [3]string, 100_000)
	for range cap(c) / 2 {
		c <- [3]string{"a", "b", "c"}
	}
	for _, x := range []any{
		make([]byte, 1<<20), make([]*int, 1<<20), make(chan int, 1<<22), &m, c, benchCounts(100_000), benchMap(100_000), &[1 << 20]string{}, strings.Repeat("x", 1<<20),
		struct{ a [1 << 20]*int }{}, []any{&[1 << 20]struct{ a, b string }{}},
	} {
		for _, n := range chunksOf(t, save(t, &benchRoot{x})) {
			if n > rawChunk {
				t.Errorf("%T: a chunk of %d bytes", x, n)
			}
		}
	}
}

// allocatedBy returns how many bytes f allocates.
func allocatedBy(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}
