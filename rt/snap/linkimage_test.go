package snap

// This file tests shared package variables: what one process shares is the variable itself in another, and part of that one's snapshots. Each process is one of
// the operating system.

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"unsafe"
)

type imageConfig struct {
	mu   sync.Mutex
	n    int
	next *imageConfig
}

var (
	imageCounter = 5
	imageTable   = map[string]int{"a": 1}
	imageStatic  = &imageConfig{n: 1, next: &imageConfig{n: 2}} // leads to static data
	imageArray   [9]string
	imageOther   = 7 // not shared
)

func registerImage() {
	RegisterVar("snap.imageCounter", &imageCounter)
	RegisterVar("snap.imageTable", &imageTable)
	RegisterVar("snap.imageStatic", &imageStatic)
	RegisterVar("snap.imageArray", &imageArray)
	RegisterVar("snap.imageOther", &imageOther)
}

// imageMessage is what a process hands to another.
type imageMessage struct {
	Value    []byte
	Contents []imageContent
}

type imageContent struct {
	ID      uint64
	Content *Content
}

// imageRoots is a value that leads into variables.
type imageRoots struct {
	vars []any
	elem *string // of imageArray
}

// imageSaved is the root of a snapshot.
type imageSaved struct {
	IDs   []uint64
	Kinds []ThingKind
	Refs  []any
}

const imageEnv = "SNAP_IMAGE_STEP"

// TestLinkVariables: process 0 changes variables and shares them; process 1 finds what it has made of them, changes them, and is saved; it goes on in
// another OS process. A process that follows it finds the variables as they were.
func TestLinkVariables(t *testing.T) {
	dir := t.TempDir()
	for _, step := range []string{"first", "second", "third"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestLinkVariablesStep$", "-test.count=1")
		cmd.Env = append(os.Environ(), imageEnv+"="+step, fileEnv+"="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", step, err, out)
		}
	}
}

func TestLinkVariablesStep(t *testing.T) {
	step := os.Getenv(imageEnv)
	if step == "" {
		t.Skip("run by TestLinkVariables")
	}
	registerImage()
	message, snapshot := filepath.Join(os.Getenv(fileEnv), "message"), filepath.Join(os.Getenv(fileEnv), "snapshot")
	switch step {
	case "first":
		a := newSide(t, 0)
		imageCounter, imageTable["b"], imageStatic.next.n, imageArray[8] = 6, 2, 20, "last"
		v := imageRoots{[]any{Var("snap.imageCounter"), Var("snap.imageTable"), Var("snap.imageStatic")}, &imageArray[8]}
		if Var("snap.none") != nil {
			t.Error("there is a variable that is not registered")
		}
		if err := a.Share(&v); err != nil {
			t.Fatal(err)
		}
		m := imageMessage{Value: a.send(&v)}
		for fresh := a.Fresh(); len(fresh) > 0; fresh = a.Fresh() {
			for _, x := range fresh {
				if x.Kind.IsMemory() {
					m.Contents = append(m.Contents, imageContent{x.ID, a.content(x.ID)})
				}
			}
		}
		whole := a.imageAt(uintptr(unsafe.Pointer(&imageArray)), uintptr(unsafe.Pointer(&imageArray)))
		want(t, "whole", whole != nil && whole.Count == 9)
		imageCounter = 8
		want(t, "changed", !a.imageAt(uintptr(unsafe.Pointer(&imageCounter)), uintptr(unsafe.Pointer(&imageCounter))+8).Unchanged())
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(message, b, 0o666)
	case "second":
		var m imageMessage
		b, err := os.ReadFile(message)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		Isolate()
		b1 := newSide(t, 1)
		b1.Own()
		var v imageRoots
		b1.receive(m.Value, &v)
		for wait := m.Contents; len(wait) > 0; {
			c := wait[0]
			wait = wait[1:]
			if x := b1.Thing(c.ID); x == nil { // what leads there comes later
				wait = append(wait, c)
			} else if err := b1.Apply(x, c.Content.Raw, c.Content.Slots); err != nil {
				t.Fatal(err)
			}
		}
		checkImage := func(when string) {
			stir()
			runtime.GC()
			want(t, when+" counter", imageCounter == 6)
			want(t, when+" table", len(imageTable) == 2 && imageTable["b"] == 2)
			want(t, when+" static data", imageStatic.n == 1 && imageStatic.next.n == 20)
			want(t, when+" array", imageArray[8] == "last")
		}
		checkImage("received")
		want(t, "places", v.vars[0] == any(&imageCounter) && v.vars[2] == any(&imageStatic) && v.elem == &imageArray[8])
		want(t, "one element", b1.imageAt(uintptr(unsafe.Pointer(v.elem)), uintptr(unsafe.Pointer(v.elem))+1).Count == 9)
		imageTable["c"], imageOther = 3, 70
		var saved imageSaved
		for _, x := range b1.Things() {
			saved.IDs, saved.Kinds, saved.Refs = append(saved.IDs, x.ID), append(saved.Kinds, x.Kind), append(saved.Refs, x.Ref())
		}
		var out bytes.Buffer
		if err := Save(&out, &saved); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(snapshot, out.Bytes(), 0o666)
		Isolate()
		want(t, "put back", imageCounter == 5 && len(imageTable) == 1 && imageStatic.next.n == 2 && imageArray[8] == "")
	case "third":
		b, err := os.ReadFile(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		Isolate()
		var saved imageSaved
		if err := Load(bytes.NewReader(b), int64(len(b)), &saved); err != nil {
			t.Fatal(err)
		}
		c := newSide(t, 1)
		c.Own()
		for i, id := range saved.IDs {
			c.Restore(id, saved.Kinds[i], saved.Refs[i])
		}
		runtime.GC()
		want(t, "loaded", imageCounter == 6 && len(imageTable) == 3 && imageStatic.next.n == 20 && imageArray[8] == "last" && imageOther == 7)
		want(t, "lock", c.LockAt(unsafe.Pointer(&imageStatic.next.mu)) != nil)
		x := c.imageAt(uintptr(unsafe.Pointer(&imageCounter)), uintptr(unsafe.Pointer(&imageCounter))+8)
		want(t, "known", x != nil && x.fixed == unsafe.Pointer(&imageCounter))
		Isolate()
		want(t, "put back", imageCounter == 5 && len(imageTable) == 1 && imageStatic.next.n == 2)
	}
}
