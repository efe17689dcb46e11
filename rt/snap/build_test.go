package snap

// This file tests what is said of snapshots of other builds and versions.

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestOtherBuild saves with one program and loads with a later version of it, in two processes.
func TestOtherBuild(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "snapshot")
	var out []byte
	for _, name := range []string{"old", "new"} {
		exe := filepath.Join(dir, name)
		if out, err := exec.Command("go", "build", "-o", exe, "./testdata/build/"+name).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var err error
		if out, err = exec.Command(exe, file).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	got := string(out)
	for _, want := range []string{
		"snap: snapshot of another build: variable main.limit: its type was int and is string; variable main.x is gone; " +
			"type main.Config: field Retries int was added; and 1 more\n4 true\n",
	} {
		if got != want {
			t.Errorf("got  %swant %s", got, want)
		}
	}
	own := save(t, new(int))
	if list, err := Differences(bytes.NewReader(own), int64(len(own)), new(int)); len(list) > 0 || err != nil {
		t.Errorf("this build: %q, %v", list, err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Describe(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if d.Build != "old" || len(d.Vars) != 3 || d.Vars[2] != (VarDescription{"main.x", "int"}) {
		t.Errorf("%+v", d)
	}
	found := false
	for _, x := range d.Types {
		if x.Name == "main.workerFrame" {
			found = x.Function == "main.worker" && len(x.Fields) == 4 && x.Fields[3] == FieldDescription{"conf", "*main.Config", 24}
		}
	}
	if !found {
		t.Errorf("no frame of main.worker in %+v", d.Types)
	}
}

// TestDifference checks each kind of difference against a description that is changed.
func TestDifference(t *testing.T) {
	nameFrames()
	type thing struct {
		A int
		B string
	}
	p, _ := progOf(reflect.TypeFor[thing]())
	for _, test := range []struct {
		change func(d *Description, x *TypeDescription)
		want   string
	}{
		{func(*Description, *TypeDescription) {}, "the code changed"},
		{func(d *Description, _ *TypeDescription) { d.Go = "go1.2" }, "it was built with go1.2, this program with go"},
		{func(d *Description, _ *TypeDescription) { d.Vars[0].Name = "gone" }, "variable gone is gone; variable globalArray was added"},
		{func(d *Description, _ *TypeDescription) { d.Vars[0].Type = "int" }, "variable globalArray: its type was int and is [5]"},
		{func(_ *Description, x *TypeDescription) { x.Name = "main.Gone" }, "type main.Gone is gone"},
		{func(_ *Description, x *TypeDescription) { x.Name = "example.com/m/p.Hark_Run_func2_env" }, "closure example.com/m/p.Run.func2 is gone"},
		{func(_ *Description, x *TypeDescription) { x.Name = "main.hark_main_t12" }, "a go or defer statement in main.main is gone"},
		{func(_ *Description, x *TypeDescription) { x.Kind, x.Under = 2, "int" }, "thing: it was int and is a struct"},
		{func(_ *Description, x *TypeDescription) { x.Fields = x.Fields[:1] }, "thing: field B string was added"},
		{func(_ *Description, x *TypeDescription) { x.Fields[0].Name = "z" }, "thing: field z was removed; type "},
		{func(_ *Description, x *TypeDescription) { x.Fields[0].Type = "uint" }, "thing: field A: its type was uint and is int"},
		{func(_ *Description, x *TypeDescription) {
			x.Fields[0], x.Fields[1] = x.Fields[1], x.Fields[0]
		}, "thing: its fields are in another order"},
		{func(_ *Description, x *TypeDescription) { x.Function, x.Fields = "main.f", x.Fields[:1] }, "function main.f: frame variable B string was added"},
	} {
		d := describeBuild([]*prog{p})
		for i := range d.Types {
			if d.Types[i].Name == typeName(p.typ) {
				test.change(d, &d.Types[i])
			}
		}
		if got := difference(d, p.typ); !strings.Contains(got, test.want) {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// TestCorpus reads a snapshot of each format version that has been released. SNAP_WRITE_CORPUS=1 writes the one of this version: once,
// when the version is released.
func TestCorpus(t *testing.T) {
	if os.Getenv("SNAP_WRITE_CORPUS") != "" {
		defer SetBuild(buildID)
		SetBuild("corpus")
		if err := os.WriteFile(fmt.Sprintf("testdata/corpus/v%d.snap", formatVersion), save(t, buildFuzz()), 0o644); err != nil {
			t.Fatal(err)
		}
		SetBuild("test")
	}
	files, err := filepath.Glob("testdata/corpus/v*.snap")
	if err != nil || len(files) < formatVersion {
		t.Fatalf("%v, %d files: there must be one for each version", err, len(files))
	}
	for i, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Describe(bytes.NewReader(b), int64(len(b)))
		if err != nil || d.Format != i+1 || d.Build != "corpus" {
			t.Errorf("%s: %+v, %v", file, d, err)
			continue
		}
		if d.Format > 1 && (len(d.Types) == 0 || len(d.Vars) == 0) {
			t.Errorf("%s: no types: %+v", file, d)
		}
		err = Load(bytes.NewReader(b), int64(len(b)), new(fuzzRoot))
		want := "snap: snapshot of another build: "
		if d.Format < formatVersion {
			want += "it has format version "
		}
		if !errors.Is(err, ErrBuild) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
