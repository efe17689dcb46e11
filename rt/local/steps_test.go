package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/harkgen/harkgen/rt/store"
)

// readFake returns what the program had saved at a step, 0 being the last one.
func (b *bench) readFake(id string, step int64) (run *store.Run, f fake, err error) {
	err = ReadStep(b.t.Context(), b.s, id, step, func(r *store.Run, snapshot io.Reader) error {
		run = r
		whole, err := io.ReadAll(snapshot)
		if err != nil {
			return err
		}
		if int64(len(whole)) != r.Snap.Size {
			b.t.Errorf("step %d has %d bytes, %d were promised", step, len(whole), r.Snap.Size)
		}
		length, rest, _ := strings.Cut(string(whole), "\n")
		if length != strconv.Itoa(len(rest)) {
			b.t.Errorf("step %d: %d bytes of state, want %s", step, len(rest), length)
		}
		return json.Unmarshal([]byte(rest), &f)
	})
	return run, f, err
}

func (b *bench) blobs(id string) []string {
	b.t.Helper()
	names, _, err := b.s.Blobs(b.t.Context(), id, "", 1<<20)
	if err != nil {
		b.t.Fatal(err)
	}
	return names
}

// wantSteps checks that these steps can be read, and no others, and that nothing else is stored.
func (b *bench) wantSteps(r *Run, want ...int64) {
	b.t.Helper()
	if got := Steps(&r.rec); !slices.Equal(got, want) {
		b.t.Errorf("step %d: steps %d are kept, want %d", r.rec.Step, got, want)
	}
	needed := r.rec.Blobs()
	r.pages.Names(func(name string) { needed = append(needed, name) })
	slices.Sort(needed)
	if got := b.blobs(r.rec.ID); !slices.Equal(got, needed) {
		b.t.Errorf("step %d: %d blobs are stored, %d needed", r.rec.Step, len(got), len(needed))
	}
}

// TestKeep: the last steps can be read, whether their snapshots are in the record or in pages, also after the run is done.
func TestKeep(t *testing.T) {
	for _, first := range []string{"noise:200000", "noise:10"} {
		b := newBench(t)
		b.o.Keep = 3
		program := []string{first}
		for i := range 6 {
			program = append(program, fmt.Sprint("touch:", i), "commit")
		}
		r := b.create(append(program, "kill", "exit:0")...) // after the sixth
		var seen [][]int64
		b.o.OnCommit = func(run *store.Run) {
			seen = append(seen, Steps(run))
			for _, step := range Steps(run) {
				at, f, err := b.readFake(run.ID, step)
				if err != nil || f.PC != int(2*step+1) || at.Step != step || at.Gs[0].Pos != fmt.Sprintf("main.go:%d:1", f.PC) {
					t.Errorf("step %d at %d: PC %d, %v", step, run.Step, f.PC, err)
				}
			}
			if _, f, err := b.readFake(run.ID, 0); err != nil || f.PC != int(2*run.Step+1) {
				t.Errorf("last step at %d: PC %d, %v", run.Step, f.PC, err)
			}
		}
		if _, err := r.Execute(t.Context(), &b.o); err == nil {
			t.Fatal("it was not killed")
		}
		if want := [][]int64{{1}, {1, 2}, {1, 2, 3}, {2, 3, 4}, {3, 4, 5}, {4, 5, 6}}; !slices.EqualFunc(seen, want, slices.Equal) {
			t.Errorf("kept %d, want %d", seen, want)
		}
		b.wantSteps(r, 4, 5, 6)
		_, _, err := b.readFake(r.rec.ID, 3)
		var none *NoStepError
		if !errors.As(err, &none) || err.Error() != fmt.Sprintf("run %s does not keep step 3; 3 steps can be read, from 4 to 6", r.rec.ID) {
			t.Errorf("step 3: %v", err)
		}

		// Whoever resumes it keeps as many, until told otherwise.
		b.o.OnCommit, b.o.Keep = nil, 0
		again := func(program ...string) {
			t.Helper()
			r = b.reopen(r)
			r.args = append(append(slices.Clone(r.args[:13]), program...), "exit:0")
			b.execute(r)
		}
		again("commit")
		b.wantSteps(r, 6, 7)
		if _, f, err := b.readFake(r.rec.ID, 6); err != nil || f.PC != 13 {
			t.Errorf("step 6 of a run that is done: PC %d, %v", f.PC, err)
		}
	}
}

// TestKeepLess: with a smaller number the steps that are too many are deleted.
func TestKeepLess(t *testing.T) {
	b := newBench(t)
	b.o.Keep = 4
	r := b.create("noise:100000", "commit", "touch:1", "commit", "touch:2", "commit", "kill", "exit:0")
	r.Execute(t.Context(), &b.o)
	b.wantSteps(r, 1, 2, 3)
	b.o.Keep = 1
	r = b.reopen(r)
	r.args[6] = "commit"
	b.o.OnCommit = func(run *store.Run) {
		if run.Step == 4 && !slices.Equal(Steps(run), []int64{4}) {
			t.Errorf("kept %d", Steps(run))
		}
	}
	b.execute(r)
	b.wantSteps(r)
	b.wantClean(r)
	_, _, err := b.readFake(r.rec.ID, 0)
	if want := fmt.Sprintf("run %s has no saved state", r.rec.ID); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestReadMeanwhile: who reads the last step while the run goes on gets a step, whole, though its pages are deleted under his hands.
func TestReadMeanwhile(t *testing.T) {
	b := newBench(t)
	program := []string{"noise:300000"}
	for i := range 60 {
		program = append(program, fmt.Sprint("touch:", i*5000), "commit")
	}
	r := b.create(program...)
	id := r.rec.ID
	first, done := make(chan bool), make(chan bool)
	b.o.OnCommit = func(run *store.Run) {
		if run.Step == 1 {
			close(first)
		}
	}
	go func() {
		defer close(done)
		b.execute(r)
	}()
	<-first
	reads := 0
	for {
		run, f, err := b.readFake(id, 0)
		var none *NoStepError
		if errors.As(err, &none) {
			break // it is done
		}
		if err != nil || f.PC != int(2*run.Step+1) {
			t.Fatalf("step %d: PC %d, %v", run.Step, f.PC, err)
		}
		reads++
	}
	<-done
	t.Logf("%d reads", reads)
}

// TestHalfSaved: a worker that dies while it sends its snapshot is started again; one that gives up fails. What was stored is deleted.
func TestHalfSaved(t *testing.T) {
	b := newBench(t)
	mark := filepath.Join(b.dir, "mark")
	r := b.create("noise:3000000", "out:one", "commit", "out:two", "kill:"+mark, "exit:0")
	r.args[4] = "lost"
	_, err := r.Execute(t.Context(), &b.o)
	var failed *FailedError
	if !errors.As(err, &failed) || !strings.HasPrefix(failed.Why, "its worker was killed 4 times") {
		t.Errorf("%v", err)
	}
	b.wantSteps(r, 1)
	r = b.reopen(r)
	r.args[4] = "giveup:half way"
	if _, err := r.Execute(t.Context(), &b.o); !errors.As(err, &failed) || failed.Why != "half way" {
		t.Errorf("%v", err)
	}
	b.wantSteps(r, 1)
	r = b.reopen(r)
	r.args[4] = "out:three"
	b.execute(r)
	b.want("init\none\ntwo\nthree\n", "")
	b.wantClean(r)
}

// TestDamagedSnapshot: it is refused with run and step, nothing is deleted, and when it is whole again the run goes on.
func TestDamagedSnapshot(t *testing.T) {
	b := newBench(t)
	r := b.create("noise:4000000", "out:one", "commit", "out:two", "kill", "exit:0")
	r.Execute(t.Context(), &b.o)
	id := r.rec.ID
	names := b.blobs(id)
	if r.rec.Snap.Depth == 0 {
		t.Error("there are no index pages")
	}
	for _, name := range []string{names[0], names[len(names)/2], names[len(names)-1]} {
		whole, err := b.s.GetBlob(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for what, damaged := range map[string][]byte{
			"missing": nil,
			"cut":     whole[:len(whole)/2],
			"flipped": append([]byte{whole[0], whole[1] ^ 4}, whole[2:]...),
		} {
			if damaged == nil {
				b.s.DeleteBlob(t.Context(), name)
			} else if err := b.s.PutBlob(t.Context(), store.Blob{Name: name, Data: damaged}); err != nil {
				t.Fatal(err)
			}
			before := b.blobs(id)
			r = b.reopen(r)
			_, err := r.Execute(t.Context(), &b.o)
			if !errors.Is(err, store.ErrDamaged) || !strings.HasPrefix(err.Error(), "run "+id+" is damaged: its step 1 cannot be read: ") ||
				!strings.HasSuffix(err.Error(), "; nothing was deleted") {
				t.Errorf("%s: %v", what, err)
			}
			if after := b.blobs(id); !slices.Equal(before, after) {
				t.Errorf("%s: %d blobs, %d before", what, len(after), len(before))
			}
			if _, _, err := b.readFake(id, 0); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("%s: read: %v", what, err)
			}
		}
		if err := b.s.PutBlob(t.Context(), store.Blob{Name: name, Data: whole}); err != nil {
			t.Fatal(err)
		}
	}
	b.want("init\none\n", "")
	r = b.reopen(r)
	r.args[4] = "out:three"
	b.execute(r)
	b.want("init\none\ntwo\nthree\n", "")
	b.wantClean(r)
}

// crashing is a store whose user dies at a change, before or after it has its effect.
type crashing struct {
	store.Store
	left  atomic.Int64 // changes
	after bool
}

var errCrash = errors.New("crash")

func (c *crashing) change(do func() error) error {
	switch left := c.left.Add(-1); {
	case left > 0:
		return do()
	case left == 0 && c.after:
		if err := do(); err != nil {
			return err
		}
	}
	return errCrash
}

func (c *crashing) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (v int64, err error) {
	err = c.change(func() error {
		v, err = c.Store.Put(ctx, r, blobs...)
		return err
	})
	return v, err
}

func (c *crashing) PutBlob(ctx context.Context, b store.Blob) error {
	return c.change(func() error { return c.Store.PutBlob(ctx, b) })
}

func (c *crashing) DeleteBlob(ctx context.Context, name string) error {
	return c.change(func() error { return c.Store.DeleteBlob(ctx, name) })
}

// TestCrashAnywhere crashes the supervisor at each change it makes in the store, before and after it. Whoever goes on ends the run as
// if nothing had been, and leaves nothing behind.
func TestCrashAnywhere(t *testing.T) {
	program := []string{
		"noise:150000", "out:one", "commit", "touch:7", "err:two", "commit:chaos", "touch:70000", "touch:140000", "commit", "touch:7", "commit",
		"noise:1500000", "out:three", "commit", "noise:150000", "commit", "out:four", "exit:3",
	}
	step := 3 // of the many that are alike
	if testing.Short() {
		step = 11
	}
	b := newBench(t)
	b.o.Keep = 2
	for _, after := range []bool{false, true} {
		for at := 1; ; at += step {
			b.out, b.err = lockedBuffer{}, lockedBuffer{}
			r := b.create(program...)
			c := &crashing{Store: b.s, after: after}
			c.left.Store(int64(at))
			b.o.Store = c
			_, err := r.Execute(t.Context(), &b.o)
			if err != nil && !errors.Is(err, errCrash) {
				t.Fatalf("at %d: %v", at, err)
			}
			b.o.Store = b.s
			r = b.reopen(r)
			if res := b.execute(r); res.Exit != 3 {
				t.Errorf("at %d: %+v", at, res)
			}
			b.want("init\none\nthree\nfour\n", "two\n")
			b.wantSteps(r, 6)
			if t.Failed() {
				t.Fatalf("crash at %d, after=%v", at, after)
			}
			if err == nil {
				if at < 40 {
					t.Errorf("%d changes only", at)
				}
				break
			}
		}
	}
}

// TestMemory: neither side has a copy of the snapshot, however large it is.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	if testing.Short() {
		t.Skip("takes long, and the race detector takes memory")
	}
	dir := t.TempDir()
	size := 250 << 20
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	first, second, last := filepath.Join(dir, "first"), filepath.Join(dir, "second"), filepath.Join(dir, "last")
	t.Setenv("HARK_TEST_PEAK", last)
	c := supervise(t, dir, "", out, fmt.Sprint("huge:", size), "commit", "rss:"+first, "commit:chaos", "rss:"+second, "exit:0")
	if err := c.Wait(); err != nil {
		text, _ := os.ReadFile(out.Name())
		t.Fatalf("%v\n%s", err, text)
	}
	for who, file := range map[string]string{"worker that saves": first, "worker that loads": second, "supervisor": last} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		kb, err := strconv.Atoi(string(text))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("snapshot of %d MB: the %s has had %d MB at most", size>>20, who, kb>>10)
		if kb > 150<<10 {
			t.Errorf("the %s has had %d MB for a snapshot of %d MB", who, kb>>10, size>>20)
		}
	}
}
