// Methods of the program that libraries find by reflection.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/template"
	"time"
)

func main() {
	decoded()
	encoded()
	printed()
	templated()
	simple()
}

var count int

type counted struct{ n int }

func (c *counted) UnmarshalJSON([]byte) error { count++; return nil }

func decoded() {
	go func() { // local: .*counted.*
		var x struct{ List []counted }
		fmt.Println(json.Unmarshal([]byte("{}"), &x))
	}()
	fmt.Println(count)
}

type shown struct{ n *int }

func (s shown) MarshalJSON() ([]byte, error) { *s.n++; return nil, nil }

func encoded() {
	s := shown{new(int)}
	go func() { fmt.Println(json.Marshal(map[string]any{"s": s})) }() // local: .*(shown|counted).*
	fmt.Println(*s.n)
}

type named struct{}

func (named) String() string { count++; return "" }

func printed() {
	go func() { fmt.Println(struct{ Names []named }{}) }() // local: .*named.*
	fmt.Println(count)
}

type page struct{ Items []numbered }

type numbered struct{}

func (numbered) Number() int { count++; return count }

var list = template.Must(template.New("list").Parse("{{range .Items}}{{.Number}}{{end}}"))

func templated() {
	go func() { list.Execute(io.Discard, page{}) }() // local: .*Number.*
	fmt.Println(count)
}

const layout = "2006"

type year struct{ t time.Time }

func (y *year) UnmarshalText(text []byte) (err error) {
	y.t, err = time.Parse(layout, string(text))
	return err
}

func (y year) String() string { return y.t.Format(layout) }

func simple() {
	out := make(chan string)
	for range 2 {
		go func() { // remote
			var x struct{ Years []year }
			err := json.Unmarshal([]byte("{}"), &x)
			out <- fmt.Sprint(x, err)
		}()
	}
	fmt.Println(<-out, <-out)
}
