package state

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// This file says what code that is not compiled does with what it is given. It is about three kinds of functions: those that the tables
// know, those that change nothing by their own SSA, and all others, which may do anything.

// What code that is not compiled keeps counts as written, at once and for good: that covers all that it may do with it later, and so
// what it returns need not be thought of as something that it was given by another call.

// An effect is what a function does with its arguments, the receiver being the first.
type effect struct {
	writes func(arg int) bool // it may change what the argument leads to
	keeps  bool               // it may keep its arguments and use them later
	fresh  bool               // its results are new, though they may lead to the arguments
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
	reads   = effect{writes: nothing}
	unknown = effect{writes: everything, keeps: true}
)

// readers are packages whose functions (not their methods) only look at what they are given.
var readers = set(`bytes cmp embed encoding/base64 encoding/hex errors fmt hash/crc32 html html/template log log/slog maps math math/bits math/big
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

// readerTypes are handles whose methods only look at what else they are given.
var readerTypes = set(`database/sql.DB html/template.Template log.Logger log/slog.Logger regexp.Regexp strings.Replacer text/template.Template`)

// makesNew are functions whose results are new.
var makesNew = set(`errors.Join fmt.Errorf sync.NewCond context.WithValue`)

// keepers are functions of readers that keep what they are given.
var keepers = set(`log.New log.SetOutput (*log.Logger).SetOutput log/slog.NewJSONHandler log/slog.NewTextHandler log/slog.SetDefault`)

// A handle is a type whose values stand for something outside the program, or hide memory that no method changes for others to see. Calls
// with it do not count as writes to it, but for those that set something.
type handle struct {
	cannot  string // what ties it to this process; "": nothing, it can be saved
	changes string // methods that change it, besides Set...
	only    string // if given: only these methods do not change it
	open    bool   // its methods may change what it leads to
}

var handles = map[string]handle{
	"database/sql.DB":        {cannot: "database connections belong to one process", changes: "Close"},
	"net.Listener":           {cannot: "a network connection belongs to one process", changes: "Close"},
	"net.TCPListener":        {cannot: "a network connection belongs to one process", changes: "Close"},
	"net.UnixListener":       {cannot: "a network connection belongs to one process", changes: "Close"},
	"net.Conn":               {cannot: "a network connection belongs to one process", only: "LocalAddr RemoteAddr"},
	"net.TCPConn":            {cannot: "a network connection belongs to one process", only: "LocalAddr RemoteAddr"},
	"net.UDPConn":            {cannot: "a network connection belongs to one process", only: "LocalAddr RemoteAddr WriteTo WriteToUDP"},
	"net/http.Transport":     {cannot: "its connections belong to one process", changes: "RegisterProtocol"},
	"os.File":                {cannot: "an open file belongs to one process", only: "Name Fd Stat ReadAt WriteAt Sync"},
	"os.Root":                {cannot: "an open directory belongs to one process", changes: "Close"},
	"os/exec.Cmd":            {cannot: "a child process belongs to one process", only: "String"},
	"plugin.Plugin":          {cannot: "a plugin is loaded into one process"},
	"hash/maphash.Seed":      {cannot: "hashes with a maphash.Seed differ in another process", only: "none"},
	"crypto/tls.Config":      {},
	"crypto/tls.Certificate": {},
	"crypto/x509.CertPool":   {changes: "AddCert AddCertWithConstraint AppendCertsFromPEM"},
	"html/template.Template": {changes: "AddParseTree Delims Funcs New Option Parse ParseFS ParseFiles ParseGlob"},
	"text/template.Template": {changes: "AddParseTree Delims Funcs New Option Parse ParseFS ParseFiles ParseGlob"},
	"log.Logger":             {},
	"log/slog.Logger":        {},
	"log/slog.Handler":       {},
	"log/slog.JSONHandler":   {},
	"log/slog.TextHandler":   {},
	"net.Dialer":             {},
	"net/http.Client":        {open: true},
	"regexp.Regexp":          {changes: "Longest UnmarshalText"},
	"reflect.Type":           {},
	"strings.Replacer":       {},
	"time.Location":          {},
	"unicode.RangeTable":     {},
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// handleOf returns what is known of o's type.
func handleOf(o *object) (handle, bool) {
	if o.typ == nil {
		return handle{}, false
	}
	if _, ok := o.typ.Underlying().(*types.Interface); ok && o.lib == nil {
		return handle{}, false // a variable that may lead to a handle
	}
	h, ok := handles[named(o.typ)]
	return h, ok
}

// sets reports whether method name changes a handle.
func (h handle) sets(name string) bool {
	if h.only != "" {
		return !set(h.only)[name]
	}
	return strings.HasPrefix(name, "Set") || set(h.changes)[name]
}

// effectOf describes fn, which is not compiled. Nil is nobody knows what.
func (b *builder) effectOf(fn *ssa.Function) effect {
	if fn == nil {
		return unknown
	}
	name := declared(fn)
	if w, ok := writers[name]; ok {
		return effect{writes: w, keeps: keepers[name], fresh: makesNew[name]}
	}
	if !makesHandle(fn) && b.harmless(fn) {
		return reads
	}
	if recv := fn.Signature.Recv(); recv != nil {
		switch t := named(deref(recv.Type())); {
		case t == "time.Time":
			return reads
		case readerTypes[t]:
			return effect{writes: only(0)} // changes knows which of them do
		case t == "math/big.Int" && !set("DivMod GCD QuoRem")[fn.Name()], t == "math/big.Rat", t == "math/big.Float":
			return effect{writes: only(0)}
		}
	}
	if fn.Signature.Recv() == nil && readers[pathOf(fn)] {
		if strings.HasPrefix(fn.Name(), "Append") {
			return effect{writes: only(0)}
		}
		return reads
	}
	return unknown
}

// makesHandle reports whether fn returns a handle, which may hide what fn was given.
func makesHandle(fn *ssa.Function) bool {
	for v := range fn.Signature.Results().Variables() {
		if _, ok := handles[named(deref(v.Type()))]; ok {
			return true
		}
	}
	return false
}

// declared is the full name of fn, of the generic function if it is an instance.
func declared(fn *ssa.Function) string {
	if o := fn.Origin(); o != nil {
		fn = o
	}
	if o, ok := fn.Object().(*types.Func); ok {
		return o.FullName()
	}
	return fn.String()
}

// maxCallees bounds how many functions harmless looks at.
const maxCallees = 200

// harmless reports whether fn and what it calls write only to their own variables, by their SSA.
func (b *builder) harmless(fn *ssa.Function) bool {
	if yes, ok := b.pure[fn]; ok {
		return yes
	}
	seen := map[*ssa.Function]bool{fn: true}
	yes := true
	for work := []*ssa.Function{fn}; yes && len(work) > 0; work = work[1:] {
		yes = len(seen) < maxCallees && len(work[0].Blocks) > 0
		for _, block := range work[0].Blocks {
			for _, i := range block.Instrs {
				callees, ok := b.harmlessInstr(i)
				yes = yes && ok
				for _, callee := range callees {
					known, found := b.pure[callee]
					yes = yes && (known || !found)
					if !seen[callee] && !b.analysed(callee) {
						seen[callee] = true
						work = append(work, callee)
					}
				}
			}
		}
	}
	b.pure[fn] = yes
	return yes
}

// harmlessInstr reports whether i by itself writes only to its function's own variables, and what it calls.
func (b *builder) harmlessInstr(i ssa.Instruction) (callees []*ssa.Function, ok bool) {
	switch i := i.(type) {
	case *ssa.Store:
		return nil, ownVariable(i.Addr)
	case *ssa.MapUpdate, *ssa.Send, *ssa.Select, *ssa.Go, *ssa.Defer, *ssa.MakeClosure:
		return nil, false
	case *ssa.Convert:
		return nil, !isUnsafe(i.Type()) && !isUnsafe(i.X.Type())
	case *ssa.Call:
		if f, ok := i.Call.Value.(*ssa.Builtin); ok {
			switch f.Name() {
			case "append", "copy", "delete", "clear", "close", "Add", "Slice", "String", "StringData", "SliceData":
				return nil, false
			}
			return nil, true
		}
		callees = b.p.Callees(i)
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

// library makes the constraints of a call of fn, which is not compiled; parts are the results.
func (b *builder) library(c ssa.CallInstruction, fn *ssa.Function, args []ssa.Value, parts []nodeID) {
	eff := b.effectOf(fn)
	given := b.node()
	b.reach(given, given)
	for k, x := range args {
		if _, ok := x.(*ssa.Const); ok || !holdsPointers(x.Type()) {
			continue
		}
		arg := b.node()
		b.copy(b.value(x), arg, nil)
		if !closed(fn, k, x) {
			b.reach(arg, arg)
		}
		b.copy(arg, given, nil)
		b.copy(arg, b.world, nil) // it may be called back with it
		if eff.writes(k) {
			b.writes = append(b.writes, &write{addr: arg, at: c, what: "is passed to " + nameOf(fn) + ", which may change it", call: fn, kept: eff.keeps, init: b.ctx != nil})
		}
		if _, ok := x.Type().Underlying().(*types.Interface); ok && !comparesNothing(fn) {
			b.compared = append(b.compared, b.value(x))
		}
	}
	for k, r := range parts {
		t := c.Common().Signature().Results().At(k).Type()
		if !holdsPointers(t) {
			continue
		}
		o := b.object(c.Value(), memoryOf(t))
		o.lib = fn
		b.add(r, b.loc(o, whole))
		if !eff.fresh {
			b.copy(given, r, fits(t))
		}
		b.copy(given, b.locs[b.loc(o, whole)].content, nil)
	}
}

// closed reports whether argument k of fn is the receiver, a handle that hides what it leads to.
func closed(fn *ssa.Function, k int, x ssa.Value) bool {
	if k != 0 || fn == nil || fn.Signature.Recv() == nil {
		return false
	}
	h, ok := handles[named(deref(x.Type()))]
	if !ok {
		h, ok = handles[named(deref(fn.Signature.Recv().Type()))]
	}
	return ok && !h.open
}

func pathOf(fn *ssa.Function) string {
	if o := fn.Origin(); o != nil {
		fn = o
	}
	if fn.Pkg == nil {
		return ""
	}
	return fn.Pkg.Pkg.Path()
}

// comparesNothing reports whether fn does not compare the interfaces that it is given.
func comparesNothing(fn *ssa.Function) bool {
	if fn == nil {
		return false
	}
	switch pathOf(fn) {
	case "fmt", "log", "log/slog", "encoding/json", "strings", "strconv", "io", "bufio":
		return true
	}
	return false
}

func nameOf(fn *ssa.Function) string {
	if fn == nil {
		return "an unknown function"
	}
	return strings.ReplaceAll(declared(fn), "command-line-arguments.", "")
}

// memoryOf is the type of the memory that a value of type t leads to.
func memoryOf(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}
