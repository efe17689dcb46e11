package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt"
)

type rwc struct{ bytes.Buffer }

func (*rwc) Close() error { return nil }

func TestRoundTrip(t *testing.T) {
	var b rwc
	c := NewConn(&b)
	raw := bytes.Repeat([]byte("snapshot"), 1<<18)
	msgs := []any{
		Load{},
		Start{Run: "r", Chaos: 3, InProc: true, New: true},
		Commit{Reason: "idle", Wake: time.Unix(5, 6).UTC(), Goroutines: []rt.Goroutine{{ID: 1, State: "waiting", Op: "sleep", Stack: []rt.FramePos{{Func: "main.main", Pos: "m.go:1:2", Op: "sleep"}}}}, ElapsedNS: 7},
		Committed{Verdict: VerdictExit},
		Wanted{},
		Refused{Err: "no"},
	}
	for i, m := range msgs {
		if err := c.Send(m, raw[:i*len(raw)/5]); err != nil {
			t.Fatal(err)
		}
	}
	for i, m := range msgs {
		got, r, err := c.Receive()
		if err != nil || !reflect.DeepEqual(got, m) || !bytes.Equal(r, raw[:i*len(raw)/5]) {
			t.Errorf("got %#v, %d bytes, %v; want %#v", got, len(r), err, m)
		}
	}
	if _, _, err := c.Receive(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if err := c.Send(&Load{}, nil); err == nil {
		t.Error("sent a pointer")
	}
}

func TestMalformed(t *testing.T) {
	frame := func(rest uint32, k byte, text uint32, body string) []byte {
		b := binary.BigEndian.AppendUint32(nil, rest)
		b = append(b, k)
		return append(binary.BigEndian.AppendUint32(b, text), body...)
	}
	for name, b := range map[string][]byte{
		"short":     frame(4, 1, 0, ""),
		"json long": frame(7, 1, 3, "{}"),
		"kind":      frame(7, 99, 2, "{}"),
		"no json":   frame(7, 1, 2, "{x"),
	} {
		c := NewConn(&rwc{*bytes.NewBuffer(b)})
		if _, _, err := c.Receive(); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := NewConn(&rwc{*bytes.NewBuffer(frame(1<<32-1, 1, 2, "{}"))})
	if _, _, err := c.Receive(); err != io.ErrUnexpectedEOF {
		t.Errorf("false length: %v", err)
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x07\x01\x00\x00\x00\x02{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := NewConn(&rwc{*bytes.NewBuffer(b)})
		for {
			if _, _, err := c.Receive(); err != nil {
				return
			}
		}
	})
}
