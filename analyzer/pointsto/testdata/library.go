// Code that is not compiled: what it returns, may hold, and calls back with.
package main

import (
	"container/list"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
)

type record struct{ key *string }

// String is called back by package fmt, with what fmt was given.
func (r *record) String() string {
	print(r) // want "(*container/list.List).PushBack() complit:25 complit:26 encoding/json.Unmarshal() sort.Slice()"
	return *r.key
}

func main() {
	k := new(string)
	r := &record{k}
	other := &record{k}
	fmt.Println(r)
	fmt.Println(other.String())

	print(strings.Split("a b", " ")) // want "strings.Split():30"

	l := list.New()
	l.PushBack(r)
	print(l)                         // want "(*container/list.List).PushBack() container/list.New():32"
	print(l.Front().Value.(*record)) // want "(*container/list.List).PushBack() complit:25"

	records := []*record{r}
	sort.Slice(records, func(i, j int) bool { return i < j })
	sorted := slices.Clone(records)
	print(sorted[0]) // want "(*container/list.List).PushBack() complit:25 container/list.New():32 new:24 slicelit:37 sort.Slice()"

	err := fmt.Errorf("%w", errors.New("inner"))
	print(errors.Unwrap(err)) // want "errors.New():42 errors.Unwrap():43 fmt.Errorf():42 varargs:42"
	print(os.Stdout)          // want "os.Stdout"

	var conf any
	if json.Unmarshal([]byte("{}"), &conf) == nil {
		print(conf.(map[string]any)) // want "encoding/json.Unmarshal()"
	}
}

type (
	first  struct{ n int }
	second first
	source <-chan int
)

type setter interface{ set() }

// set is called with a pointer that was converted.
func (s *second) set() {
	print(s) // want "complit:69"
}

func (s source) set() {
	print(s) // want "makechan:69"
}

var setters = []setter{(*second)(&first{}), source(make(chan int))}

func init() {
	for _, s := range setters {
		s.set()
	}
}
