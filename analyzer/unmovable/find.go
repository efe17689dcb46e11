package unmovable

import (
	"fmt"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// This file finds what one function holds, for the compiler and for the check. It works on both forms of SSA, naive (variables are Allocs) and
// lifted (they are values and phis).

// A Finding is one variable that is held over a wait.
type Finding struct {
	Pos  token.Pos // where the variable gets the value
	Name string    // of the variable
	Kind string    // "an open file"
	Wait ssa.Instruction
	Use  token.Pos  // after the wait
	Made []vet.Step // the calls that made the value, the one that opened something first
}

// What says what is held; at spells a position.
func (f Finding) What(at func(token.Pos) token.Position) string {
	p := at(f.Wait.Pos())
	return fmt.Sprintf("%s is %s that is used after the wait at %s:%d:%d", f.Name, f.Kind, base(p.Filename), p.Line, p.Column)
}

func base(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// Why says where it comes from, if a function of the user's has opened it, and what follows.
func (f Finding) Why() string {
	why := "it cannot be saved, so the run ends there if it must stop"
	from, ok := strings.CutPrefix(f.Made[0].What, "calls ")
	if !ok {
		return why
	}
	for _, s := range f.Made[1:] {
		if !strings.HasPrefix(s.What, "calls ") {
			return "it comes from " + from + ", where " + s.What + " (" + s.Where + "); " + why
		}
		from += ", which " + s.What + " (" + s.Where + ")"
	}
	return why
}

// Do says what can be done about it.
func (f Finding) Do() string {
	switch f.Kind {
	case "a network connection", "a listener", "a query's rows", "an HTTP response", "a database transaction":
		return "finish with it before the wait, or make it again after it"
	case "a pool of database connections":
		return "make it the value of a package variable, which each process initialises, or open it again after it"
	case "a running command":
		return "wait for its end before the wait"
	}
	return "read it before the wait, or open it again after it"
}

// openers are the functions that make what cannot be saved, by their full names.
var openers = map[string]string{
	"os.Open":                           "an open file",
	"os.Create":                         "an open file",
	"os.CreateTemp":                     "an open file",
	"os.OpenFile":                       "an open file",
	"os.OpenRoot":                       "an open directory",
	"(*os.Root).Open":                   "an open file",
	"(*os.Root).Create":                 "an open file",
	"(*os.Root).OpenFile":               "an open file",
	"net.Dial":                          "a network connection",
	"net.DialTimeout":                   "a network connection",
	"net.DialTCP":                       "a network connection",
	"net.DialUDP":                       "a network connection",
	"net.DialUnix":                      "a network connection",
	"(*net.Dialer).Dial":                "a network connection",
	"(*net.Dialer).DialContext":         "a network connection",
	"crypto/tls.Dial":                   "a network connection",
	"(net.Listener).Accept":             "a network connection",
	"(*net.TCPListener).Accept":         "a network connection",
	"(*net.TCPListener).AcceptTCP":      "a network connection",
	"net.Listen":                        "a listener",
	"net.ListenTCP":                     "a listener",
	"net.ListenUnix":                    "a listener",
	"net.ListenPacket":                  "a network connection",
	"net.ListenUDP":                     "a network connection",
	"crypto/tls.Listen":                 "a listener",
	"database/sql.Open":                 "a pool of database connections",
	"database/sql.OpenDB":               "a pool of database connections",
	"(*database/sql.DB).Begin":          "a database transaction",
	"(*database/sql.DB).BeginTx":        "a database transaction",
	"(*database/sql.DB).Conn":           "a network connection",
	"(*database/sql.DB).Query":          "a query's rows",
	"(*database/sql.DB).QueryContext":   "a query's rows",
	"(*database/sql.Tx).Query":          "a query's rows",
	"(*database/sql.Tx).QueryContext":   "a query's rows",
	"(*database/sql.Stmt).Query":        "a query's rows",
	"(*database/sql.Stmt).QueryContext": "a query's rows",
	"os.StartProcess":                   "a running command",
	"(*os/exec.Cmd).StdoutPipe":         "a pipe of a running command",
	"(*os/exec.Cmd).StdinPipe":          "a pipe of a running command",
	"(*os/exec.Cmd).StderrPipe":         "a pipe of a running command",
	"net/http.Get":                      "an HTTP response",
	"net/http.Post":                     "an HTTP response",
	"net/http.PostForm":                 "an HTTP response",
	"(*net/http.Client).Do":             "an HTTP response",
	"(*net/http.Client).Get":            "an HTTP response",
	"(*net/http.Client).Post":           "an HTTP response",
	"plugin.Open":                       "a plugin",
}

// wrappers are the functions whose results hold their arguments.
var wrappers = map[string]bool{
	"bufio.NewReader": true, "bufio.NewReaderSize": true, "bufio.NewScanner": true, "bufio.NewWriter": true, "bufio.NewWriterSize": true,
	"bufio.NewReadWriter": true, "io.LimitReader": true, "io.TeeReader": true, "compress/gzip.NewReader": true, "compress/gzip.NewWriter": true,
	"encoding/json.NewDecoder": true, "encoding/json.NewEncoder": true, "encoding/csv.NewReader": true, "encoding/csv.NewWriter": true,
	"encoding/xml.NewDecoder": true, "encoding/gob.NewDecoder": true, "encoding/gob.NewEncoder": true, "log.New": true,
}

// A holder is a value that holds something, and the instruction from which on it does.
type holder struct {
	v    ssa.Value
	call *ssa.Call // that made it
	made Opened
}

// Find reports what fn holds over instructions that suspend, each variable once.
func Find(fn *ssa.Function, openers *Openers, suspends func(ssa.Instruction) bool) []Finding {
	f := &finder{suspends: suspends, seen: map[ssa.Value]bool{}}
	for i := range flow.Instructions(fn) {
		if c, ok := i.(*ssa.Call); ok {
			for _, o := range openers.of(c) {
				f.opened(c, o)
			}
		}
	}
	return f.found
}

type finder struct {
	suspends func(ssa.Instruction) bool
	seen     map[ssa.Value]bool
	found    []Finding
}

// opened follows a result of a call.
func (f *finder) opened(c *ssa.Call, o Opened) {
	if c.Call.Signature().Results().Len() == 1 {
		f.follow(holder{c, c, o})
		return
	}
	for _, r := range *c.Referrers() {
		if x, ok := r.(*ssa.Extract); ok && x.Index == o.Result {
			f.follow(holder{x, c, o})
		}
	}
}

// follow reports h if it is held over a wait, and follows what else holds the same.
func (f *finder) follow(h holder) {
	if f.seen[h.v] {
		return
	}
	f.seen[h.v] = true
	f.live(h, h.v.(ssa.Instruction), uses(h.v), nil)
	for _, r := range *h.v.Referrers() {
		switch r := r.(type) {
		case *ssa.Store:
			if a, ok := r.Addr.(*ssa.Alloc); ok && r.Val == h.v && !a.Heap && !f.seen[a] {
				f.variable(h, a, r)
			}
		case *ssa.MakeInterface, *ssa.ChangeInterface, *ssa.ChangeType:
			f.follow(holder{r.(ssa.Value), h.call, h.made})
		case *ssa.Call:
			f.wrapped(h, r)
		}
	}
}

// wrapped follows the result of a call that wraps what h holds.
func (f *finder) wrapped(h holder, c *ssa.Call) {
	if !wrappers[flow.Callee(&c.Call)] {
		return
	}
	steps := append(slices.Clip(h.made.Steps), vet.Step{Pos: c.Pos(), What: flow.Callee(&c.Call) + " holds it"})
	f.opened(c, Opened{Kind: wrapping(h.made.Kind), Steps: steps})
}

// variable reports variable a, which gets the value of h at a store.
func (f *finder) variable(h holder, a *ssa.Alloc, at *ssa.Store) {
	f.seen[a] = true
	h.v = a
	var loads, stores []ssa.Instruction
	for _, r := range *a.Referrers() {
		switch r := r.(type) {
		case *ssa.Store:
			stores = append(stores, r)
		default:
			loads = append(loads, r)
		}
	}
	f.live(h, at, deferredUses(loads), stores)
	for _, l := range loads {
		if load, ok := l.(*ssa.UnOp); ok {
			f.derived(h, load)
		}
	}
}

// derived follows what is made of a value loaded from a variable.
func (f *finder) derived(h holder, v ssa.Value) {
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.Call:
			f.wrapped(h, r)
		case *ssa.MakeInterface:
			f.derived(h, r)
		case *ssa.ChangeInterface:
			f.derived(h, r)
		}
	}
}

// A use is an instruction that needs the value; one that defers needs it at the end.
type use struct {
	at       ssa.Instruction
	deferred bool
}

// uses lists the uses of a value itself, but for those that only pass it to a variable.
func uses(v ssa.Value) []use {
	var out []use
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.DebugRef, *ssa.Store:
		case *ssa.Defer:
			out = append(out, use{r, true})
		default:
			out = append(out, use{at: r})
		}
	}
	return out
}

// deferredUses are the uses of a variable by its loads; what is loaded for a defer statement is used at the end.
func deferredUses(loads []ssa.Instruction) []use {
	var out []use
	for _, l := range loads {
		out = append(out, use{at: l})
		v, ok := l.(ssa.Value)
		if !ok || v.Referrers() == nil {
			continue
		}
		for _, r := range *v.Referrers() {
			if d, ok := r.(*ssa.Defer); ok {
				out = append(out, use{d, true})
			}
		}
	}
	return out
}

// live looks for a way from the instruction that makes the value over one that suspends to a use, on which nothing else is stored.
func (f *finder) live(h holder, made ssa.Instruction, uses []use, stores []ssa.Instruction) {
	kills := map[ssa.Instruction]bool{}
	for _, s := range stores {
		kills[s] = s != made
	}
	kills[made] = true
	for _, c := range closes(h.v) {
		kills[c] = true
	}
	needed := map[ssa.Instruction]bool{}
	for _, u := range uses {
		needed[u.at] = !u.deferred
	}
	for _, u := range uses {
		if !u.deferred || !reaches(made, func(i ssa.Instruction) bool { return i == u.at }, kills) {
			continue
		}
		var wait ssa.Instruction
		reaches(u.at, func(i ssa.Instruction) bool { wait = i; return f.suspends(i) }, nil)
		if wait != nil && f.suspends(wait) {
			f.report(h, wait, suspend.Position(u.at))
			return
		}
	}
	reaches(made, func(wait ssa.Instruction) bool {
		if !f.suspends(wait) {
			return false
		}
		var at ssa.Instruction
		found := reaches(wait, func(i ssa.Instruction) bool { at = i; return needed[i] }, kills)
		if found {
			f.report(h, wait, suspend.Position(at))
		}
		return found
	}, kills)
}

// closes lists the calls that close v, after which it holds nothing.
func closes(v ssa.Value) (out []ssa.Instruction) {
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.UnOp, *ssa.FieldAddr, *ssa.MakeInterface, *ssa.ChangeInterface: // the body of a response, among others
			out = append(out, closes(r.(ssa.Value))...)
		case *ssa.Call:
			c := &r.Call
			if c.IsInvoke() && c.Value == v && c.Method.Name() == "Close" || !c.IsInvoke() && len(c.Args) == 1 && c.Args[0] == v && strings.HasSuffix(flow.Callee(c), ").Close") {
				out = append(out, r)
			}
		}
	}
	return out
}

func (f *finder) report(h holder, wait ssa.Instruction, use token.Pos) {
	name, pos := "the value", h.call.Pos()
	if id := flow.Target(wait.Parent(), pos, h.made.Result); id != nil {
		name, pos = id.Name, id.Pos()
	}
	if !slices.ContainsFunc(f.found, func(o Finding) bool { return o.Pos == pos }) {
		f.found = append(f.found, Finding{Pos: pos, Name: name, Kind: h.made.Kind, Wait: wait, Use: use, Made: h.made.Steps})
	}
}

// reaches is flow.Reaches with a set of instructions that kill.
func reaches(from ssa.Instruction, stop func(ssa.Instruction) bool, kills map[ssa.Instruction]bool) bool {
	return flow.Reaches(from, stop, func(i ssa.Instruction) bool { return kills[i] })
}
