// This file holds the helpers of the suite.

package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/harkgen/harkgen/rt/store"
)

func ctx(t *testing.T) context.Context { return t.Context() }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(a, b []string) bool { return slices.Equal(a, b) }

func mustPut(t *testing.T, s store.Store, r store.Record, want int64, blobs ...store.Blob) {
	t.Helper()
	v, err := s.Put(ctx(t), r, blobs...)
	if err != nil || v != want {
		t.Fatalf("Put of %s over version %d = %d, %v; want %d", r.ID, r.Version, v, err, want)
	}
}

func wantRecord(t *testing.T, s store.Store, id string, version int64, data string) {
	t.Helper()
	r, err := s.Get(ctx(t), id)
	if err != nil || r.ID != id || r.Version != version || string(r.Data) != data || r.Token == "" {
		t.Fatalf("Get(%s) = {%s %d %q %q}, %v; want version %d, data %q and a token", id, r.ID, r.Version, r.Token, r.Data, err, version, data)
	}
}

// wantMessages reads with several limits.
func wantMessages(t *testing.T, s store.Store, box string, after store.Key, want []store.Message) {
	t.Helper()
	for _, limit := range []int{1000, 7} {
		var got []store.Message
		for k := after; ; {
			ms, err := s.Messages(ctx(t), box, k, limit)
			must(t, err)
			if len(ms) > limit {
				t.Fatalf("%d messages, limit %d", len(ms), limit)
			}
			if len(ms) == 0 {
				break
			}
			got = append(got, ms...)
			k = ms[len(ms)-1].Key
		}
		if len(got) != len(want) {
			t.Fatalf("%d messages in %s, want %d", len(got), box, len(want))
		}
		for i := range got {
			if got[i].Key != want[i].Key || string(got[i].Data) != string(want[i].Data) {
				t.Fatalf("message %d in %s: %v %.20q, want %v %.20q", i, box, got[i].Key, got[i].Data, want[i].Key, want[i].Data)
			}
		}
	}
}

func messages(sender string, first, n uint64) []store.Message {
	var ms []store.Message
	for i := range n {
		seq := first + i
		ms = append(ms, store.Message{Key: store.Key{Sender: sender, Seq: seq}, Data: fmt.Append(nil, sender, " ", seq)})
	}
	return ms
}

// pattern returns n bytes that do not compress well and differ from block to block.
func pattern(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}
