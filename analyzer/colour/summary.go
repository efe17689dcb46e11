package colour

import (
	"bytes"
	"compress/flate"
	"encoding/gob"
	"sync"
)

// This file defines what the pass over a package leaves for those that import it.
//
// Texts that mention the type parameters of the function that they are in have placeholders for them (see keys.go), so that a summary of a
// generic function serves for all its instances.

// A Summary is the fact about a package: what its functions do that has to do with suspending.
type Summary struct {
	Path, Module string
	Std          bool
	Left         bool   // of another module, and never compiled
	Data         []byte // contents, packed: most passes only hand it on

	once sync.Once
	got  contents
}

// contents are the functions of a package.
type contents struct {
	Funcs   []Function // of other modules and the standard library only those that may be compiled along
	Types   []Type     // those that become interfaces, sorted
	Callers []Caller   // functions that are not compiled, and call back; sorted
}

// A Type is the methods of a type, sorted.
type Type struct {
	Key     string
	Methods []Method
}

// A Method is one of them.
type Method struct {
	ID   string
	Func Ref
}

// AFact makes Summary a fact.
func (*Summary) AFact() {}

func (s *Summary) String() string { return "summary" }

// pack returns the summary with its contents packed.
func (s *Summary) pack(c contents) (*Summary, error) {
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestSpeed)
	if err == nil {
		err = gob.NewEncoder(z).Encode(c)
	}
	if err == nil {
		err = z.Close()
	}
	return &Summary{Path: s.Path, Module: s.Module, Std: s.Std, Left: s.Left, Data: b.Bytes()}, err
}

// unpack returns the contents of a summary that another pass has packed.
func (s *Summary) unpack() *contents {
	s.once.Do(func() {
		if len(s.Data) == 0 {
			return
		}
		if err := gob.NewDecoder(flate.NewReader(bytes.NewReader(s.Data))).Decode(&s.got); err != nil {
			panic("summary of " + s.Path + ": " + err.Error()) // a driver has mixed facts of different versions
		}
	})
	return &s.got
}

// A Function is the summary of a function, a literal, or a wrapper that go/ssa has made.
type Function struct {
	Name    string
	Pos     string
	Sig     string
	Arity   int // type parameters, of the function that it is nested in
	Wrapper bool
	Always  bool // mentions a function that is always compiled along

	Ops      []Op
	Calls    []Call
	Closures []Closure

	// How values flow: see flow.go.
	Nodes    []Node
	Edges    [][2]int32 // of Nodes
	Params   []int32    // nodes
	FreeVars []int32
	Results  []int32
}

// An Op is a suspending operation.
type Op struct {
	Pos, What string
	At        int32 // number of the instruction in the function
}

// A Ref names a function, with its type arguments.
type Ref struct {
	Name string
	Args []string
}

// none stands for the node of a value that does not matter.
const none = -1

// A Call is a call, go or defer.
type Call struct {
	Pos     string
	At      int32
	Go      bool
	Static  *Ref   // nil: the value in node Value is called,
	Method  string // or its method of this id
	Value   int32
	Sig     string // of a value
	Args    []int32
	Results []int32
}

// A Closure is where a literal gets its variables.
type Closure struct {
	Func     Ref
	Bindings []int32
}

// The kinds of nodes.
const (
	local  = iota // of one instance of the function
	shared        // Text names it for the whole program
	holds         // as local, and function Func is in it
	typed         // as local, and a value of type Text is in it
)

// A Node is a place where values are.
type Node struct {
	Kind    int8
	Pointer bool // values are pointers
	Text    string
	Func    Ref
}
