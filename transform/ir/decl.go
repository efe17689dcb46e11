package ir

import (
	"go/token"
	"go/types"
)

// A Package is the compiled part of one user package.
type Package struct {
	Types     *types.Package
	Funcs     []*Func
	Envs      []*Env
	Thunks    []*Thunk
	Wrappers  []*Wrapper
	Instances []*Instance
	Hoisted   []*types.TypeName // local types of lowered functions, declared at package level
	Globals   []*Global         // package variables
	Handles   []types.Type      // T of the unique.Handle[T] to register
	Inited    string            // variable that says whether the package was initialised; "" when that is not part of the program
}

// A Global is a package variable.
type Global struct {
	Var     *types.Var
	Rebuilt bool   // each process makes it by its initialiser; else it is saved
	Pos     string // file:line:col
	Why     string // it is saved, with file:line:col; "" if there is nothing to show
}

// A Field of a generated struct.
type Field struct {
	Name string
	User string     // in an environment: the captured variable, which the field points to; "" if it is none of the user's
	Type types.Type // nil: pointer to the environment Env, or to rt.Defers if that is ""
	Env  string
	Pos  token.Pos // where the user declares the captured variable
}

// An Env is the environment of a closure: a struct with a method fn that has the closure's signature.
type Env struct {
	Name   string // of the struct
	Title  string // of the closure, as Go names it: "main.main.func1"
	Fields []Field
	Sig    *types.Signature
	Body   *Func // the lowered body
	Bound  *Bound
}

// A Bound is a method value x.M: the environment holds x as field r.
type Bound struct {
	Method  *types.Func
	Lowered *Expr  // the coloured lowering of a concrete method, called with g and the receiver; nil: call r.M
	Dyn     bool   // r is an interface and M may suspend
	RT      string // function of package rt that is called with the receiver instead of M
	G       bool   // it takes g first
	Word    string // function of package rt that makes the receiver what it takes
}

// A Thunk is the callee and operands of a go or defer statement: a struct with a method Run(g).
type Thunk struct {
	Name       string
	Fields     []Field
	Call       *Expr // over OpName "t_" (the thunk) and OpName "g_"
	Dyn        bool  // a call through a func value or interface that may suspend
	Direct     *Func // the callee holds a recover: its body becomes the method Deferred
	MayRecover bool  // a dynamic call whose callee may hold a recover
	Pos        token.Pos
}

// A Wrapper is the user-visible form of a coloured function: it has the user's name and signature, finds g and calls the lowered one.
type Wrapper struct {
	Name     string
	Recv     *types.Var // nil for a function
	Sig      *types.Signature
	Lowered  string
	Recovers bool   // the lowered function calls recover
	Instance string // of a generic method: the title of its instances; Lowered is then the method with the user's text
	Pragma   string // directive for the Go compiler above it
	Pos      token.Pos
}

// An Instance is a lowered instance of a generic method, to be found by the method's wrapper.
type Instance struct {
	Title   string // of the generic method
	Lowered string
}
