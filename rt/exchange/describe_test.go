package exchange

import (
	"fmt"
	"strings"
	"testing"
)

// TestDescribe: what is shared, and who waits for it in which order.
func TestDescribe(t *testing.T) {
	x := New()
	step := uint64(0)
	do := func(ops ...Op) {
		step++
		if r := x.Apply(&Batch{From: 0, Step: step, Ops: ops}); !r.Taken || r.Exit != nil {
			t.Fatal(r)
		}
	}
	id := func(n uint32) ObjectID { return NewObjectID(0, n) }
	value := Value{Data: []byte("abc")}
	do(
		Op{Kind: OpShare, Object: id(1), Share: &Share{Kind: KindChannel, Capacity: 2, Buffer: []Value{value}}},
		Op{Kind: OpShare, Object: id(2), Share: &Share{Kind: KindChannel}},
		Op{Kind: OpShare, Object: id(3), Share: &Share{Kind: KindMutex, Count: 1}},
		Op{Kind: OpShare, Object: id(4), Share: &Share{Kind: KindRWMutex, Count: -2}},
		Op{Kind: OpShare, Object: id(5), Share: &Share{Kind: KindWaitGroup, Count: 3}},
		Op{Kind: OpShare, Object: id(6), Share: &Share{Kind: KindRegion, Content: value}},
		Op{Kind: OpShare, Object: id(7), Share: &Share{Kind: KindCond}},
	)
	do(
		Op{Kind: OpSelect, G: 5, Cases: []Case{{Channel: id(2)}, {Channel: 0, Send: true, Value: value}}},
		Op{Kind: OpSelect, G: 1, Cases: []Case{{Channel: id(2)}}},
		Op{Kind: OpLock, G: 2, Object: id(3)},
		Op{Kind: OpLock, G: 3, Object: id(4)},
		Op{Kind: OpLock, G: 4, Object: id(4), Mode: Reading},
		Op{Kind: OpPatch, Object: id(6), Offset: 1, Value: value},
	)
	var got []string
	for _, d := range x.Describe() {
		got = append(got, fmt.Sprintf("%s kind %d: %d of %d, %t, %t, %d, %d bytes, %d %v", d.ID, d.Kind, d.Len, d.Cap, d.Closed, d.Locked, d.Count, d.Size, d.Processes, d.Waits))
	}
	const want = `
0.1 kind 1: 1 of 2, false, false, 0, 0 bytes, 1 []
0.2 kind 1: 0 of 0, false, false, 0, 0 bytes, 1 [{0 5 select, chan receive} {0 1 chan receive}]
0.3 kind 3: 0 of 0, false, true, 0, 0 bytes, 1 [{0 2 sync.Mutex.Lock}]
0.4 kind 4: 0 of 0, false, false, 2, 0 bytes, 1 [{0 3 sync.RWMutex.Lock} {0 4 sync.RWMutex.RLock}]
0.5 kind 2: 0 of 0, false, false, 3, 0 bytes, 1 []
0.6 kind 6: 0 of 0, false, false, 0, 6 bytes, 1 []
0.7 kind 5: 0 of 0, false, false, 0, 0 bytes, 1 []`
	if g := "\n" + strings.Join(got, "\n"); g != want {
		t.Errorf("got%s", g)
	}
}
