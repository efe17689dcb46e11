package local

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzDecodeChunks(f *testing.F) {
	f.Add(encodeChunks(7, []chunk{{1, []byte("one")}, {2, nil}, {1, bytes.Repeat([]byte("x"), 300)}}))
	f.Add([]byte{})
	f.Add([]byte{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		base, cs, err := decodeChunks(b)
		if err != nil {
			return
		}
		base2, cs2, err := decodeChunks(encodeChunks(base, cs))
		if err != nil || base2 != base || len(cs2) != len(cs) {
			t.Fatalf("%d %v, then %d %v, %v", base, cs, base2, cs2, err)
		}
		for i := range cs {
			if cs[i].fd != cs2[i].fd || !bytes.Equal(cs[i].data, cs2[i].data) {
				t.Fatalf("chunk %d: %v, then %v", i, cs[i], cs2[i])
			}
		}
	})
}

// TestShowing dies, so to speak, between a write to a file and the mark behind it.
func TestShowing(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fmt.Fprint(f, "before ")
	cs := []chunk{{1, []byte("hello ")}, {1, []byte("world\n")}}
	for cut := range 13 { // bytes that the first supervisor writes before it dies
		l, err := acquire(dir, fmt.Sprint("run", cut))
		if err != nil {
			t.Fatal(err)
		}
		if err := l.markVersion(1); err != nil {
			t.Fatal(err)
		}
		s := screen{out: [2]io.Writer{f, f}, lease: l}
		if cut >= 6 {
			if err := s.show(1, 0, cs[:1]); err != nil {
				t.Fatal(err)
			}
			if err := l.markShowing(f, 6, 6); err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(f, "world\n"[:cut-6])
		} else {
			if err := l.markShowing(f, 0, 6); err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(f, "hello "[:cut])
		}
		l.release()
		if l, err = acquire(dir, fmt.Sprint("run", cut)); err != nil {
			t.Fatal(err)
		}
		s.lease = l
		if err := s.show(1, 0, cs); err != nil {
			t.Fatal(err)
		}
		l.release()
		b, err := os.ReadFile(f.Name())
		if want := "before " + strings.Repeat("hello world\n", cut+1); err != nil || string(b) != want {
			t.Fatalf("cut at %d: %q, %v; want %q", cut, b, err, want)
		}
	}
}
