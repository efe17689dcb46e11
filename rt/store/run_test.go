package store

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	r := &Run{
		ID: "x", State: Waiting, Build: "b", Wake: time.Unix(1e9, 0).UTC(), Step: 3, Count: 200, Gs: make([]G, 200),
		Snap: Snapshot{Size: 2, Inline: []byte{0, 255}}, Keep: 2, Kept: []Kept{{2, "x/3"}}, Output: Output{Base: 7, Size: 3, Content: Content{Blobs: []string{"x/1"}}},
		Program: Program{Package: "p", Args: []string{"", "é"}, ArgsBlob: "x/2"},
	}
	data, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeRun(Record{ID: "x", Data: data})
	if err != nil {
		t.Fatal(err)
	}
	want := *r
	want.Format, want.Gs = RunFormat, r.Gs[:MaxGs]
	if !reflect.DeepEqual(got, &want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if names := got.Blobs(); !reflect.DeepEqual(names, []string{"x/1", "x/3", "x/2"}) {
		t.Errorf("blobs %q", names)
	}
}

// TestRunFormat reads what was written before, and refuses what it cannot read.
func TestRunFormat(t *testing.T) {
	const v1 = `{"format":1,"id":"0t9n","program":{"package":"a/b","patterns":["."],"dir":"/d","cwd":"/d"},"build":"f00","state":"done","exit":3,` +
		`"created":"2026-11-23T21:00:00Z","updated":"2026-11-23T21:00:01Z","step":2,"output":{"base":5,"size":2,"inline":"BQEBeAIBeQ=="},"unknown":1}`
	r, err := DecodeRun(Record{ID: "0t9n", Data: []byte(v1)})
	if err != nil || r.Exit != 3 || r.State != Done || r.Output.Base != 5 || len(r.Output.Inline) != 7 || r.Program.Patterns[0] != "." {
		t.Errorf("%+v, %v", r, err)
	}
	for data, want := range map[string]error{
		`{"format":3,"id":"x"}`: ErrFormat,
		`{"format":1}`:          ErrDamaged,
		`{"id":"x"}`:            ErrDamaged,
		`{`:                     ErrDamaged,
		``:                      ErrDamaged,
	} {
		if _, err := DecodeRun(Record{ID: "x", Data: []byte(data)}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", data, err, want)
		}
	}
}
