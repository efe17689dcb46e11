package library

import (
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// This file says what may be done by several goroutines at the same time.

// locks are the types of package sync whose methods only change them, and call what they are given.
var locks = Words(`Cond Mutex Once RWMutex WaitGroup`)

// Synchronises reports whether fn is a method of a lock, a WaitGroup, a Once or a Cond: it changes that only, and orders memory.
func Synchronises(fn *ssa.Function) bool {
	if fn == nil || fn.Signature.Recv() == nil {
		return false
	}
	path, name, ok := strings.Cut(TypeName(deref(fn.Signature.Recv().Type())), ".")
	return ok && path == "sync" && (locks[name] || name == "Locker")
}

// concurrent are types whose methods several goroutines may call at the same time, by what they document.
var concurrent = Words(`context.Context database/sql.DB html/template.Template log.Logger log/slog.Logger net/http.Client os.File regexp.Regexp
	strings.Replacer sync.Map sync.Pool text/template.Template time.Location time.Ticker time.Timer`)

// Concurrent reports whether fn, which is not compiled, may be called at the same time as others with the same first argument: what it does with
// that is no data race.
func Concurrent(fn *ssa.Function) bool {
	if fn == nil {
		return false
	}
	if Synchronises(fn) || PathOf(fn) == "sync/atomic" || PathOf(fn) == "context" || PathOf(fn) == "harkgen.local/std/context" {
		return true
	}
	recv := fn.Signature.Recv()
	if recv == nil {
		return false
	}
	name := TypeName(deref(recv.Type()))
	h, _ := HandleOf(deref(recv.Type()))
	return strings.HasPrefix(name, "sync/atomic.") || concurrent[name] && !h.Sets(fn.Name())
}

// SelfContained reports whether what a value of type t leads to is reached by its methods only, and by nobody else.
func SelfContained(t types.Type) bool { return TypeName(t) == "strings.Builder" }

// SynchronisedType reports whether values of type t are for several goroutines: a channel, a lock, an atomic.
func SynchronisedType(t types.Type) bool {
	if _, ok := t.Underlying().(*types.Chan); ok {
		return true
	}
	path, name, _ := strings.Cut(TypeName(t), ".")
	return path == "sync" && locks[name] || path == "sync/atomic"
}

// Communicates reports whether i sends or receives.
func Communicates(i ssa.Instruction) bool {
	switch i := i.(type) {
	case *ssa.Send, *ssa.Select:
		return true
	case *ssa.UnOp:
		return i.Op == token.ARROW
	}
	return false
}

// StaysWithin reports whether fn touches only elements of the slices that it is given, up to their lengths, and what its results and functions lead to.
func StaysWithin(fn *ssa.Function) bool {
	return within[Declared(fn)]
}

var within = Words("slices.Reverse slices.Sort slices.SortFunc slices.SortStableFunc sort.Float64s sort.Ints sort.Slice sort.SliceStable sort.Strings")

// carried are types of the library with locks or channels that processes can share nevertheless.
var carried = Words(`context.Context time.Ticker time.Timer`)

// Unshared says why processes cannot share a value of type t; "": they can, as far as the type tells.
func Unshared(t types.Type) string {
	if t == nil {
		return ""
	}
	if h, ok := HandleOf(t); ok && h.Cannot != "" {
		return h.Cannot
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || carried[TypeName(t)] || n.Obj().Pkg().Path() == "sync" {
		return ""
	}
	if Standard(n.Obj().Pkg().Path()) && Part(t, isLock) {
		return "a " + TypeName(t) + " has a lock or channel that its package uses in one process only"
	}
	return ""
}

// Standard reports whether the package with this path is of the standard library.
func Standard(path string) bool {
	root, _, _ := strings.Cut(path, "/")
	return libraryRoots[root]
}

// libraryRoots are the first elements of the paths of the standard library.
var libraryRoots = Words(`archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go hash html image index
	internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv strings structs sync syscall testing text time unicode unique vendor weak`)

// isLock reports whether a t is a lock or a channel.
func isLock(t types.Type) bool {
	return SynchronisedType(t) && !strings.HasPrefix(TypeName(t), "sync/atomic.")
}

// prompt are packages whose functions and methods wait for no other goroutine; of package sync, and os, these functions.
var (
	prompt = Words(`bytes cmp encoding/base64 encoding/hex errors fmt hash/crc32 html log log/slog maps math math/bits math/big math/rand math/rand/v2 net/netip net/url
		path path/filepath regexp slices sort strconv strings time unicode unicode/utf16 unicode/utf8`)
	promptOnes = Words(`(*sync.WaitGroup).Add (*sync.WaitGroup).Done (*sync.Mutex).Unlock (*sync.RWMutex).Unlock (*sync.RWMutex).RUnlock
		os.Getenv os.LookupEnv os.Environ os.ReadFile os.WriteFile os.Open os.Create os.MkdirAll os.Remove os.RemoveAll os.Stat`)
	endless = Words(`log.Fatal log.Fatalf log.Fatalln log.Panic log.Panicf log.Panicln`) // nothing comes after them
)

// NeverWaits reports whether fn, of the standard library, returns, and without having waited for another goroutine.
func NeverWaits(fn *ssa.Function) bool {
	name := Declared(fn)
	return promptOnes[name] || prompt[PathOf(fn)] && !endless[name] && !strings.HasPrefix(name, "(*log.Logger).Fatal") && !strings.HasPrefix(name, "(*log.Logger).Panic")
}
