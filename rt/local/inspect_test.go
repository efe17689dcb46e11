package local

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/store"
)

func TestInspect(t *testing.T) {
	how := InspectOptions{Depth: 7}
	stop := func(b *bench, program ...string) *store.Run {
		r := b.create(program...)
		ctx, cancel := context.WithCancel(t.Context())
		b.o.OnCommit = func(*store.Run) { cancel() }
		if _, err := r.Execute(ctx, &b.o); !errors.Is(err, ErrStopped) {
			t.Fatal(err)
		}
		b.o.OnCommit = nil
		r.Close()
		return r.Record()
	}
	inspect := func(b *bench, id string, step int64, want string) {
		t.Helper()
		i, run, err := Inspect(t.Context(), &b.o, id, step, how)
		switch {
		case err != nil:
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		case i.Goroutines[0].Op != want || run.ID != id:
			t.Errorf("%+v of run %s, want %q", i, run.ID, want)
		}
	}

	b := newBench(t)
	rec := stop(b, "out:x", "commit:idle", "sleep:1h", "say")
	before, _ := b.s.Get(t.Context(), rec.ID)
	inspect(b, rec.ID, 0, "7 [out:x commit:idle sleep:1h say]")
	inspect(b, rec.ID, rec.Step, "7 [out:x commit:idle sleep:1h say]")
	inspect(b, rec.ID, rec.Step+1, "does not keep step")
	inspect(b, "nosuch", 0, store.ErrNotFound.Error())
	inspect(b, "../x", 0, store.ErrNotFound.Error())
	if after, _ := b.s.Get(t.Context(), rec.ID); after.Version != before.Version {
		t.Error("to inspect a run has changed it")
	}
	if b.err.String() != "" || b.out.String() != "x\n" && b.out.String() != "init\nx\n" {
		t.Errorf("what an inspected program writes was shown: %q %q", b.out.String(), b.err.String())
	}

	// Earlier steps.
	three := b.create("commit:interval", "commit:interval", "commit:idle", "sleep:1h")
	until, cancel3 := context.WithCancel(t.Context())
	defer cancel3()
	b.o.Keep, b.o.OnCommit = 3, func(r *store.Run) {
		if r.Step == 3 {
			cancel3()
		}
	}
	if _, err := three.Execute(until, &b.o); !errors.Is(err, ErrStopped) {
		t.Fatal(err)
	}
	three.Close()
	b.o.Keep, b.o.OnCommit = 0, nil
	for step := range int64(4) {
		want := step
		if step == 0 {
			want = 3
		}
		i, run, err := Inspect(t.Context(), &b.o, three.Record().ID, step, how)
		if err != nil || i.Goroutines[0].ID != want || run.Step != want || run.State != Stopped {
			t.Errorf("step %d: %+v of %+v, %v", step, i, run, err)
		}
	}

	// While it goes on.
	r := b.create("commit:interval", "sleep:1h")
	ctx, cancel := context.WithCancel(t.Context())
	committed, done := make(chan bool, 100), make(chan error)
	b.o.OnCommit = func(*store.Run) { committed <- true }
	o := b.o
	go func() {
		_, err := r.Execute(ctx, &o)
		done <- err
	}()
	<-committed
	_, run, err := Inspect(t.Context(), &b.o, r.Record().ID, 0, how)
	if err != nil || run.State != store.Running {
		t.Errorf("state %v, %v", run, err)
	}
	cancel()
	if err := <-done; !errors.Is(err, ErrStopped) {
		t.Error(err)
	}

	// Runs without a state, or with one that cannot be read.
	var none *NoStepError
	r = b.create("out:never")
	if _, _, err := Inspect(t.Context(), &b.o, r.Record().ID, 0, how); !errors.As(err, &none) {
		t.Errorf("of a run without a commit: %v", err)
	}
	r, _ = b.run("out:x")
	if _, _, err := Inspect(t.Context(), &b.o, r.Record().ID, 0, how); !errors.As(err, &none) {
		t.Errorf("of a run that is done: %v", err)
	}
	rec = stop(b, "commit:idle", "sleep:1h", "exit:9")
	inspect(b, rec.ID, 0, "the program could not load its state (exit status 1): harkgen: cannot load the snapshot: so it is")

	rec = stop(b, "pad:100000", "commit:idle", "sleep:1h")
	names, _, err := b.s.Blobs(t.Context(), rec.ID, "", 100)
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if err := b.s.DeleteBlob(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := Inspect(t.Context(), &b.o, rec.ID, 0, how); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("without its snapshot: %v", err)
	}

	// A program that does not answer.
	rec = stop(b, "commit:idle", "sleep:1h", "exit:8")
	ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, _, err := Inspect(ctx, &b.o, rec.ID, 0, how); err == nil {
		t.Error("an answer from a program that sleeps")
	}
	o.Worker = "/no/such/file"
	if _, _, err := Inspect(t.Context(), &o, rec.ID, 0, how); err == nil || !strings.Contains(err.Error(), "/no/such/file") {
		t.Errorf("without the program: %v", err)
	}
}
