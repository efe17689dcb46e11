package exchange

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestTold: what is decoded is what was encoded, whatever has gone over the connection before, and what has gone over it goes no more.
func TestTold(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var here, there Told
	contents := map[ObjectID]Stored{}
	version := uint64(0)
	for i := range 400 {
		y := Reply{To: 1, Seq: 1, Kind: ReplyDone}
		for range rng.IntN(4) {
			o := ObjectID(rng.IntN(5))
			s := contents[o]
			switch n := rng.IntN(10); {
			case n == 0 || s.Object == 0: // another one
				s = Stored{Object: o, Value: Value{Data: make([]byte, rng.IntN(3000))}}
				if rng.IntN(20) == 0 {
					s.Value.Data = make([]byte, mostTold/2+rng.IntN(mostTold))
				}
				if rng.IntN(5) == 0 {
					s.Value.Refs = []ObjectID{7}
				}
			case n == 1:
				s.Patch, s.Offset, s.Value = true, 3, value("x")
			case n < 6:
				s.Value.Data = bytes.Clone(s.Value.Data)
				for range rng.IntN(5) {
					if k := len(s.Value.Data); k > 0 {
						s.Value.Data[rng.IntN(k)]++
					}
				}
			}
			if len(s.Value.Data) == 0 {
				s.Value.Data = nil
			}
			version++
			s.Version = version
			if old, ok := contents[o]; ok && bytes.Equal(old.Value.Data, s.Value.Data) && reflect.DeepEqual(old.Value.Refs, s.Value.Refs) {
				s.Version = old.Version
			}
			if !s.Patch {
				contents[o] = s
			}
			y.Stores = append(y.Stores, s)
		}
		got, err := there.DecodeReplies(here.AppendReplies(nil, []Reply{y}))
		if err != nil || !reflect.DeepEqual(got, []Reply{y}) {
			t.Fatalf("reply %d: %v", i, err)
		}
	}

	s := Stored{Object: 1, Version: 1 << 40, Value: Value{Data: make([]byte, 80_000)}}
	sizes := []int{}
	for i := range 3 {
		b := here.AppendReplies(nil, []Reply{{Stores: []Stored{s}}})
		if _, err := there.DecodeReplies(b); err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(b))
		if i == 1 {
			s.Version++
			s.Value.Data = bytes.Clone(s.Value.Data)
			s.Value.Data[70_000] = 1
		}
	}
	if sizes[0] < 80_000 || sizes[1] > 30 || sizes[2] > 50 {
		t.Errorf("sizes: %d", sizes)
	}
}

// TestToldHostile: what makes no sense is an error.
func TestToldHostile(t *testing.T) {
	s := Stored{Object: 1, Version: 1, Value: Value{Data: make([]byte, 1000)}}
	d := s
	d.Version, d.Value.Data = 2, bytes.Clone(s.Value.Data)
	d.Value.Data[500] = 1
	var here Told
	first := here.AppendReplies(nil, []Reply{{Stores: []Stored{s}}})
	second := here.AppendReplies(nil, []Reply{{Stores: []Stored{d, d}}})
	var nothing Told
	if _, err := nothing.DecodeReplies(second); !errors.Is(err, ErrFormat) {
		t.Errorf("without the first: %v", err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var there Told
		if _, err := there.DecodeReplies(first); err != nil {
			t.Fatal(err)
		}
		b := bytes.Clone(second)
		for range 1 + rng.IntN(3) {
			b[rng.IntN(len(b))] = byte(rng.Uint32())
		}
		if _, err := there.DecodeReplies(b[:rng.IntN(len(b)+1)]); err != nil && !errors.Is(err, ErrFormat) {
			t.Fatal(err)
		}
	}
}

// TestManyBegin: a checkpoint in which a thousand processes wait to be told of the same memory has it once, also when it was written meanwhile; and so has the state that is made of it.
func TestManyBegin(t *testing.T) {
	m := newMachine(t)
	r := m.share(Share{Kind: KindRegion, Content: Value{Data: make([]byte, 8000)}})
	word := binary.LittleEndian.AppendUint64(nil, 1)
	for i := range 300 {
		m.do(Op{Kind: OpSpawn, Value: value("f", r)})
		if i%100 == 99 {
			m.do(Op{Kind: OpPatch, Object: r, Offset: uint32(i), Value: Value{Data: word}, Bytes: true})
		}
	}
	b := m.x.Append(nil)
	if most := 5*8000 + 300*100; len(b) > most {
		t.Errorf("the checkpoint has %d bytes, more than %d", len(b), most)
	}
	x, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x.Append(nil), b) {
		t.Error("it is another state")
	}
	content := func(p ProcessID) []byte { return x.Replies(p, 0)[0].Stores[0].Value.Data }
	if &content(1)[0] != &content(100)[0] || &content(1)[0] == &content(101)[0] {
		t.Error("contents are not shared as they were")
	}
	if got := content(300)[199]; got != 1 {
		t.Errorf("got %d", got)
	}
}
