package library

import (
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

// SynchronisedType reports whether values of type t are for several goroutines: a channel, a lock, an atomic.
func SynchronisedType(t types.Type) bool {
	if _, ok := t.Underlying().(*types.Chan); ok {
		return true
	}
	path, name, _ := strings.Cut(TypeName(t), ".")
	return path == "sync" && locks[name] || path == "sync/atomic"
}
