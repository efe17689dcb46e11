package transform_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/harkgen/harkgen/transform"
)

// pool is a program whose only go statement is that of a dependency, which closes a channel as well.
const pool = `
-- go.mod --
module example.com/app

go 1.26

require example.com/pool v0.0.0

replace example.com/pool => ./pool
-- main.go --
package main

import (
	"context"
	"fmt"
	"sync"

	"example.com/pool"
)

var once sync.Once

func work(ctx context.Context, in <-chan int, out chan<- string) {
	for {
		select {
		case v, ok := <-in:
			if !ok {
				return
			}
			out <- fmt.Sprint(v)
		case <-ctx.Done():
			return
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	in, out := make(chan int), make(chan string)
	pool.Run(func() { work(ctx, in, out) })
	in <- 1
	fmt.Println(<-out, pool.Waiting(in))
	once.Do(func() { pool.Stop(in) })
	defer pool.Stop(out)
	cancel()
}
-- pool/go.mod --
module example.com/pool

go 1.26
-- pool/pool.go --
package pool

// Run runs f.
func Run(f func()) { go f() }

// Stop has no other operation.
func Stop[T any](c chan T) { close(c) }

// Waiting has none, either.
func Waiting(c chan int) int { return len(c) }
`

// remoteCalls lists the functions of rt that are about several processes and that files of the output below prefix call.
func remoteCalls(res *transform.Result, prefix string) []string {
	var out []string
	for _, f := range res.Files {
		if !strings.HasPrefix(f.Path, prefix) || strings.HasPrefix(f.Path, "vendor/harkgen.local/rt/") {
			continue
		}
		for _, name := range []string{"rt.GoRemote(", "rt.WaitGroupGoRemote(", "rt.Close(", "rt.Len(", ".Choose(", "rt.Chosen[", "rt.EndContextG(", "rt.RegisterDistributed("} {
			if strings.Contains(string(f.Data), name) {
				out = append(out, strings.Trim(name, "([."))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestDistributed: that a dependency starts goroutines remotely makes the program a distributed one, in all that is compiled but the library;
// the Go compiler takes it.
func TestDistributed(t *testing.T) {
	t.Parallel()
	dir := extract(t, text(pool))
	opt := transform.Options{Dir: dir, Placement: transform.PlacementRemote}
	res := compile(t, &opt)
	if !res.Distributed {
		t.Error("not distributed")
	}
	want := []string{"Choose", "rt.Chosen", "rt.Close", "rt.EndContextG", "rt.GoRemote", "rt.Len", "rt.RegisterDistributed"} // the instance of Stop is in one of both
	if got := remoteCalls(res, ""); !slices.Equal(got, want) {
		t.Errorf("calls of %v, want %v", got, want)
	}
	if got := remoteCalls(res, "vendor/example.com/pool/"); !slices.Contains(got, "rt.Len") || !slices.Contains(got, "rt.GoRemote") {
		t.Errorf("the dependency calls %v", got)
	}
	if got := remoteCalls(res, "vendor/harkgen.local/std/"); slices.Contains(got, "rt.Close") || slices.Contains(got, "rt.GoRemote") {
		t.Errorf("package context calls %v", got)
	}
	equal(t, res, compile(t, &opt))
	if testing.Short() {
		return
	}
	out := t.TempDir()
	save(t, res, out)
	goTool(t, out, "list", "-export", "-trimpath", "./...")
}

// TestLocal: a program without remote go statements is compiled as if there was no placement.
func TestLocal(t *testing.T) {
	t.Parallel()
	dir := extract(t, text(pool))
	plain := compile(t, &transform.Options{Dir: dir})
	equal(t, plain, compile(t, &transform.Options{Dir: dir, Placement: transform.PlacementLocal}))
	if got := remoteCalls(plain, ""); plain.Distributed || len(got) > 0 {
		t.Errorf("distributed %v, calls %v", plain.Distributed, got)
	}
	dir = extract(t, text(strings.ReplaceAll(pool, "{ go f() }", "{ //hark:go local\n\tgo f() }")))
	said := compile(t, &transform.Options{Dir: dir, Placement: transform.PlacementRemote})
	if got := remoteCalls(said, ""); said.Distributed || len(got) > 0 {
		t.Errorf("with a comment: distributed %v, calls %v", said.Distributed, got)
	}
}

// TestPlacementNotes: each go statement of the main module is explained.
func TestPlacementNotes(t *testing.T) {
	t.Parallel()
	dir := extract(t, text(`
-- go.mod --
module example.com/notes

go 1.26
-- main.go --
package main

import "sync"

func f() {}

func main() {
	go f()
	go f() //hark:go remote
	var wg sync.WaitGroup
	//hark:go remote
	wg.Go(f)
}
`))
	res := compile(t, &transform.Options{Dir: dir})
	var got []string
	for _, n := range res.Notes {
		if n.Kind == transform.NoteGo {
			text := n.Decision + " " + n.Name + "; " + n.Why
			for _, l := range n.Chain {
				text += "; " + l.What + " at " + l.Pos
			}
			got = append(got, text)
		}
	}
	want := []string{
		"local go statement; so do all of this program without a comment //hark:go",
		"remote go statement; a comment says so (main.go:9:9); a comment says so at main.go:9:9",
		"remote call of sync.WaitGroup.Go; a comment says so (main.go:11:2); a comment says so at main.go:11:2",
	}
	if !slices.Equal(got, want) || !res.Distributed {
		t.Errorf("distributed %v, notes\n%s", res.Distributed, strings.Join(got, "\n"))
	}
}

// TestAuto: the goroutines of a dependency are placed by what the functions do that it is given; those of a function that nothing calls are not.
func TestAuto(t *testing.T) {
	t.Parallel()
	sync, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sync").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := extract(t, text(strings.ReplaceAll(`
-- go.mod --
module example.com/group

go 1.26.0

require golang.org/x/sync v0.0.0

replace golang.org/x/sync => SYNC
-- main.go --
package main

import (
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
)

func main() {
	results := make([]int, 5)
	var g errgroup.Group
	g.SetLimit(2)
	for i := range results {
		g.Go(func() error {
			if i == 3 {
				return errors.New("three")
			}
			results[i] = i
			return nil
		})
	}
	fmt.Println(g.Wait(), results)
}
`, "SYNC", strings.TrimSpace(string(sync)))))
	placed := func() (out []string) {
		for _, n := range compile(t, &transform.Options{Dir: dir, Placement: transform.PlacementAuto}).Notes {
			if n.Kind == transform.NoteGo {
				out = append(out, n.Decision+"; "+n.Why)
			}
		}
		return out
	}
	proved := "remote; it shares no memory with others without order"
	if got, want := placed(), []string{proved, "local; nothing executes it"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	replaceIn(t, dir, "main.go", "return nil\n", "results[0]++\n return nil\n")
	if got := placed(); len(got) != 2 || !strings.HasPrefix(got[0], "local; a slice (main.go:11:17) is assigned in it (main.go:19:11), and is assigned by another goroutine of the same statement (main.go:20:") {
		t.Errorf("with a race: got %q", got)
	}
}

// replaceIn changes a file.
func replaceIn(t *testing.T, dir, name, old, text string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(string(data), old, text)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestApart: what a dependency does that a remote goroutine cannot is refused there; the dependency is not left as it is because of that.
func TestApart(t *testing.T) {
	t.Parallel()
	dir := extract(t, text(strings.NewReplacer("{ go f() }", "{ go func() { l.SetPrefix(l.Prefix()); f() }() }\n\nvar l = log.Default()", "package pool", "package pool\n\nimport \"log\"").Replace(pool)))
	_, err := transform.Compile(t.Context(), &transform.Options{Dir: dir, Placement: transform.PlacementRemote})
	var list transform.Errors
	if !errors.As(err, &list) || len(list) != 1 || !strings.Contains(err.Error(), "pool.go:6:34: variable l is used by a goroutine that runs in a process of its own") {
		t.Errorf("error %v", err)
	}
	if _, err := transform.Compile(t.Context(), &transform.Options{Dir: dir, Placement: "away"}); !errors.Is(err, transform.ErrPlacement) {
		t.Errorf("placement away: error %v", err)
	}
}

// TestRemoteBesideGlue: what glue shares, as far as the proof knows, is no reason for a warning.
func TestRemoteBesideGlue(t *testing.T) {
	t.Parallel()
	dir := extract(t, text(`
-- go.mod --
module example.com/beside

go 1.26
-- main.go --
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
)

func main() {
	results := make([]int, 4)
	done := make(chan bool)
	for i := range results {
		//hark:go remote
		go func() { results[i] = i * i; done <- true }()
	}
	for range results {
		<-done
	}
	fmt.Println(results)
}

//hark:entry http GET /hello/{name}
func Hello(w http.ResponseWriter, r *http.Request) {
	json.NewEncoder(w).Encode(map[string]string{"hello": r.PathValue("name")})
}
`))
	res := compile(t, &transform.Options{Dir: dir, Lambda: true})
	for _, n := range res.Notes {
		if n.Kind == transform.NoteWarning {
			t.Error(n.Pos, n.What, n.Why)
		}
	}
	if !res.Distributed {
		t.Error("not distributed")
	}
}
