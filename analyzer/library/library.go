// Package library describes code that is not compiled: what functions do with what they are given, and which types stand for more than their
// memory. It is about three kinds of functions: those that its tables know, those that change nothing by their own SSA, and all others, which
// may do anything.
package library

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// What code that is not compiled keeps counts as written, at once and for good: that covers all that it may do with it later, and so
// what it returns need not be thought of as something that it was given by another call.

// An Effect is what a function does with its arguments, the receiver being the first.
type Effect struct {
	Writes  func(arg int) bool // it may change what the argument leads to
	Stores  bool               // of what it writes may be pointers: to its arguments, and to memory that it makes
	Shallow bool               // it writes only what the argument itself points to, not what that leads to
	Keeps   bool               // it may keep its arguments and use them later; so it may store, too
	Fresh   bool               // its results are new, though they may lead to the arguments
	Apart   bool               // its results, and what it stores, lead to no argument; but an error, and Metadata, to its context
	Errors  bool               // an error that it returns leads to no argument
	Recalls bool               // its results may lead to what others kept
	Answers bool               // its results may lead to what functions of the program have returned to it, or stored in memory that it gave them
}

func nothing(int) bool    { return false }
func everything(int) bool { return true }

func only(args ...int) func(int) bool {
	return func(n int) bool {
		for _, a := range args {
			if a == n {
				return true
			}
		}
		return false
	}
}

var (
	reads   = Effect{Writes: nothing}
	unknown = Effect{Writes: everything, Keeps: true}
)

// readers are packages whose functions (not their methods) only look at what they are given.
var readers = Words(`bufio bytes cmp embed encoding/base64 encoding/hex errors fmt hash/crc32 html html/template log log/slog maps math math/bits math/big
	mime net/netip net/url path path/filepath regexp slices sort strconv strings text/template time unicode unicode/utf16 unicode/utf8`)

// writers are the functions of those packages, and of others, that change some arguments, by number, and keep none.
var writers = map[string]func(int) bool{
	"errors.As":                         only(1),
	"fmt.Append":                        only(0),
	"fmt.Appendf":                       only(0),
	"fmt.Appendln":                      only(0),
	"fmt.Fprint":                        only(0),
	"fmt.Fprintf":                       only(0),
	"fmt.Fprintln":                      only(0),
	"fmt.Fscan":                         everything,
	"fmt.Fscanf":                        everything,
	"fmt.Fscanln":                       everything,
	"fmt.Scan":                          everything,
	"fmt.Scanf":                         everything,
	"fmt.Scanln":                        everything,
	"fmt.Sscan":                         everything,
	"fmt.Sscanf":                        everything,
	"fmt.Sscanln":                       everything,
	"encoding/json.Unmarshal":           only(1),
	"encoding/json.Marshal":             nothing,
	"encoding/json.MarshalIndent":       nothing,
	"encoding/xml.Unmarshal":            only(1),
	"encoding/xml.Marshal":              nothing,
	"io.WriteString":                    only(0),
	"io.ReadAll":                        only(0),
	"io.Copy":                           only(0, 1),
	"sync.NewCond":                      nothing,
	"time.AfterFunc":                    nothing,
	"(*text/template.Template).Execute": only(1),
	"(*html/template.Template).Execute": only(1),
	"(*text/template.Template).ExecuteTemplate": only(1),
	"(*html/template.Template).ExecuteTemplate": only(1),
	"context.WithValue":                         nothing,
	"reflect.DeepEqual":                         nothing,
	"reflect.TypeOf":                            nothing,
	"encoding/hex.Decode":                       only(0),
	"encoding/hex.Encode":                       only(0),
	"unicode/utf8.EncodeRune":                   only(0),
	"unicode/utf16.Encode":                      nothing,
	"log.New":                                   only(0),
	"log/slog.NewTextHandler":                   only(0),
	"log/slog.NewJSONHandler":                   only(0),
	"(*log.Logger).SetOutput":                   only(0, 1),
	"(*regexp.Regexp).Expand":                   only(1),
	"(*regexp.Regexp).ExpandString":             only(1),
	"text/template.JSEscape":                    only(0),
	"html/template.JSEscape":                    only(0),
	"errors.Is":                                 nothing,
	"fmt.Errorf":                                nothing,
	"errors.Join":                               nothing,
	"errors.Unwrap":                             nothing,
	"maps.Copy":                                 only(0),
	"maps.DeleteFunc":                           only(0),
	"maps.Insert":                               only(0),
	"slices.AppendSeq":                          only(0),
	"slices.Compact":                            only(0),
	"slices.CompactFunc":                        only(0),
	"slices.Delete":                             only(0),
	"slices.DeleteFunc":                         only(0),
	"slices.Grow":                               only(0),
	"slices.Insert":                             only(0),
	"slices.Replace":                            only(0),
	"slices.Reverse":                            only(0),
	"slices.Sort":                               only(0),
	"slices.SortFunc":                           only(0),
	"slices.SortStableFunc":                     only(0),
	"sort.Float64s":                             only(0),
	"sort.Ints":                                 only(0),
	"sort.Slice":                                only(0),
	"sort.SliceStable":                          only(0),
	"sort.Sort":                                 only(0),
	"sort.Stable":                               only(0),
	"sort.Strings":                              only(0),
	"bytes.NewBuffer":                           everything,
	"(*bufio.Reader).Reset":                     everything,
	"(*bufio.Scanner).Buffer":                   everything,
	"(*bufio.Scanner).Split":                    everything,
	"(*bufio.Writer).Reset":                     everything,
	"log.SetOutput":                             everything,
	"log/slog.SetDefault":                       everything,
	"net/url.ParseQuery":                        nothing,
	"strconv.AppendInt":                         only(0),
	"strconv.AppendFloat":                       only(0),
	"strconv.AppendQuote":                       only(0),
	"encoding/base64.NewEncoding":               nothing,
	"html/template.HTMLEscape":                  only(0),
	"text/template.HTMLEscape":                  only(0),
	"(error).Error":                             nothing,
	"(fmt.Stringer).String":                     nothing,
	"(*errors.errorString).Error":               nothing,
	"(*fmt.wrapError).Error":                    nothing,
	"(*fmt.wrapError).Unwrap":                   nothing,
	"(time.Time).Format":                        nothing,
	"(context.Context).Value":                   nothing,
	"(*encoding/json.Encoder).Encode":           only(0),
	"(*encoding/json.Decoder).Decode":           only(0, 1),
}

// storers are those writers that store pointers. The shallow ones change only what the argument itself points to, not what that leads to: some move
// what is there, others store what they are given.
var (
	storers = Words(`encoding/json.Unmarshal encoding/xml.Unmarshal (*encoding/json.Decoder).Decode
		errors.As maps.Copy maps.Insert slices.AppendSeq slices.Insert slices.Replace`)
	shallow = Words(`errors.As maps.Copy maps.Insert slices.AppendSeq slices.Insert slices.Replace
		maps.DeleteFunc slices.Compact slices.CompactFunc slices.Delete slices.DeleteFunc slices.Grow slices.Reverse slices.Sort slices.SortFunc slices.SortStableFunc
		sort.Float64s sort.Ints sort.Slice sort.SliceStable sort.Strings`)
)

// readerTypes are handles whose methods only look at what else they are given.
var readerTypes = Words(`database/sql.DB html/template.Template log.Logger log/slog.Logger regexp.Regexp strings.Replacer text/template.Template`)

// writerTypes are types whose methods change their receivers, and copy what else they are given.
var writerTypes = Words(`bufio.Reader bufio.Scanner bufio.Writer bytes.Buffer strings.Builder math/rand.Rand math/rand/v2.Rand`)

// streams are those writers whose errors are those of a reader or writer, as of io.Reader's method.
var streams = Words(`io.Copy io.ReadAll io.WriteString`)

// makesNew are functions whose results are new.
var makesNew = Words(`errors.Join fmt.Errorf sync.NewCond context.WithValue`)

// keepers are functions of readers that keep what they are given.
var keepers = Words(`(*bufio.Reader).Reset (*bufio.Scanner).Buffer (*bufio.Scanner).Split (*bufio.Writer).Reset log.New log.SetOutput (*log.Logger).SetOutput log/slog.NewJSONHandler log/slog.NewTextHandler log/slog.SetDefault time.AfterFunc`)

// Effect describes fn, which is not compiled. Nil is nobody knows what.
func (m *Model) Effect(fn *ssa.Function) Effect {
	if fn == nil {
		return unknown
	}
	name := Declared(fn)
	if w, ok := writers[name]; ok {
		return Effect{Writes: w, Stores: storers[name], Shallow: shallow[name], Keeps: keepers[name], Fresh: makesNew[name], Errors: streams[name], Answers: streams[name]}
	}
	if e, ok := awsEffect(fn); ok {
		return e
	}
	if !makesHandle(fn) && m.harmless(fn) {
		return Effect{Writes: nothing, Recalls: m.recalls[fn]}
	}
	if w := streamed(fn); w != nil {
		return Effect{Writes: w, Errors: true, Answers: true}
	}
	if recv := fn.Signature.Recv(); recv != nil {
		switch t := TypeName(deref(recv.Type())); {
		case t == "time.Time":
			return reads
		case readerTypes[t]:
			return Effect{Writes: only(0)} // changes knows which of them do
		case writerTypes[t] && (strings.HasPrefix(fn.Name(), "Read") || fn.Name() == "WriteTo"):
			return Effect{Writes: everything, Errors: true, Answers: true}
		case writerTypes[t]:
			return Effect{Writes: only(0), Errors: true, Answers: true}
		case t == "math/big.Int" && !Words("DivMod GCD QuoRem")[fn.Name()], t == "math/big.Rat", t == "math/big.Float":
			return Effect{Writes: only(0)}
		}
	}
	if fn.Signature.Recv() == nil && readers[PathOf(fn)] {
		if strings.HasPrefix(fn.Name(), "Append") {
			return Effect{Writes: only(0)}
		}
		return reads
	}
	return unknown
}

// streamed says what fn writes if it is one of the methods of io.Reader, io.Writer and io.Closer, which keep nothing, of a package that is trusted with it; nil
// if it is not.
func streamed(fn *ssa.Function) func(int) bool {
	o, ok := fn.Object().(*types.Func)
	if !ok || o.Pkg() == nil || fn.Signature.Recv() == nil {
		return nil
	}
	if path := o.Pkg().Path(); !Standard(path) && !strings.HasPrefix(path, awsModule) && !strings.HasPrefix(path, "github.com/aws/smithy-go/") {
		return nil
	}
	s := types.TypeString(types.NewSignatureType(nil, nil, nil, unnamed(fn.Signature.Params()), unnamed(fn.Signature.Results()), false), nil)
	switch fn.Name() + strings.TrimPrefix(s, "func") {
	case "Close() error", "Read([]byte) (int, error)":
		return everything
	case "Write([]byte) (int, error)":
		return only(0)
	}
	return nil
}

// unnamed is t without the names.
func unnamed(t *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for v := range t.Variables() {
		vars = append(vars, types.NewParam(v.Pos(), v.Pkg(), "", v.Type()))
	}
	return types.NewTuple(vars...)
}

// Hides reports whether what fn is given may be reached by others later though it is not said to keep it: in a handle.
func Hides(fn *ssa.Function) bool {
	if fn == nil || makesHandle(fn) {
		return true
	}
	recv := fn.Signature.Recv()
	if recv == nil || IsOperation(fn) {
		return false
	}
	_, ok := HandleOf(deref(recv.Type()))
	return ok
}

// Unchanging reports whether nothing changes what fn returns.
func Unchanging(fn *ssa.Function) bool {
	return fn != nil && Words("context.Background context.TODO")[Declared(fn)]
}

// makesHandle reports whether fn returns a handle, which may hide what fn was given.
func makesHandle(fn *ssa.Function) bool {
	for v := range fn.Signature.Results().Variables() {
		if _, ok := HandleOf(deref(v.Type())); ok {
			return true
		}
	}
	return false
}

// Declared is the full name of fn, of the generic function if it is an instance.
func Declared(fn *ssa.Function) string {
	if o := fn.Origin(); o != nil {
		fn = o
	}
	if o, ok := fn.Object().(*types.Func); ok {
		return o.FullName()
	}
	return fn.String()
}

// A Model tells the effects of the functions that a program calls.
type Model struct {
	Callees  func(ssa.CallInstruction) []*ssa.Function
	Analysed func(*ssa.Function) bool // the function is part of the program
	pure     map[*ssa.Function]bool   // see harmless
	recalls  map[*ssa.Function]bool   // of those, which use variables of packages outside the standard library that may lead to what others gave them
}

// maxCallees bounds how many functions harmless looks at.
const maxCallees = 200

// harmless reports whether fn and what it calls write only to their own variables, by their SSA.
func (m *Model) harmless(fn *ssa.Function) bool {
	if yes, ok := m.pure[fn]; ok {
		return yes
	}
	seen := map[*ssa.Function]bool{fn: true}
	yes, recalls := true, false
	for work := []*ssa.Function{fn}; yes && len(work) > 0; work = work[1:] {
		yes = len(seen) < maxCallees && len(work[0].Blocks) > 0
		for _, block := range work[0].Blocks {
			for _, i := range block.Instrs {
				callees, ok := m.harmlessInstr(i)
				yes, recalls = yes && ok, recalls || usesVariable(i)
				for _, callee := range callees {
					known, found := m.pure[callee]
					yes = yes && (known || !found)
					if !seen[callee] && !m.Analysed(callee) {
						seen[callee] = true
						work = append(work, callee)
					}
				}
			}
		}
	}
	if m.pure == nil {
		m.pure, m.recalls = map[*ssa.Function]bool{}, map[*ssa.Function]bool{}
	}
	m.pure[fn], m.recalls[fn] = yes, recalls
	return yes
}

// usesVariable reports whether i uses a package variable, outside the standard library, that may lead to memory; errors are made once.
func usesVariable(i ssa.Instruction) bool {
	for _, op := range i.Operands(nil) {
		g, ok := (*op).(*ssa.Global)
		if !ok || g.Pkg == nil || Standard(g.Pkg.Pkg.Path()) {
			continue
		}
		t := deref(g.Type())
		if _, basic := t.Underlying().(*types.Basic); !basic && !IsError(t) {
			return true
		}
	}
	return false
}

// harmlessInstr reports whether i by itself writes only to its function's own variables, and what it calls.
func (m *Model) harmlessInstr(i ssa.Instruction) (callees []*ssa.Function, ok bool) {
	switch i := i.(type) {
	case *ssa.Store:
		return nil, ownVariable(i.Addr)
	case *ssa.MapUpdate, *ssa.Send, *ssa.Select, *ssa.Go, *ssa.Defer, *ssa.MakeClosure:
		return nil, false
	case *ssa.Convert:
		return nil, !IsUnsafePointer(i.Type()) && !IsUnsafePointer(i.X.Type())
	case *ssa.Call:
		if f, ok := i.Call.Value.(*ssa.Builtin); ok {
			switch f.Name() {
			case "append", "copy", "delete", "clear", "close", "Add", "Slice", "String", "StringData", "SliceData":
				return nil, false
			}
			return nil, true
		}
		callees = m.Callees(i)
		return callees, len(callees) > 0
	}
	return nil, true
}

// ownVariable reports whether addr is in a variable of the function, which nothing else has the address of.
func ownVariable(addr ssa.Value) bool {
	for {
		switch a := addr.(type) {
		case *ssa.Alloc:
			return true
		case *ssa.FieldAddr:
			addr = a.X
		case *ssa.IndexAddr:
			if _, ok := a.X.Type().Underlying().(*types.Slice); ok {
				return false
			}
			addr = a.X
		default:
			return false
		}
	}
}

// PathOf is the path of fn's package, of the generic function's if it is an instance; "" of a function without one.
func PathOf(fn *ssa.Function) string {
	if o := fn.Origin(); o != nil {
		fn = o
	}
	if fn.Pkg == nil {
		return ""
	}
	return fn.Pkg.Pkg.Path()
}

// ComparesNothing reports whether fn does not compare the interfaces that it is given.
func ComparesNothing(fn *ssa.Function) bool {
	if fn == nil {
		return false
	}
	switch PathOf(fn) {
	case "fmt", "log", "log/slog", "encoding/json", "strings", "strconv", "io", "bufio":
		return true
	}
	return false
}

// Name names fn in a message; nil is nobody knows what.
func Name(fn *ssa.Function) string {
	if fn == nil {
		return "an unknown function"
	}
	return strings.ReplaceAll(Declared(fn), "command-line-arguments.", "")
}

// Words is the set of the words of text.
func Words(text string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(text) {
		m[w] = true
	}
	return m
}

func deref(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// TypeName is "path.Name" of a named type, else "".
func TypeName(t types.Type) string {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return ""
	}
	return n.Obj().Pkg().Path() + "." + n.Obj().Name()
}
