package runlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

// lines are what a Writer writes.
type lines struct{ all [][]byte }

func (l *lines) Write(p []byte) (int, error) {
	l.all = append(l.all, bytes.Clone(p))
	return len(p), nil
}

func (l *lines) records(t testing.TB) (rs []*Record) {
	t.Helper()
	for _, line := range l.all {
		if len(line) > 256<<10-26 || !json.Valid(line) || !utf8.Valid(line) || bytes.IndexByte(line, '\n') != len(line)-1 {
			t.Fatalf("a line of %d bytes is not fit for CloudWatch: %.200q", len(line), line)
		}
		r, err := Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		rs = append(rs, r)
	}
	return rs
}

// text is what the records say was written to a stream.
func text(rs []*Record, stream string) string {
	var b strings.Builder
	for _, r := range rs {
		if r.Place != nil && r.Stream == stream {
			b.WriteString(r.Text())
			if !r.Partial {
				b.WriteByte('\n')
			}
		}
	}
	return b.String()
}

// FuzzWriter: whatever the pieces are, the lines have the same text.
func FuzzWriter(f *testing.F) {
	f.Add([]byte("one\ntwo"), uint64(1))
	f.Add([]byte(`{"level":"warn" , "a": "<b>"}`+"\nx\n\n{}\n{broken}\n"), uint64(2))
	f.Add([]byte("a\x00\"\\\xff\u2028é\n"), uint64(3))
	f.Add(bytes.Repeat([]byte("\x01long é"), 60000), uint64(4))
	f.Add(append(bytes.Repeat([]byte("x"), maxLine), "\ny\n"...), uint64(5))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		if !utf8.Valid(data) {
			data = bytes.ToValidUTF8(data, []byte("\ufffd"))
		}
		rnd := rand.New(rand.NewPCG(seed, 0))
		var out lines
		w := NewWriter(&out, time.Now)
		w.Begin("r", "q")
		var want [2]string
		base := int64(0)
		for len(data) > 0 {
			n := 1 + rnd.IntN(len(data))
			for n < len(data) && !utf8.RuneStart(data[n]) {
				n++
			}
			p := Piece{FD: 1 + rnd.IntN(2), Process: 3, Step: 7, Base: base, Data: data[:n]}
			want[p.FD-1] += string(p.Data)
			if err := w.Write(p); err != nil {
				t.Fatal(err)
			}
			base, data = base+int64(n), data[n:]
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		rs := out.records(t)
		for i, s := range streams {
			if got := text(rs, s); got != want[i] {
				t.Errorf("%s is %.300q, want %.300q", s, got, want[i])
			}
		}
		// Logged twice and in any order.
		var m Merge
		for _, i := range rnd.Perm(2 * len(rs)) {
			m.Add(rs[i/2])
		}
		merged := m.Take()
		for i, s := range streams {
			if got := text(merged, s); got != want[i] {
				t.Errorf("merged %s is %.300q, want %.300q", s, got, want[i])
			}
		}
	})
}

func TestLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lines
		w := NewWriter(&out, time.Now)
		w.Begin("r", "q")
		w.Write(Piece{FD: 1, Process: 2, Step: 4, Base: 10, Data: []byte("a \"b\"\nrest")})
		w.Write(Piece{FD: 2, Process: 1, Step: 9, Base: 20, Data: []byte(`{"level":"WARN+1", "msg":"<x>"}` + "\n")})
		w.Write(Piece{FD: 1, Process: 2, Step: 5, Base: 52, Data: []byte("!\n")})
		w.Say("ERROR", "two\nlines\n")
		want := []string{
			`"level":"INFO","run":"r","requestId":"q","process":2,"step":4,"seq":10,"end":16,"stream":"stdout","message":"a \"b\""}`,
			`"level":"WARN","run":"r","requestId":"q","process":1,"step":9,"seq":20,"end":52,"stream":"stderr","message":{"level":"WARN+1", "msg":"<x>"}}`,
			`"level":"INFO","run":"r","requestId":"q","process":2,"step":5,"seq":16,"end":54,"stream":"stdout","message":"rest!"}`,
			`"level":"ERROR","run":"r","requestId":"q","message":"two\nlines"}`,
		}
		if len(out.all) != len(want) {
			t.Fatalf("%q", out.all)
		}
		for i := range want {
			if got, want := string(out.all[i]), `{"timestamp":"2000-01-01T00:00:00Z",`+want[i]+"\n"; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	})
}

// TestMerge: an invocation logs the beginning of a line, and cannot commit; the next logs all again, from the middle of another line on.
func TestMerge(t *testing.T) {
	var out lines
	at := time.Unix(1000, 0)
	write := func(base int64, data string) {
		w := NewWriter(&out, func() time.Time { at = at.Add(time.Second); return at })
		w.Write(Piece{FD: 1, Base: base, Data: []byte(data)})
		w.Flush()
		w.Say("INFO", fmt.Sprint("over at ", base+int64(len(data))))
	}
	write(0, "hello\nab")
	write(3, "lo\nabc\nd")
	write(7, "bc\nd")
	write(11, "ef\n")
	for _, r := range [][]int{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}} {
		rs := out.records(t)
		var m Merge
		for _, i := range append(r, 10, 11)[:len(rs)] {
			m.Add(rs[i])
		}
		if got := text(m.Take(), "stdout"); got != "hello\nabc\ndef\n" {
			t.Errorf("%q", got)
		}
	}
}

// TestFollow takes what has come since the last time, again and again.
func TestFollow(t *testing.T) {
	var out lines
	at := time.Unix(1000, 0)
	w := NewWriter(&out, func() time.Time { at = at.Add(time.Second); return at })
	var want, got strings.Builder
	var m Merge
	for i := range 20 {
		data := fmt.Sprintf("%03d\n", i)
		want.WriteString(data)
		w.Write(Piece{FD: 1, Base: int64(4 * i), Data: []byte(data)})
	}
	rs := out.records(t)
	for i := 0; i < len(rs); i += 2 { // neighbours come in the wrong order, and again
		m.Add(rs[i+1])
		m.Add(rs[i])
		m.Add(rs[0])
		got.WriteString(text(m.Take(), "stdout"))
	}
	got.WriteString(text(m.Take(), "stdout"))
	if got.String() != want.String() {
		t.Errorf("%q", got.String())
	}
}
