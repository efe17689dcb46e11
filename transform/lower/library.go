package lower

import "golang.org/x/tools/go/ssa"

// This file is the table of library functions that compiled code does not call as they are.

// A libraryFunc says what becomes of a call: a function of rt, or a refusal.
type libraryFunc struct {
	rt      string // function of package rt called instead
	g       bool   // takes g as its first argument
	mayG    bool   // is called with a G after its name, and g, where there is one
	maybe   bool   // only a call that may suspend goes to rt
	sync    bool   // of package sync: it means the same without rt where nothing suspends
	refused string // why it cannot be compiled yet
	instead string // what to use
}

// library is keyed by ssa.Function.String().
var library = map[string]libraryFunc{
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
	"(*sync.WaitGroup).Go":    {rt: "WaitGroupGo", g: true},
	"(*sync.Cond).Wait":       {rt: "CondWait", g: true, sync: true},
	"(*sync.Cond).Signal":     {rt: "CondSignal", sync: true},
	"(*sync.Cond).Broadcast":  {rt: "CondBroadcast", sync: true},
	"(*sync.Once).Do":         {rt: "OnceDo", g: true, maybe: true},

	"os/signal.NotifyContext": {refused: "its goroutine belongs to one machine", instead: "leave signals to harkgen"},
	"os/signal.Notify":        {refused: "its goroutine belongs to one machine", instead: "leave signals to harkgen"},
}

// libraryOf returns what becomes of a call of callee, which may be nil.
func libraryOf(callee *ssa.Function, suspends bool) libraryFunc {
	if callee == nil {
		return libraryFunc{}
	}
	lib := library[callee.String()]
	if lib.maybe && !suspends {
		return libraryFunc{}
	}
	return lib
}

// InRuntime reports whether package rt has a function that is called instead of fn.
func InRuntime(fn *ssa.Function) bool { return library[fn.String()].rt != "" }
