package local

import (
	"bytes"
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
