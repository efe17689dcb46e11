package pages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/harkgen/harkgen/rt/store"
)

// smallSizes make trees of several levels of little content.
var smallSizes = sizes{min: 64, normal: 128, max: 1024, list: 120, entries: 2, held: 2000}

const owner = "r"

// A keeper does what the supervisor of a run does with its record, which is a map from step to snapshot, in JSON. It keeps the last two steps.
type keeper struct {
	store.Store
	set   *Set
	ver   int64
	step  int64
	steps map[int64]store.Snapshot
	late  bool // deletions are left to be done
	todo  []string
}

const keeps = 2

func newKeeper(s store.Store, at sizes) (*keeper, error) {
	k := &keeper{Store: s, steps: map[int64]store.Snapshot{}}
	rec, err := s.Get(context.Background(), owner)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err == nil {
		if err := json.Unmarshal(rec.Data, &k.steps); err != nil {
			return nil, err
		}
	}
	k.ver = rec.Version
	for step := range k.steps {
		k.step = max(k.step, step)
	}
	if k.set, err = Open(context.Background(), s, owner, k.steps); err != nil {
		return nil, err
	}
	k.set.sizes = at
	return k, nil
}

// sweep deletes what nobody needs.
func (k *keeper) sweep() error {
	needed := map[string]bool{}
	k.set.Names(func(name string) { needed[name] = true })
	names, _, err := k.Blobs(context.Background(), owner, "", 1<<30)
	if err != nil {
		return err
	}
	return Delete(context.Background(), k.Store, slices.DeleteFunc(names, func(name string) bool { return needed[name] }))
}

// commit commits a snapshot as the next step.
func (k *keeper) commit(content []byte) (*Draft, error) {
	ctx := context.Background()
	d, err := k.set.Write(ctx, iotest.HalfReader(bytes.NewReader(content)))
	if err != nil {
		return nil, err
	}
	steps := map[int64]store.Snapshot{k.step + 1: d.Snapshot}
	for step, s := range k.steps {
		if step > k.step+1-keeps {
			steps[step] = s
		}
	}
	data, err := json.Marshal(steps)
	if err != nil {
		return nil, err
	}
	ver, err := k.Put(ctx, store.Record{ID: owner, Version: k.ver, Data: data}, d.Blobs...)
	if err != nil {
		return d, err
	}
	k.step++
	k.ver, k.steps = ver, steps
	garbage := k.set.Commit(k.step, d, func(step int64) bool { _, ok := steps[step]; return ok })
	if k.late {
		k.todo = append(k.todo, garbage...)
		return d, nil
	}
	return d, Delete(ctx, k.Store, garbage)
}

func (k *keeper) read(step int64) ([]byte, error) {
	r := NewReader(context.Background(), k.Store, owner, step, k.steps[step])
	defer r.Close()
	return io.ReadAll(r)
}

// wantNoGarbage checks that the store has the blobs that are needed, and no others.
func wantNoGarbage(t *testing.T, k *keeper) {
	t.Helper()
	var want []string
	k.set.Names(func(name string) { want = append(want, name) })
	slices.Sort(want)
	got, _, _ := k.Blobs(context.Background(), owner, "", 1<<30)
	if !slices.Equal(got, want) {
		t.Fatalf("%d blobs are stored, %d needed", len(got), len(want))
	}
}

// random returns n bytes that do not compress.
func random(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// mutate changes content a bit, or a lot.
func mutate(rng *rand.Rand, b []byte) []byte {
	b = slices.Clone(b)
	at := rng.IntN(len(b) + 1)
	switch rng.IntN(7) {
	case 0:
		return slices.Insert(b, at, random(rng, rng.IntN(300))...)
	case 1:
		return slices.Delete(b, at, min(at+rng.IntN(5000), len(b)))
	case 2:
		copy(b[at:], random(rng, rng.IntN(100)))
		return b
	case 3:
		return append(b, b[at:]...) // content twice
	case 4:
		return random(rng, rng.IntN(100_000))
	case 5:
		return append(b, make([]byte, rng.IntN(20_000))...)
	default:
		return b
	}
}

// TestReadsWhatWasWritten: after any sequence of commits the kept steps are what was committed, and nothing else is stored.
func TestReadsWhatWasWritten(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 1))
		at := smallSizes
		if seed%3 == 0 {
			at = normalSizes
		}
		s := newMem()
		k, err := newKeeper(s, at)
		if err != nil {
			t.Fatal(err)
		}
		want := map[int64][]byte{}
		b := random(rng, rng.IntN(200_000))
		depth := 0
		for range 25 {
			if b = mutate(rng, b); len(b) > 1<<20 {
				b = b[:1<<19]
			}
			d, err := k.commit(b)
			if err != nil {
				t.Fatal(err)
			}
			depth = max(depth, d.Snapshot.Depth)
			want[k.step] = b
			if rng.IntN(4) == 0 { // another supervisor
				if k, err = newKeeper(s, at); err != nil {
					t.Fatal(err)
				}
			}
			if len(k.steps) != min(int(k.step), keeps) {
				t.Fatalf("%d steps are kept at step %d", len(k.steps), k.step)
			}
			for step := range k.steps {
				got, err := k.read(step)
				if err != nil || !bytes.Equal(got, want[step]) {
					t.Fatalf("seed %d: step %d: %d bytes, %v; want %d", seed, step, len(got), err, len(want[step]))
				}
				var buf bytes.Buffer
				r := NewReader(t.Context(), s, owner, step, k.steps[step])
				if _, err := io.CopyN(&buf, r, int64(min(len(got), 1000))); err != nil { // Read, and then WriteTo
					t.Fatal(err)
				}
				if _, err := r.WriteTo(&buf); err != nil || !bytes.Equal(buf.Bytes(), got) {
					t.Fatalf("WriteTo: %d bytes, %v", buf.Len(), err)
				}
				r.Close()
			}
			wantNoGarbage(t, k)
		}
		if at == smallSizes && depth < 2 {
			t.Errorf("seed %d: index pages of %d levels only", seed, depth)
		}
	}
}

// TestIncremental: a step writes what it changed.
func TestIncremental(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := newMem()
	k, err := newKeeper(s, normalSizes)
	if err != nil {
		t.Fatal(err)
	}
	b := random(rng, 24<<20)
	commit := func() (written int) {
		t.Helper()
		before := s.puts
		d, err := k.commit(b)
		if err != nil {
			t.Fatal(err)
		}
		if int64(s.puts-before) != d.Written {
			t.Errorf("%d bytes were put, Written is %d", s.puts-before, d.Written)
		}
		return s.puts - before
	}
	if n := commit(); n < len(b) || n > len(b)*101/100 {
		t.Errorf("random bytes: wrote %d of %d", n, len(b))
	}
	if n := commit(); n != 0 {
		t.Errorf("no change: wrote %d", n)
	}
	b[10<<20]++
	if n := commit(); n == 0 || n > 2*maxPage {
		t.Errorf("a byte changed: wrote %d", n)
	}
	b = slices.Insert(b, 5<<20, []byte("hello")...)
	if n := commit(); n == 0 || n > 2*maxPage {
		t.Errorf("five bytes inserted: wrote %d", n)
	}
	b = append(b, make([]byte, 24<<20)...)
	if n := commit(); n > 2*maxPage {
		t.Errorf("many zeros appended: wrote %d", n)
	}
}

// TestCrash crashes at each operation of a few commits, before it and after it. Whoever goes on finds a step that was committed, and
// all that was acknowledged, and cleans up.
func TestCrash(t *testing.T) {
	history := func() [][]byte {
		rng := rand.New(rand.NewPCG(3, 4))
		h := [][]byte{random(rng, 50_000)}
		for range 5 {
			h = append(h, mutate(rng, h[len(h)-1]))
		}
		return append(h, h[1], h[0], []byte("short"), h[2]) // back to earlier states
	}()
	for _, after := range []bool{false, true} {
		crashes := 0
		for at := 1; ; at++ {
			s := newMem()
			s.crashAt, s.after = at, after
			acked := execute(t, s, history, 0)
			if !s.dead {
				break
			}
			crashes++
			s.dead, s.crashAt = false, 0
			k, err := newKeeper(s, smallSizes)
			if err != nil {
				t.Fatalf("crash at %d: %v", at, err)
			}
			if k.step < acked || k.step > acked+1 {
				t.Fatalf("crash at %d: step %d is stored, %d was acknowledged", at, k.step, acked)
			}
			for step := range k.steps {
				if got, err := k.read(step); err != nil || !bytes.Equal(got, history[step-1]) {
					t.Fatalf("crash at %d: step %d: %d bytes, %v", at, step, len(got), err)
				}
			}
			if err := k.sweep(); err != nil {
				t.Fatal(err)
			}
			wantNoGarbage(t, k)
			if done := execute(t, s, history, k.step); done != int64(len(history)) {
				t.Fatalf("crash at %d: went on to step %d", at, done)
			}
		}
		if crashes < 100 {
			t.Errorf("%d crashes only", crashes)
		}
	}
}

// execute commits the history from a step on until the store crashes, and returns the last step that was acknowledged.
func execute(t *testing.T, s *mem, history [][]byte, from int64) (acked int64) {
	t.Helper()
	k, err := newKeeper(s, smallSizes)
	if err != nil {
		t.Fatal(err)
	}
	acked = from
	for _, b := range history[from:] {
		if _, err := k.commit(b); err != nil {
			if !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
			return max(acked, k.step)
		}
		acked = k.step
	}
	return acked
}

// TestConflict: of two supervisors that do the same step one loses, and neither the loser nor a winner who is slow to delete does harm.
func TestConflict(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	one := random(rng, 60_000)
	two := slices.Concat(random(rng, 3000), one[3000:])
	three := slices.Concat(one[:50_000], random(rng, 3000))
	s := newMem()
	open := func() *keeper {
		k, err := newKeeper(s, smallSizes)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	must := func(_ *Draft, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(open().commit(one))
	winner, loser := open(), open()
	winner.late = true
	must(winner.commit(two))
	must(winner.commit(two)) // now one is garbage
	if len(winner.todo) == 0 {
		t.Fatal("nothing to delete")
	}
	if d, err := loser.commit(three); !errors.Is(err, store.ErrConflict) || len(d.stored) == 0 {
		t.Fatalf("the loser got %v, with %d blobs stored", err, len(d.stored))
	}
	heir := open()
	must(heir.commit(one)) // it is back
	must(heir.commit(three))
	if err := Delete(t.Context(), s, winner.todo); err != nil { // late
		t.Fatal(err)
	}
	heir = open()
	for step, want := range map[int64][]byte{4: one, 5: three} {
		if got, err := heir.read(step); err != nil || !bytes.Equal(got, want) {
			t.Errorf("step %d: %d bytes, %v", step, len(got), err)
		}
	}
	if err := heir.sweep(); err != nil { // what the loser stored
		t.Fatal(err)
	}
	wantNoGarbage(t, heir)
}

// TestDiscard: a draft that is not put leaves nothing.
func TestDiscard(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	s := newMem()
	k, err := newKeeper(s, smallSizes)
	if err != nil {
		t.Fatal(err)
	}
	b := random(rng, 100_000)
	if _, err := k.commit(b); err != nil {
		t.Fatal(err)
	}
	d, err := k.set.Write(t.Context(), bytes.NewReader(random(rng, 100_000)))
	if err != nil || len(d.stored) == 0 {
		t.Fatalf("%d stored, %v", len(d.stored), err)
	}
	if err := d.Discard(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantNoGarbage(t, k)

	// The source fails half way, or the caller has no more time.
	broken := errors.New("broken")
	_, err = k.set.Write(t.Context(), io.MultiReader(bytes.NewReader(random(rng, 100_000)), iotest.ErrReader(broken)))
	if err != broken {
		t.Errorf("broken source: %v", err)
	}
	wantNoGarbage(t, k)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = k.set.Write(ctx, io.MultiReader(bytes.NewReader(random(rng, 100_000)), readerFunc(func([]byte) (int, error) {
		cancel()
		return 1, nil
	})))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	wantNoGarbage(t, k)
	if got, err := k.read(1); err != nil || !bytes.Equal(got, b) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestDamage: a blob that is missing, cut or changed is refused, with the run and the step; nothing is deleted.
func TestDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	s := newMem()
	k, err := newKeeper(s, smallSizes)
	if err != nil {
		t.Fatal(err)
	}
	b := random(rng, 30_000)
	for range 3 {
		if _, err := k.commit(b); err != nil {
			t.Fatal(err)
		}
		b = b[1000:]
	}
	last := map[string]bool{} // of the last step
	for _, p := range k.set.steps[3] {
		last[p.name(owner)] = true
	}
	index := 0
	for name := range last {
		whole := s.blobs[name]
		for what, damaged := range map[string][]byte{
			"missing": nil,
			"empty":   {},
			"cut":     whole[:len(whole)-1],
			"flipped": flip(whole, rng.IntN(8*len(whole))),
			"other":   []byte("something else"),
		} {
			if s.blobs[name] = damaged; damaged == nil {
				delete(s.blobs, name)
			}
			n := len(s.blobs)
			_, err := k.read(3)
			if !errors.Is(err, store.ErrDamaged) || !strings.HasPrefix(err.Error(), "run r is damaged: its step 3 cannot be read: ") ||
				strings.Count(err.Error(), "nothing was deleted") != 1 {
				t.Errorf("%s: %v", what, err)
			}
			if _, err := newKeeper(s, smallSizes); err != nil { // an index page
				index++
				if !errors.Is(err, store.ErrDamaged) {
					t.Errorf("%s: Open: %v", what, err)
				}
			}
			if len(s.blobs) != n {
				t.Errorf("%s: something was deleted", what)
			}
			s.blobs[name] = whole
		}
	}
	if index == 0 {
		t.Error("no index page was damaged")
	}
	if _, err := k.read(3); err != nil {
		t.Error(err)
	}
}

func flip(b []byte, bit int) []byte {
	b = slices.Clone(b)
	b[bit/8] ^= 1 << (bit % 8)
	return b
}

// TestWrongBlob: a blob whose name is right, but not its content, is refused by the hash of the content.
func TestWrongBlob(t *testing.T) {
	content := bytes.Repeat([]byte("content "), 100)
	e := entry{size: len(content), sum: hashOf(content)}
	for what, b := range map[string][]byte{
		"other content": encodePage(owner, salt{}, bytes.Repeat([]byte("cOntent "), 100)).Data,
		"longer":        encodePage(owner, salt{}, bytes.Repeat([]byte("content "), 101)).Data,
		"bomb":          encodePage(owner, salt{}, make([]byte, 100<<20)).Data,
		"version":       append([]byte{99}, encodePage(owner, salt{}, content).Data[1:]...),
	} {
		if _, err := decodePage(&e, b); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if got, err := decodePage(&e, encodePage(owner, salt{1}, content).Data); err != nil || !bytes.Equal(got, content) {
		t.Error(err)
	}
}

func FuzzPage(f *testing.F) {
	b := encodePage(owner, salt{}, []byte("hello hello hello hello"))
	f.Add(b.Data, 23)
	f.Add([]byte{formatVersion}, 1)
	f.Fuzz(func(t *testing.T, blob []byte, size int) {
		if size <= 0 || size > maxPage {
			return
		}
		e := entry{size: size}
		if b, err := decodePage(&e, blob); err == nil {
			t.Errorf("accepted %d bytes with a wrong hash", len(b))
		}
	})
}

func FuzzList(f *testing.F) {
	var b []byte
	for i := range 3 {
		b = appendEntry(b, entry{size: i*1000 + 1, sum: hash{byte(i)}, blob: hash{9, byte(i)}})
	}
	f.Add(b, 1)
	f.Fuzz(func(t *testing.T, b []byte, depth int) {
		list, err := decodeList(b)
		if err != nil {
			if err != errList {
				t.Error(err)
			}
			return
		}
		var again []byte
		for _, e := range list {
			again = appendEntry(again, e)
		}
		if l2, err := decodeList(again); err != nil || !slices.Equal(list, l2) {
			t.Errorf("not the same when written again: %v", err)
		}
		k := &keeper{Store: newMem(), steps: map[int64]store.Snapshot{1: {Pages: b, Depth: depth, Size: 5}}}
		if got, err := k.read(1); err == nil || !errors.Is(err, store.ErrDamaged) {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	content := make([]byte, 64<<20) // numbers and references, as a heap has
	for i := 0; i < len(content); i += 8 {
		content[i], content[i+1], content[i+2] = byte(i>>6), byte(i>>14), byte(rng.IntN(4))
	}
	for _, change := range []int{0, 1, 100, -1} {
		b.Run(fmt.Sprint("changed=", change), func(b *testing.B) {
			k, err := newKeeper(newMem(), normalSizes)
			if err != nil {
				b.Fatal(err)
			}
			k.commit(content)
			b.SetBytes(int64(len(content)))
			var written int64
			for b.Loop() {
				if change < 0 {
					k, _ = newKeeper(newMem(), normalSizes)
				}
				for range change {
					content[rng.IntN(len(content))]++
				}
				d, err := k.commit(content)
				if err != nil {
					b.Fatal(err)
				}
				written += d.Written
			}
			b.ReportMetric(float64(written)/float64(b.N), "written/op")
		})
	}
}
