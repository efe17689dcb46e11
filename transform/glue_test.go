package transform_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/harkgen/harkgen/transform"
)

// TestServerRefused: what a server cannot have is named, with its place.
func TestServerRefused(t *testing.T) {
	t.Parallel()
	dir := extract(t, text(`
-- go.mod --
module example.com/refused

go 1.26
-- main.go --
package main

import (
	"net/http"
	"time"
)

func main() {
	srv := &http.Server{Handler: http.TimeoutHandler(http.NotFoundHandler(), time.Second, "late")}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Hijack()
		w.(http.Hijacker).Hijack()
	})
	srv.ListenAndServe()
}
-- value/main.go --
package main

import "net/http"

func run(f func() error) { f() }

func main() {
	srv := &http.Server{}
	run(srv.ListenAndServe)
}
`))
	for _, test := range []struct {
		pattern string
		want    []string
	}{
		{".", []string{"main.go:9:36: net/http.TimeoutHandler", "main.go:11:33: (*net/http.ResponseController).Hijack", "main.go:12:21: (net/http.Hijacker).Hijack"}},
		{"./value", []string{"main.go:9:10: this value of method (*net/http.Server).ListenAndServe"}},
		{"value/main.go", []string{"this program needs packages of harkgen's own"}},
	} {
		_, err := transform.Compile(t.Context(), &transform.Options{Dir: dir, Patterns: []string{test.pattern}, Out: filepath.Join(dir, "out")})
		var errs transform.Errors
		if !errors.As(err, &errs) || len(errs) != len(test.want) {
			t.Errorf("%s: error %v", test.pattern, err)
			continue
		}
		for i, want := range test.want {
			if !strings.Contains(errs[i].Error(), want) {
				t.Errorf("%s: %q, want %q", test.pattern, errs[i], want)
			}
		}
	}
}

// TestServerPlacement: what waits for events stays where they come.
func TestServerPlacement(t *testing.T) {
	t.Parallel()
	dir := extract(t, text(`
-- go.mod --
module example.com/place

go 1.26
-- main.go --
package main

import (
	"net/http"
	"time"
)

func main() {
	go http.ListenAndServe(":80", http.NotFoundHandler())
	go func() { time.Sleep(time.Second) }()
	select {}
}
`))
	res := compile(t, &transform.Options{Dir: dir, Out: filepath.Join(dir, "out"), Placement: transform.PlacementAuto})
	var got, why []string
	for _, n := range res.Notes {
		if n.Kind == transform.NoteGo {
			got = append(got, n.Decision)
			why = append(why, n.Why)
		}
	}
	if want := []string{"local", "remote"}; !slices.Equal(got, want) || !strings.Contains(why[0], "events come to the process of main") {
		t.Errorf("placed %q, want %q: %q", got, want, why)
	}
}

// TestServerGlue: a server gets packages of its own module, and calls them; a program without one gets nothing.
func TestServerGlue(t *testing.T) {
	t.Parallel()
	dir := extract(t, text(`
-- go.mod --
module example.com/glue

go 1.26
-- server/main.go --
package main // is a server

import "net/http"

func main() {
	f := http.HandleFunc
	f("/", func(w http.ResponseWriter, r *http.Request) { http.DefaultServeMux.Handler(r) })
	http.ListenAndServe(":80", nil)
}
-- client/main.go --
package main

import (
	"net/http"
	"time"
)

func main() {
	time.Sleep(time.Second)
	http.Get("http://example.com")
}
`))
	res := compile(t, &transform.Options{Dir: dir, Patterns: []string{"./server"}, Out: filepath.Join(dir, "out"), Check: true})
	main := output(t, res, "cmd/server/main_hark.go")
	for _, want := range []string{`f = hark_http.HandleFunc`, "hark_http.Hark_ListenAndServe(g,"} {
		if !strings.Contains(main, want) {
			t.Errorf("no %q in\n%s", want, main)
		}
	}
	if !strings.Contains(output(t, res, "hark_http/serve_hark.go"), `"example.com/glue/hark_event"`) {
		t.Error("hark_http does not import hark_event")
	}
	for _, f := range res.Inputs {
		if strings.Contains(f, "hark_") {
			t.Errorf("%s is taken for the user's", f)
		}
	}
	res = compile(t, &transform.Options{Dir: dir, Patterns: []string{"./client"}, Out: filepath.Join(dir, "out")})
	if got := paths(res, "hark_"); len(got) > 0 {
		t.Errorf("a client has %q", got)
	}
}
