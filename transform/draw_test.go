package transform_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/harkgen/harkgen/transform"
	"github.com/harkgen/harkgen/transform/graph"
)

// TestGraph compares the graph of testdata/graph.txtar with its golden text, and its picture with docs/graph.svg.
func TestGraph(t *testing.T) {
	t.Parallel()
	ar := archive(t, "graph")
	res := compile(t, &transform.Options{Dir: extract(t, ar), Lambda: true, Graph: true})
	var mermaid, svg bytes.Buffer
	if err := errors.Join(res.Graph.Mermaid(&mermaid), res.Graph.SVG(&svg)); err != nil {
		t.Fatal(err)
	}
	picture := filepath.Join("..", "docs", "graph.svg")
	golden := &ar.Files[len(ar.Files)-1]
	if *update {
		golden.Data = mermaid.Bytes()
		write(t, filepath.Join("testdata", "graph.txtar"), txtar.Format(ar))
		write(t, picture, svg.Bytes())
		return
	}
	if got := mermaid.String(); got != string(golden.Data) {
		t.Errorf("the graph is\n%s\nwant\n%s", got, golden.Data)
	}
	want, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(svg.Bytes(), want) {
		t.Error("docs/graph.svg is not the picture of testdata/graph.txtar")
	}
	labels(t, res.Graph, svg.String())
}

// labels fails unless the picture is well-formed and has the label of each node.
func labels(t *testing.T, g *graph.Graph, svg string) {
	t.Helper()
	texts := map[string]bool{}
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := token.(xml.CharData); ok {
			texts[string(c)] = true
		}
	}
	for _, n := range g.Nodes {
		if !texts[n.Label] || n.Detail != "" && !texts[n.Detail] {
			t.Errorf("the picture lacks %q, %q", n.Label, n.Detail)
		}
	}
}

// TestGraphServer: what serves requests is a goroutine of the server's process, and a lock that nobody shares is not drawn.
func TestGraphServer(t *testing.T) {
	t.Parallel()
	res := compile(t, &transform.Options{Dir: extract(t, text(`
-- go.mod --
module example.com/app

go 1.26
-- main.go --
package main

import (
	"net/http"
	"sync"
)

type server struct {
	mu, own sync.Mutex
	in      chan int
}

func (s *server) ServeHTTP(http.ResponseWriter, *http.Request) {
	s.mu.Lock()
	s.in <- 1
	s.mu.Unlock()
}

func main() {
	s := &server{in: make(chan int, 3)}
	go func() {
		for range s.in {
			s.own.Lock()
			s.own.Unlock()
		}
	}()
	http.ListenAndServe(":8080", s)
}
`)), Lambda: true, Graph: true})
	ids := map[string]string{}
	for _, n := range res.Graph.Nodes {
		ids[n.Label] = n.ID
	}
	for _, want := range [][3]string{
		{"HTTP requests", "main.main", ""},
		{"main.main", "each request", "starts"},
		{"main.main", "main.main.func1", "starts"},
		{"each request", "in", "sends"},
		{"in", "main.main.func1", "receives"},
		{"each request", "server.mu", "locks"},
	} {
		if !hasEdge(res.Graph, graph.Edge{From: ids[want[0]], To: ids[want[1]], Label: want[2]}) {
			t.Errorf("there is no edge %q in %+v", want, res.Graph)
		}
	}
	if ids["server.own"] != "" {
		t.Error("the lock of one goroutine is drawn")
	}
}

func hasEdge(g *graph.Graph, want graph.Edge) bool {
	for _, e := range g.Edges {
		if e == want && e.From != "" && e.To != "" {
			return true
		}
	}
	return false
}
