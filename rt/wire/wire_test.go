package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"github.com/harkgen/harkgen/rt"
)

type rwc struct{ bytes.Buffer }

func (*rwc) Close() error { return nil }

// pieces writes a snapshot in pieces of the given sizes, over and over, and then fails with err.
type pieces struct {
	data  []byte
	sizes []int
	err   error
}

func (p pieces) WriteTo(w io.Writer) (int64, error) {
	rest := p.data
	for i := 0; len(rest) > 0; i++ {
		n := min(p.sizes[i%len(p.sizes)], len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return int64(len(p.data)), p.err
}

func snapshot(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i % 251)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	var b rwc
	c := NewConn(&b)
	raw := snapshot(3 << 20)
	sizes := [][]int{{1 << 20}, {100}, {chunkSize}, {chunkSize + 1, 1}, {7, 300_000, chunkSize - 3}}
	msgs := []any{
		Load{},
		Start{Run: "r", Chaos: 3, InProc: true, New: true},
		Commit{Reason: "idle", Wake: time.Unix(5, 6).UTC(), Goroutines: []rt.Goroutine{{ID: 1, State: "waiting", Op: "sleep", Stack: []rt.FramePos{{Func: "main.main", Pos: "m.go:1:2", Op: "sleep"}}}}, ElapsedNS: 7},
		Committed{Verdict: VerdictExit},
		Wanted{},
		Refused{Err: "no"},
		Unsaved{Why: "main.go:3: busy"},
		Trace{Text: "goroutine 1 [running, process 2]:\n"},
		Start{Run: "r", Size: 77},
		Commit{},
		Commit{Reason: "idle", External: true, Taken: []string{"a", "", "bc"}},
		Start{Run: "r", Events: true, New: true},
		Event{Task: 3, ID: "id", Kind: "http :80", Data: []byte("GET /")},
		Response{Task: 3, ID: "id", Data: []byte("HTTP")},
		Response{},
		Commit{Reason: "chaos"},
		Start{Run: "r", Inspect: &rt.InspectOptions{Depth: 3, All: true}},
		Inspected{&rt.Inspection{Goroutines: []rt.InspectedG{{ID: 1, Frames: []rt.InspectedFrame{{Function: "f", Variables: []rt.Variable{{Name: "x", Value: &rt.Value{Kind: "int", Text: "1"}}}}}}}}},
	}
	for i, m := range msgs {
		var s io.WriterTo
		switch m.(type) {
		case Commit, Start:
			s = pieces{raw[:i*len(raw)/len(msgs)], sizes[i%len(sizes)], nil}
		}
		if err := c.Send(m, s); err != nil {
			t.Fatal(err)
		}
	}
	for i, m := range msgs {
		got, s, err := c.Receive()
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("got %#v, %v; want %#v", got, err, m)
		}
		if s == nil {
			continue
		}
		if i == 8 { // skipped by the next Receive
			io.CopyN(io.Discard, s, 1000)
			continue
		}
		if r, err := io.ReadAll(s); err != nil || !bytes.Equal(r, raw[:i*len(raw)/len(msgs)]) {
			t.Errorf("%#v: snapshot of %d bytes, %v", m, len(r), err)
		}
		<-s.Done()
	}
	if _, _, err := c.Receive(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if err := c.Send(&Load{}, nil); err == nil {
		t.Error("sent a pointer")
	}
	if err := c.Send(Load{}, pieces{}); err == nil {
		t.Error("sent a snapshot with Load")
	}
}

// TestDone: a reader that knows the size and stops there has read all.
func TestDone(t *testing.T) {
	var b rwc
	c := NewConn(&b)
	c.Send(Start{Size: 100_000}, pieces{snapshot(100_000), []int{999}, nil})
	_, s, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(s, make([]byte, 99_999)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
		t.Error("done too early")
	default:
	}
	s.Read(make([]byte, 1))
	select {
	case <-s.Done():
	default:
		t.Error("not done")
	}
}

func TestAborted(t *testing.T) {
	var b rwc
	c := NewConn(&b)
	why := errors.New("why")
	err := c.Send(Commit{}, pieces{snapshot(100_000), []int{70_000}, why})
	if src, ok := errors.AsType[*SourceError](err); !ok || src.Err != why {
		t.Errorf("sender: %v", err)
	}
	c.Send(Refused{"no"}, nil)
	_, s, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(s); len(got) != 100_000 || err != ErrAborted {
		t.Errorf("receiver: %d bytes, %v", len(got), err)
	}
	if msg, _, err := c.Receive(); msg != (Refused{"no"}) || err != nil {
		t.Errorf("next message: %v, %v", msg, err)
	}
}

func TestCut(t *testing.T) {
	var b rwc
	c := NewConn(&b)
	c.Send(Commit{}, pieces{snapshot(100_000), []int{70_000}, nil})
	whole := slices.Clone(b.Bytes())
	for n := range len(whole) {
		if n > 100 && n%997 != 0 && n < len(whole)-10 {
			continue
		}
		c := NewConn(&rwc{*bytes.NewBuffer(whole[:n])})
		_, s, err := c.Receive()
		if err != nil {
			if n > 0 && err == io.EOF {
				t.Errorf("cut at %d: a clean end", n)
			}
			continue
		}
		if got, err := io.ReadAll(s); err != ErrCut {
			t.Errorf("cut at %d: %d bytes, %v", n, len(got), err)
		}
		<-s.Done()
	}
	body := NewConn(struct {
		io.Reader
		io.Writer
		io.Closer
	}{iotest.OneByteReader(bytes.NewReader(whole)), nil, nil})
	_, s, err := body.Receive()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(s); err != nil || !bytes.Equal(got, snapshot(100_000)) {
		t.Errorf("byte by byte: %d bytes, %v", len(got), err)
	}
}

// TestLarge sends more than 4 GiB: lengths are of chunks, never of the whole.
func TestLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	pr, pw := io.Pipe()
	sender := NewConn(struct {
		io.Reader
		io.Writer
		io.Closer
	}{nil, pw, pw})
	const size = 1<<32 + 12345
	go func() {
		err := sender.Send(Commit{}, zeros(size))
		pw.CloseWithError(err)
	}()
	c := NewConn(struct {
		io.Reader
		io.Writer
		io.Closer
	}{pr, nil, pr})
	_, s, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, s); n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// zeros is a snapshot of so many zeros, written in pieces of 16 MB.
type zeros int64

func (z zeros) WriteTo(w io.Writer) (int64, error) {
	b := make([]byte, 16<<20)
	for left := int64(z); left > 0; left -= int64(len(b)) {
		if _, err := w.Write(b[:min(left, int64(len(b)))]); err != nil {
			return 0, err
		}
	}
	return int64(z), nil
}

func TestMalformed(t *testing.T) {
	frame := func(k byte, text uint32, body string) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{k}, text), body...)
	}
	for name, b := range map[string][]byte{
		"kind":    frame(99, 2, "{}"),
		"no json": frame(1, 2, "{x"),
	} {
		c := NewConn(&rwc{*bytes.NewBuffer(b)})
		if _, _, err := c.Receive(); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := NewConn(&rwc{*bytes.NewBuffer(frame(1, 1<<32-1, "{}"))})
	if _, _, err := c.Receive(); err != io.ErrUnexpectedEOF {
		t.Errorf("false length: %v", err)
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00\x02{}"))
	f.Add([]byte("\x02\x00\x00\x00\x02{}\x00\x00\x00\x03abc\x00\x00\x00\x01d\x00\x00\x00\x00"))
	f.Add([]byte("\x03\x00\x00\x00\x02{}\x00\x00\x00\x03abc\xff\xff\xff\xff\x01\x00\x00\x00\x02{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := NewConn(&rwc{*bytes.NewBuffer(b)})
		for {
			_, s, err := c.Receive()
			if err != nil {
				return
			}
			if s != nil && len(b)%2 == 0 {
				if n, err := io.Copy(io.Discard, s); n > int64(len(b)) || err != nil && err != ErrCut && err != ErrAborted {
					t.Errorf("%d bytes, %v", n, err)
				}
			}
		}
	})
}
