// Package ir is the form between go/ssa and Go text: functions as labelled blocks of Go-like statements over variables.
//
// It is what is left of a function once SSA has fixed the order of evaluation: expressions are trees again, where folding them back
// is safe, and every variable is declared at the top of the function. Suspension points are explicit.
//
// Invariants (checked by Verify; 3 from the pass that fills the frames on):
//  1. A block ends in exactly one terminator (Goto, If, Return, Panic), and only there.
//  2. Every variable that is used is a parameter, the environment or in Vars; names are unique within the function.
//  3. A point's Live variables are exactly those that must be in its frame.
//  4. An expression is evaluated once: no node is shared by two statements, except variables and constants.
//  5. A point is resumed at one place, though loops may be there twice; see reenter.go.
package ir

import (
	"go/constant"
	"go/token"
	"go/types"
)

// A Var is a variable of a lowered function.
type Var struct {
	Name  string     // unique within the function
	User  string     // the user's name for it; "" if the compiler has made it up
	Boxed bool       // it points to the user's variable, which is in the heap
	Copy  bool       // it has the value that the user's variable had at some time
	Type  types.Type // nil when Iter or Defers says what it is
	Iter  *Iter      // iteration state of a range over a map or string
	RT    string     // a type of package rt: "Defers", "*Defers"
	Env   string     // pointer to the generated struct of this name
	Read  bool       // some expression reads it; set by the pass that drops unread ones
	Index int        // dense numbering, set by the pass that fills the frames
	Pos   token.Pos  // where the user declares it; NoPos: nowhere
}

// An Iter is the type of iteration state: rt.MapIter[Key, Elem] or rt.StringIter.
type Iter struct{ Key, Elem types.Type } // both nil for a string

// Op says what an Expr computes.
type Op uint8

// Operations, with their Args.
const (
	OpVar       Op = iota // Var
	OpConst               // Const of type Type; nil Const is nil
	OpZero                // the zero value of Type
	OpGlobal              // package-level variable or function Obj
	OpName                // identifier Name of the generated package (a lowered function)
	OpUnary               // Tok Args[0]
	OpBinary              // Args[0] Tok Args[1]
	OpDeref               // *Args[0]
	OpAddr                // &Args[0]
	OpField               // Args[0].Name; Obj is the field, if it is of the user's
	OpIndex               // Args[0][Args[1]]
	OpSlice               // Args[0][Args[1]:Args[2]:Args[3]]; nil entries are left out
	OpConvert             // Type(Args[0])
	OpIface               // Type(Args[0]), an interface made from a concrete value
	OpAssert              // Args[0].(Type); Comma: with the second result
	OpCall                // Args[0](Args[1:]...); Spread: last has ...
	OpBuiltin             // Name(Args...); Spread
	OpRT                  // rt.Name(Args...)
	OpMethod              // Args[0].Name(Args[1:]...), a method of package rt types or user's
	OpComposite           // []T{Args...} or [N]T{...} of type Type
	OpNew                 // new(Type)
	OpMake                // make(Type, Args...)
	OpEnv                 // &Name{Fields[i]: Args[i]}
	OpMethodVal           // Args[0].Name, not called
	OpMethodExp           // (Type).Name
	OpTypeName            // the type Type itself (argument of new, unsafe.Sizeof)
)

// An Expr is an expression tree.
type Expr struct {
	Op     Op
	Type   types.Type // of the value, where it matters to emission
	Args   []*Expr
	Var    *Var
	Const  constant.Value
	Obj    types.Object
	Name   string
	Pkg    string // of OpName: the package path, "" for the generated one
	Fields []string
	Tok    token.Token
	Spread bool
	Comma  bool
}

// StmtKind says what a Stmt does.
type StmtKind uint8

// Statements.
const (
	Assign      StmtKind = iota // L = R; L empty: R is evaluated for its effect
	Goto                        // Then
	If                          // if R[0] goto Then else Else
	Return                      // return R...
	Panic                       // panic(R[0])
	Select                      // native select over Cases
	Defer                       // a deferred call: R[0] is the thunk; R[1], if any, the Defers of the function whose loop body this is; none: recover
	NativeDefer                 // defer R[0], in a function that is not coloured
	Deferred                    // the function's deferred calls run from here on (a normal return)
	CatchOuter                  // a range over a function follows, whose body defers calls of this function
	DeferOuter                  // it is over
	Poll                        // loop back edge of a coloured function; R[0], if any: only when that holds
)

// A Stmt is one statement. A suspension point is a Stmt with a Point.
type Stmt struct {
	Kind   StmtKind
	L      []*Expr // nil entries are the blank identifier
	R      []*Expr
	Then   *Block
	Else   *Block
	Cases  []Case // of Select
	Index  *Var   // of Select: the case that ran
	Block  bool   // of Select: no default clause
	Choose bool   // of Select: processes may share its channels
	Direct bool   // of Defer: the thunk holds a recover and is deferred itself
	Point  *Point
	Dyn    bool // the call at this point is made through a func value or interface
	Pos    token.Pos
}

// A Case of a select: a send of Send on Chan, or a receive into L[0], L[1].
type Case struct {
	Chan *Expr
	Send *Expr    // nil: receive
	L    [2]*Expr // nil: not wanted
}

// A Point is a place where the function can be suspended.
type Point struct {
	PC   int    // 1, 2, ... in the function
	Op   string // "chan receive", "calls main.f"
	Pos  token.Pos
	Live []*Var // what the frame holds at this point, by Index
	Args bool   // the operands are needed again on resumption
	// Where the function goes on, set by the last pass: a block that begins with a statement of this point, or, for a poll, leads to the loop's header.
	// Nil for the deferred calls.
	Resume *Block
}

// A Block is a labelled sequence of statements.
type Block struct {
	Index   int
	Comment string
	Stmts   []*Stmt
	Vars    []*Var // declared in the braces of the run that begins here; see scopes.go
	Of      *Block // what it is a copy of, nil if it is none
}

// origin is the block that b is a copy of, or b itself.
func (b *Block) origin() *Block {
	if b.Of != nil {
		return b.Of
	}
	return b
}

// Kind says under which header a function's body is emitted.
type Kind uint8

// Kinds of functions.
const (
	Plain   Kind = iota // a top-level function; coloured: with g
	Method              // not coloured method: keeps its receiver and its place in the method set
	Closure             // method fn of its environment struct
	Direct              // method Deferred of a thunk: it holds a recover and must be deferred itself
)

// A Func is a lowered function.
type Func struct {
	Name     string // Go identifier of what is emitted
	Title    string // the user's name for it: "main.worker"
	Kind     Kind
	Coloured bool
	G, Frame string // names of the hidden goroutine parameter and the popped frame, when Coloured
	Recv     *Var   // of Method
	Env      *Var   // closure environment, nil without captured variables
	Params   []*Var
	Results  []*Var // result parameters of the emitted function
	Variadic bool
	Defers   *Var // of type rt.Defers; nil without defer in a coloured function
	HasDefer bool
	Recovers bool    // some deferred call is recover itself
	Raised   *Var    // what recover recovers, in a function that is not deferred itself; nil without recover
	Boxes    []*Expr // with defers: where the user's named results live; copied to Results last
	Entry    *Point  // before the first statement, for chaos; nil unless everything is transformed. Not among Points
	RetPoint *Point  // with coloured defers: resumes in the deferred calls
	Vars     []*Var
	Blocks   []*Block
	Points   []*Point
	Pos      token.Pos
	File     string // the user's file
	Pragma   string // of a Method: directive for the Go compiler above it
	facts    fact
}

// V makes an expression of a variable.
func V(v *Var) *Expr { return &Expr{Op: OpVar, Var: v, Type: v.Type} }

// Walk calls f for e and every expression below it.
func Walk(e *Expr, f func(*Expr)) {
	if e == nil {
		return
	}
	f(e)
	for _, a := range e.Args {
		Walk(a, f)
	}
}

// Terminator reports whether s ends a block.
func (s *Stmt) Terminator() bool {
	switch s.Kind {
	case Goto, If, Return, Panic:
		return true
	}
	return false
}

// Term returns the block's terminator, or nil.
func (b *Block) Term() *Stmt {
	if len(b.Stmts) == 0 {
		return nil
	}
	if s := b.Stmts[len(b.Stmts)-1]; s.Terminator() {
		return s
	}
	return nil
}

// Succs lists the blocks that may follow b.
func (b *Block) Succs() []*Block {
	t := b.Term()
	switch {
	case t == nil:
		return nil
	case t.Kind == Goto:
		return []*Block{t.Then}
	case t.Kind == If:
		return []*Block{t.Then, t.Else}
	}
	return nil
}
