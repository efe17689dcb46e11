package lower

// This file is the table of library functions that compiled code does not call as they are.

// A libraryFunc says what becomes of a call: a function of rt, or a refusal.
type libraryFunc struct {
	rt      string // function of package rt called instead
	g       bool   // takes g as its first argument
	refused string // why it cannot be compiled yet
	instead string // what to use
}

const noTimers = "timers other than time.Sleep and time.After are not saved yet"

// library is keyed by ssa.Function.String().
var library = map[string]libraryFunc{
	"time.Sleep":              {rt: "Sleep", g: true},
	"time.After":              {rt: "After"},
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

	"time.NewTimer":             {refused: noTimers, instead: "use time.After or time.Sleep"},
	"time.NewTicker":            {refused: noTimers, instead: "use time.After or time.Sleep in a loop"},
	"time.Tick":                 {refused: noTimers, instead: "use time.After or time.Sleep in a loop"},
	"time.AfterFunc":            {refused: noTimers, instead: "start a goroutine that sleeps"},
	"context.WithTimeout":       {refused: noTimers, instead: "use a done channel and time.After"},
	"context.WithDeadline":      {refused: noTimers, instead: "use a done channel and time.After"},
	"context.WithTimeoutCause":  {refused: noTimers, instead: "use a done channel and time.After"},
	"context.WithDeadlineCause": {refused: noTimers, instead: "use a done channel and time.After"},
	"context.WithCancel":        {refused: "the cancel function is a closure of code that is not compiled and cannot be saved yet", instead: "use a done channel"},
	"context.WithCancelCause":   {refused: "the cancel function is a closure of code that is not compiled and cannot be saved yet", instead: "use a done channel"},
	"context.AfterFunc":         {refused: "it starts a goroutine in code that is not compiled", instead: "start a goroutine that waits for the context"},
	"(*sync.Cond).Wait":         {refused: "waiting on a sync.Cond cannot be saved yet", instead: "use a channel"},
	"iter.Pull":                 {refused: "its coroutine cannot be saved yet", instead: "use a goroutine and a channel, or range over the function"},
	"iter.Pull2":                {refused: "its coroutine cannot be saved yet", instead: "use a goroutine and a channel, or range over the function"},
	"os/signal.Notify":          {refused: "its goroutine belongs to one machine", instead: "leave signals to harkgen"},
}
