package exchange

import (
	"bytes"
	"errors"
	"reflect"
	"runtime"
	"testing"
	"unsafe"
)

// everything is a batch with all that a batch can have.
func everything() *Batch {
	v := value("data", NewObjectID(1, 2), NewObjectID(1<<32-1, 1<<32-1))
	return &Batch{
		From: 7, Step: 1 << 40, Consumed: 3, Idle: true, Wake: -5, Ended: true,
		Exit: &Exit{Status: -1, Text: "panic: x", Waits: []Waiting{{1, 2, "select"}}},
		Ops: []Op{
			{Kind: OpAtomic, G: 1, Object: 9, Value: v, N: -1, Old: 1 << 62, Mode: Reading, Lock: 5, Offset: 1 << 31, Bytes: true, Atomic: AtomicOr, Size: 8, OldValue: v, Text: "t", Class: "m2048"},
			{Kind: OpShare, Share: &Share{Kind: KindChannel, Capacity: 3, Buffer: []Value{v, {}}, Closed: true, Count: -2, Content: v}},
			{Kind: OpSelect, Default: true, Cases: []Case{{Channel: 1, Send: true, Value: v}, {}}},
			{},
		},
	}
}

func someReplies() []Reply {
	v := value("data", 1)
	return []Reply{
		{To: 1, Seq: 2, Kind: ReplyDone, G: 3, Case: -1, Value: v, OK: true, N: -9, Text: "t", Stores: []Stored{{1, true, 2, 3, v}, {}}},
		{},
	}
}

func TestCodec(t *testing.T) {
	want := everything()
	b := want.Append([]byte("before"))
	got, err := DecodeBatch(b[len("before"):])
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	replies := someReplies()
	r := AppendReplies(nil, replies)
	if got, err := DecodeReplies(r); err != nil || !reflect.DeepEqual(got, replies) {
		t.Errorf("got %+v, %v", got, err)
	}
	// Whatever is cut off is missed.
	for i := range r {
		if _, err := DecodeReplies(r[:i]); !errors.Is(err, ErrFormat) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
	b = b[len("before"):]
	for i := range b {
		if _, err := DecodeBatch(b[:i]); !errors.Is(err, ErrFormat) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
	if _, err := DecodeBatch(append(b, 0)); !errors.Is(err, ErrFormat) {
		t.Errorf("with a byte too much: %v", err)
	}
	b[0]++
	if _, err := DecodeBatch(b); !errors.Is(err, ErrFormat) {
		t.Errorf("of another version: %v", err)
	}
}

// TestSmall: a message for each operation is what most of the traffic is made of.
func TestSmall(t *testing.T) {
	b := &Batch{From: 1000, Step: 1000, Consumed: 1000, Idle: true, Ops: []Op{send(1, NewObjectID(0, 100), "12345678")}}
	if n := len(b.Append(nil)); n > 32 {
		t.Errorf("the batch of a send of 8 bytes takes %d", n)
	}
}

// TestMaxGrowth: elements are not larger than what decoders promise.
func TestMaxGrowth(t *testing.T) {
	for _, e := range []struct {
		name  string
		size  uintptr
		least int
	}{
		{"Op", unsafe.Sizeof(Op{}), minOp}, {"Case", unsafe.Sizeof(Case{}), minCase}, {"Value", unsafe.Sizeof(Value{}), minValue},
		{"Reply", unsafe.Sizeof(Reply{}), minReply}, {"Stored", unsafe.Sizeof(Stored{}), minStored}, {"Waiting", unsafe.Sizeof(Waiting{}), minWaiting},
	} {
		if int(e.size) > maxGrowth*e.least {
			t.Errorf("%s: %d bytes in memory for %d", e.name, e.size, e.least)
		}
	}
}

// bounded runs decode, and fails if it allocates too much for n bytes of input.
func bounded(t *testing.T, n int, decode func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	decode()
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(2*maxGrowth*n+1<<16); got > most {
		t.Errorf("%d bytes were allocated for an input of %d", got, n)
	}
}

func FuzzDecodeBatch(f *testing.F) {
	f.Add(everything().Append(nil))
	f.Add((&Batch{}).Append(nil))
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, b []byte) {
		var batch *Batch
		var err error
		bounded(t, len(b), func() { batch, err = DecodeBatch(b) })
		if err != nil {
			return
		}
		again, err := DecodeBatch(batch.Append(nil))
		if err != nil || !reflect.DeepEqual(again, batch) {
			t.Fatalf("%+v becomes %+v, %v", batch, again, err)
		}
		x := New()
		x.Apply(batch)
		if err := x.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzDecodeReplies(f *testing.F) {
	f.Add(AppendReplies(nil, someReplies()))
	f.Fuzz(func(t *testing.T, b []byte) {
		var replies []Reply
		var err error
		bounded(t, len(b), func() { replies, err = DecodeReplies(b) })
		if err != nil {
			return
		}
		again, err := DecodeReplies(AppendReplies(nil, replies))
		if err != nil || !reflect.DeepEqual(again, replies) {
			t.Fatalf("%+v becomes %+v, %v", replies, again, err)
		}
	})
}

// FuzzDecode decodes states, and lets those that can be decoded go on.
func FuzzDecode(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(randomRun(f, seed, 30).x.Append(nil), []byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09"))
	}
	f.Fuzz(func(t *testing.T, b, program []byte) {
		x, err := Decode(b)
		if err != nil {
			return
		}
		c := x.Append(nil)
		y, err := Decode(c)
		if err != nil {
			t.Fatalf("its own encoding is refused: %v", err)
		}
		if !bytes.Equal(c, y.Append(nil)) {
			t.Fatal("the encoding is not stable")
		}
		g := &generator{bytes: program, x: y}
		for len(g.bytes) > 0 {
			y.Apply(g.batch())
		}
	})
}

// TestClass: the class of a process stays what its OpSpawn said, in a checkpoint as well.
func TestClass(t *testing.T) {
	m := newMachine(t)
	m.send(0, nil, Op{Kind: OpSpawn, Class: "m2048"}, Op{Kind: OpSpawn})
	b := m.x.Append(nil)
	y, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range []string{"", "m2048", ""} {
		before, _ := m.x.Status(ProcessID(p))
		after, _ := y.Status(ProcessID(p))
		if before.Class != want || after != before {
			t.Errorf("process %d: %+v, decoded %+v, want class %q", p, before, after, want)
		}
	}
	if again := y.Append(nil); !bytes.Equal(again, b) {
		t.Errorf("%q, again %q", b, again)
	}
}
