package lower

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/ir"
)

// This file is the table of library functions that compiled code does not call as they are.

// A libraryFunc says what becomes of a call: a function of rt.
type libraryFunc struct {
	rt    string          // function of package rt called instead
	g     bool            // takes g as its first argument
	mayG  bool            // is called with a G after its name, and g, where there is one
	maybe bool            // only a call that may suspend goes to rt
	word  string          // function of package rt that makes the first argument what rt takes,
	to    types.BasicKind // a pointer to this
	sync  bool            // of package sync: it means the same without rt where nothing suspends
}

// groupGo starts a goroutine for a thunk. With Func after its name it takes a func value, as (*sync.WaitGroup).Go does.
const groupGo = "WaitGroupGo"

// libraryFuncs is keyed by suspend.Name.
var libraryFuncs = map[string]libraryFunc{
	"time.Sleep":              {rt: "Sleep", g: true},
	"time.AfterFunc":          {rt: "AfterFunc"},
	"(*sync.Mutex).Lock":      {rt: "Lock", g: true, sync: true},
	"(*sync.Mutex).Unlock":    {rt: "Unlock", mayG: true, sync: true},
	"(*sync.RWMutex).Lock":    {rt: "RWLock", g: true, sync: true},
	"(*sync.RWMutex).RLock":   {rt: "RLock", g: true, sync: true},
	"(*sync.RWMutex).Unlock":  {rt: "RWUnlock", mayG: true, sync: true},
	"(*sync.RWMutex).RUnlock": {rt: "RUnlock", mayG: true, sync: true},
	"(*sync.WaitGroup).Add":   {rt: "WaitGroupAdd", sync: true},
	"(*sync.WaitGroup).Done":  {rt: "WaitGroupDone", sync: true},
	"(*sync.WaitGroup).Wait":  {rt: "WaitGroupWait", g: true, sync: true},
	"(*sync.WaitGroup).Go":    {rt: groupGo, g: true},
	"(*sync.Cond).Wait":       {rt: "CondWait", g: true, sync: true},
	"(*sync.Cond).Signal":     {rt: "CondSignal", sync: true},
	"(*sync.Cond).Broadcast":  {rt: "CondBroadcast", sync: true},
	"(*sync.Once).Do":         {rt: "OnceDo", g: true, maybe: true},

	// Of package context as it is compiled along: transform/load/context.go.
	"context.hark_register":  {rt: "RegisterContexts"},
	"context.hark_made":      {rt: "DoneMade"},
	"context.hark_pending":   {rt: "CallbackPending"},
	"context.hark_timer":     {rt: "ContextTimer"},
	"context.hark_cancelled": {rt: "ContextCancelled"},
	"context.hark_end":       {rt: "EndContext", mayG: true},

	// Of package hark_event, transform/glue/hark_event.
	"hark_event.next":    {rt: "NextEvent", g: true},
	"hark_event.start":   {rt: "StartEvents"},
	"hark_event.stop":    {rt: "StopEvents"},
	"hark_event.respond": {rt: "Respond"},
	"hark_event.linger":  {rt: "Linger"},
}

// shared is what becomes, besides, of functions where processes may share what they work on.
var shared = map[string]libraryFunc{
	"(*sync.Mutex).TryLock":    {rt: "TryLock", g: true},
	"(*sync.RWMutex).TryLock":  {rt: "TryRWLock", g: true},
	"(*sync.RWMutex).TryRLock": {rt: "TryRLock", g: true},
}

func init() {
	for _, op := range []string{"Load", "Store", "LoadOrStore", "LoadAndDelete", "Delete", "Swap", "CompareAndSwap", "CompareAndDelete", "Clear", "Range"} {
		shared["(*sync.Map)."+op] = libraryFunc{rt: "Map" + op, g: true}
	}
	for _, op := range []string{"Load", "Store", "Swap", "CompareAndSwap", "Add", "And", "Or"} {
		for word, kind := range map[string]types.BasicKind{"Int32": types.Int32, "Int64": types.Int64, "Uint32": types.Uint32, "Uint64": types.Uint64, "Uintptr": types.Uintptr} {
			shared["sync/atomic."+op+word] = libraryFunc{rt: "Atomic" + op, g: true}
			shared["(*sync/atomic."+word+")."+op] = libraryFunc{rt: "Atomic" + op, g: true, word: word + "Word", to: kind}
		}
		shared["(*sync/atomic.Bool)."+op] = libraryFunc{rt: "AtomicBool" + op, g: true}
		shared["(*sync/atomic.Pointer[T])."+op] = libraryFunc{rt: "AtomicPointer" + op, g: true}
		shared["(*sync/atomic.Value)."+op] = libraryFunc{rt: "AtomicValue" + op, g: true}
	}
}

// convert makes of e, the first argument, what rt takes.
func (lib libraryFunc) convert(e *ir.Expr) *ir.Expr {
	if lib.word == "" {
		return e
	}
	c := rt(lib.word, e)
	c.Type = types.NewPointer(types.Typ[lib.to])
	return c
}

// sharedOf returns what becomes of function o where processes may share what it works on.
func sharedOf(o types.Object) libraryFunc {
	fn, ok := o.(*types.Func)
	if !ok {
		return libraryFunc{}
	}
	return shared[fn.Origin().FullName()]
}

// libraryOf returns what becomes of a call of callee, which may be nil, in function b.
func (b *fn) libraryOf(callee *ssa.Function, suspends bool) libraryFunc {
	if suspend.SharedCall(callee) != "" && b.sharesMemory() {
		return sharedOf(callee.Object())
	}
	return libraryOf(callee, suspends)
}

// libraryOf returns what becomes of a call of callee, which may be nil.
func libraryOf(callee *ssa.Function, suspends bool) libraryFunc {
	if callee == nil {
		return libraryFunc{}
	}
	lib := libraryFuncs[suspend.Name(callee)]
	if lib.maybe && !suspends {
		return libraryFunc{}
	}
	return lib
}

// InRuntime reports whether package rt has a function that is called instead of fn.
func InRuntime(fn *ssa.Function) bool { return libraryFuncs[suspend.Name(fn)].rt != "" }
