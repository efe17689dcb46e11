// Package cost has what a construct of a program costs on AWS, as cmd/harkbench counts it: the table "Counted" of docs/costs.md, as data. A test holds the two
// together.
package cost

import "fmt"

// A Construct is something that a program does. The numbers are those of each further one.
type Construct struct {
	Name string // as in docs/costs.md

	Invocations               float64
	Put, Transact             float64 // requests to the table
	Delete, Get, Query        float64
	WriteUnits, ReadUnits     float64
	Messages, Schedules       float64 // requests to SQS and EventBridge Scheduler
	LowestPrice, HighestPrice float64 // dollars per million
}

// The constructs.
var (
	Run           = Construct{Name: "a run: main that prints a line", Invocations: 1, Put: 2, Get: 1, WriteUnits: 2, ReadUnits: 1, Messages: 3, LowestPrice: 3.18, HighestPrice: 3.18}
	RunOfSeveral  = Construct{Name: "the same in a program with remote goroutines", Invocations: 1, Put: 3, Get: 4, WriteUnits: 4, ReadUnits: 4, Schedules: 1, LowestPrice: 5.11, HighestPrice: 6.25}
	Local         = Construct{Name: "anything between goroutines of one process"}
	StartMany     = Construct{Name: "remote goroutine, started with others, result in a slice", Invocations: 1, Put: 0.02, WriteUnits: 1.8, LowestPrice: 2.2, HighestPrice: 8.5}
	Collect       = Construct{Name: "the same, result on a channel", Invocations: 1.8, Put: 1, Transact: 0.02, Get: 1, WriteUnits: 7.6, ReadUnits: 1, LowestPrice: 9.66, HighestPrice: 9.66}
	StartOne      = Construct{Name: "remote goroutines one after the other, result on a channel", Invocations: 2, Put: 2, Transact: 1.5, WriteUnits: 17.7, LowestPrice: 12.7, HighestPrice: 12.7}
	Message       = Construct{Name: "a message between processes: send and receive", Invocations: 1, Put: 1.2, Transact: 1, WriteUnits: 9.4, LowestPrice: 6.69, HighestPrice: 6.69}
	Select        = Construct{Name: "the same where the receiver selects", Invocations: 1, Put: 1.3, Transact: 1, WriteUnits: 9.6, LowestPrice: 6.77, HighestPrice: 6.77}
	Lock          = Construct{Name: "lock, change, unlock of what another process knows", Invocations: 1, Put: 2, WriteUnits: 4, LowestPrice: 3.19, HighestPrice: 3.19}
	SleepShort    = Construct{Name: "sleep of 1 s: the invocation stays", Put: 1, WriteUnits: 2.5, LowestPrice: 14.9, HighestPrice: 14.9}
	Sleep         = Construct{Name: "sleep of 3 s", Invocations: 1, Put: 1, Get: 1, WriteUnits: 2, ReadUnits: 1, Messages: 3, LowestPrice: 3.30, HighestPrice: 3.30}
	SleepLong     = Construct{Name: "sleep of 16 min", Invocations: 1, Put: 1, Get: 1, WriteUnits: 3, ReadUnits: 1, Schedules: 2, LowestPrice: 4.5, HighestPrice: 5.2}
	SleepSpread   = Construct{Name: "sleep of 3 s in a run of several processes", Invocations: 1, Put: 2, Transact: 1, Get: 8, WriteUnits: 7, ReadUnits: 8, Messages: 3, LowestPrice: 9.30, HighestPrice: 9.30}
	Request       = Construct{Name: "a request to a server, when the one before is answered", Invocations: 1, Put: 3, Get: 2.5, Query: 8.1, WriteUnits: 12.4, ReadUnits: 15.7, LowestPrice: 12.1, HighestPrice: 12.1}
	RequestOfMany = Construct{Name: "one of 24 at once", Invocations: 1, Put: 2.6, Get: 5.7, Query: 7.3, WriteUnits: 10.9, ReadUnits: 42.7, Messages: 1.7, LowestPrice: 23.1, HighestPrice: 23.1}
)

// Constructs are all of them, as docs/costs.md has them.
var Constructs = []*Construct{&Run, &RunOfSeveral, &Local, &StartMany, &Collect, &StartOne, &Message, &Select, &Lock, &SleepShort, &Sleep, &SleepLong, &SleepSpread, &Request, &RequestOfMany}

// Store is the number of requests to the store.
func (c *Construct) Store() float64 { return c.Put + c.Transact + c.Delete + c.Get + c.Query }

// Price is what a million cost: "$5.74", "$1.71 to 8.01", "nothing".
func (c *Construct) Price() string {
	switch {
	case c.HighestPrice == 0:
		return "nothing"
	case c.LowestPrice == c.HighestPrice:
		return fmt.Sprintf("$%g", c.HighestPrice)
	}
	return fmt.Sprintf("$%g to %g", c.LowestPrice, c.HighestPrice)
}
