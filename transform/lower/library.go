package lower

import "golang.org/x/tools/go/ssa"

// This file is the table of library functions that compiled code does not call as they are.

// A libraryFunc says what becomes of a call: a function of rt, or a refusal.
type libraryFunc struct {
	rt      string // function of package rt called instead
	g       bool   // takes g as its first argument
	maybe   bool   // only a call that may suspend goes to rt
	refused string // why it cannot be compiled yet
	instead string // what to use
}

const noContext = "the timer of a context belongs to code that is not compiled yet"

// library is keyed by ssa.Function.String().
var library = map[string]libraryFunc{
	"time.Sleep":              {rt: "Sleep", g: true},
	"time.AfterFunc":          {rt: "AfterFunc"},
	"(*sync.Mutex).Lock":      {rt: "Lock", g: true},
	"(*sync.Mutex).Unlock":    {rt: "Unlock"},
	"(*sync.RWMutex).Lock":    {rt: "RWLock", g: true},
	"(*sync.RWMutex).RLock":   {rt: "RLock", g: true},
	"(*sync.RWMutex).Unlock":  {rt: "RWUnlock"},
	"(*sync.RWMutex).RUnlock": {rt: "RUnlock"},
	"(*sync.WaitGroup).Add":   {rt: "WaitGroupAdd"},
	"(*sync.WaitGroup).Done":  {rt: "WaitGroupDone"},
	"(*sync.WaitGroup).Wait":  {rt: "WaitGroupWait", g: true},
	"(*sync.WaitGroup).Go":    {rt: "WaitGroupGo", g: true},
	"(*sync.Cond).Wait":       {rt: "CondWait", g: true},
	"(*sync.Cond).Signal":     {rt: "CondSignal"},
	"(*sync.Cond).Broadcast":  {rt: "CondBroadcast"},
	"(*sync.Once).Do":         {rt: "OnceDo", g: true, maybe: true},

	"context.WithTimeout":       {refused: noContext, instead: "use a done channel and time.After"},
	"context.WithDeadline":      {refused: noContext, instead: "use a done channel and time.After"},
	"context.WithTimeoutCause":  {refused: noContext, instead: "use a done channel and time.After"},
	"context.WithDeadlineCause": {refused: noContext, instead: "use a done channel and time.After"},
	"context.WithCancel":        {refused: "the cancel function is a closure of code that is not compiled and cannot be saved yet", instead: "use a done channel"},
	"context.WithCancelCause":   {refused: "the cancel function is a closure of code that is not compiled and cannot be saved yet", instead: "use a done channel"},
	"context.AfterFunc":         {refused: "it starts a goroutine in code that is not compiled", instead: "start a goroutine that waits for the context"},
	"iter.Pull":                 {refused: "its coroutine cannot be saved yet", instead: "use a goroutine and a channel, or range over the function"},
	"iter.Pull2":                {refused: "its coroutine cannot be saved yet", instead: "use a goroutine and a channel, or range over the function"},
	"os/signal.Notify":          {refused: "its goroutine belongs to one machine", instead: "leave signals to harkgen"},
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
