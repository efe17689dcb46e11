package main

import (
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/harkgen/harkgen/rt/local"
)

// TestInspectDoc: what docs/inspect.md shows is what the script test checks.
func TestInspectDoc(t *testing.T) {
	doc, err := os.ReadFile("../../docs/inspect.md")
	if err != nil {
		t.Fatal(err)
	}
	ar, err := txtar.ParseFile("testdata/script/inspect.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range ar.Files {
		if (f.Name == "main.go" || f.Name == "want") && !strings.Contains(string(doc), string(f.Data)) {
			t.Errorf("docs/inspect.md does not show %s of inspect.txtar", f.Name)
		}
	}
}

func TestValueText(t *testing.T) {
	num := func(n string) *local.Value { return &local.Value{Kind: "int", Text: n} }
	list := func(vs ...*local.Value) (ps []local.Part) {
		for _, v := range vs {
			ps = append(ps, local.Part{Value: v})
		}
		return ps
	}
	node := func(id int, parts ...local.Part) *local.Value {
		return &local.Value{Kind: "ptr", Type: "*main.Node", ID: id, Elem: &local.Value{Kind: "struct", Type: "main.Node", Parts: parts}}
	}
	strs := &local.Value{Kind: "slice", Type: "[]string", Len: 1, Cap: 1, Parts: list(&local.Value{Kind: "string", Text: `"tea"`})}
	for _, test := range []struct {
		v    *local.Value
		want string
	}{
		{num("3"), `3`},
		{&local.Value{Kind: "int", Type: "main.Color", Text: "3"}, `main.Color(3)`},
		{&local.Value{Kind: "int64", Type: "time.Duration", Text: "1h0m0s"}, `1h0m0s`},
		{&local.Value{Kind: "string", Text: `"abc"`, Len: 9, Omitted: 6}, `"abc"... 9 bytes`},
		{&local.Value{Kind: "string", Type: "main.Name", Text: `"abc"`}, `main.Name("abc")`},
		{&local.Value{Kind: "slice", Type: "[]int", Len: 3, Cap: 4, Parts: list(num("1"), num("2"), num("3"))}, `[]int len=3 cap=4 {1, 2, 3}`},
		{&local.Value{Kind: "slice", Type: "[]int", Len: 3, Cap: 3, Parts: list(num("1")), Omitted: 2}, `[]int len=3 cap=3 {1, ... 2 more}`},
		{&local.Value{Kind: "slice", Type: "[]int", ID: 4, Cut: "depth", Len: 2, Cap: 2}, `[]int #4{...}`},
		{&local.Value{Kind: "slice", Type: "[]int"}, `[]int{}`},
		{&local.Value{Kind: "slice", Type: "[]int", Text: "nil"}, `nil`},
		{&local.Value{Kind: "slice", Type: "[]uint8", Text: `"hi"`, Len: 2, Cap: 8}, `[]byte("hi")`},
		{&local.Value{Kind: "array", Type: "[2]main.Color", Parts: list(&local.Value{Kind: "int", Type: "main.Color", Text: "1"})}, `[2]main.Color{1}`},
		{&local.Value{Kind: "map", Type: "map[string]int", Len: 1, Parts: []local.Part{{Key: &local.Value{Kind: "string", Text: `"a"`}, Value: num("1")}}}, `map[string]int{"a": 1}`},
		{&local.Value{Kind: "map", Type: "map[main.Color]struct {}", Len: 1, Parts: []local.Part{{Key: &local.Value{Kind: "int", Type: "main.Color", Text: "1"}, Value: &local.Value{Kind: "struct", Type: "struct {}"}}}}, `map[main.Color]struct{}{1: {}}`},
		{node(0, local.Part{Name: "Val", Value: num("1")}), `&main.Node{Val: 1}`},
		{node(3, local.Part{Name: "next", Value: &local.Value{Kind: "ptr", Type: "*main.Node", ID: 3, Cut: "seen"}}), `&main.Node #3{next: &main.Node #3}`},
		{&local.Value{Kind: "ptr", Type: "*main.Node", ID: 3, Cut: "depth"}, `&main.Node #3{...}`},
		{&local.Value{Kind: "ptr", Type: "*int", Elem: num("1")}, `&int(1)`},
		{&local.Value{Kind: "ptr", Type: "*main.Node", Text: "nil"}, `nil`},
		{&local.Value{Kind: "ptr", Type: "*sync.Mutex", ID: 2, Elem: &local.Value{Kind: "lock", Type: "sync.Mutex", ID: 2, Text: "locked"}}, `&sync.Mutex #2 (locked)`},
		{&local.Value{Kind: "interface", Type: "interface {}", Elem: &local.Value{Kind: "int8", Text: "4"}}, `int8(4)`},
		{&local.Value{Kind: "interface", Type: "interface {}", Elem: strs}, `[]string{"tea"}`},
		{&local.Value{Kind: "interface", Type: "error", Text: "nil"}, `nil`},
		{&local.Value{Kind: "chan", Type: "<-chan struct {}", ID: 7}, `<-chan struct{} #7`},
		{&local.Value{Kind: "func", Type: "func()", Text: "main.main.func1", Parts: []local.Part{{Name: "n", ID: 5, Value: num("3")}}}, `func main.main.func1{n #5: 3}`},
		{&local.Value{Kind: "func", Type: "func()", Text: "fmt.Sprint"}, `func fmt.Sprint`},
		{&local.Value{Kind: "atomic", Type: "atomic.Int64", Elem: &local.Value{Kind: "int64", Text: "7"}}, `atomic.Int64(7)`},
		{&local.Value{Kind: "int", Cut: "size"}, `...`},
	} {
		if got := valueText(test.v, "", 0); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
	long := &local.Value{Kind: "slice", Type: "[]main.T", Len: 2, Cap: 2}
	for range 2 {
		long.Parts = append(long.Parts, local.Part{Value: &local.Value{Kind: "struct", Type: "main.T", Parts: []local.Part{{Name: "text", Value: &local.Value{Kind: "string", Text: `"` + strings.Repeat("x", 60) + `"`}}}}})
	}
	line := "\t\t{text: \"" + strings.Repeat("x", 60) + "\"},\n"
	if got, want := valueText(long, "", 1), "[]main.T{\n"+line+line+"\t}"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
