// Package cost has what a construct of a program costs on AWS, as cmd/harkbench counts it: the table "Counted" of docs/costs.md, as data. A test holds the two
// together.
package cost

import "fmt"

// A Construct is something that a program does. The numbers are those of each further one.
type Construct struct {
	Name string // as in docs/costs.md

	Invocations               float64
	Put, Delete, Get, Query   float64 // requests to the table
	WriteUnits, ReadUnits     float64
	Messages, Schedules       float64 // requests to SQS and EventBridge Scheduler
	LowestPrice, HighestPrice float64 // dollars per million
}

// The constructs.
var (
	Run          = Construct{Name: "a run: main that prints a line; two lists of S3", Invocations: 1, Put: 2, Get: 1, Query: 3, WriteUnits: 2, ReadUnits: 4, Schedules: 1, LowestPrice: 13.8, HighestPrice: 13.8}
	RunOfSeveral = Construct{Name: "the same in a program with remote goroutines", Invocations: 1, Put: 3, Delete: 1, Get: 4, WriteUnits: 4, ReadUnits: 4, Schedules: 1, LowestPrice: 5.11, HighestPrice: 5.11}
	Local        = Construct{Name: "anything between goroutines of one process"}
	StartMany    = Construct{Name: "remote goroutine, started with others, result in a slice", Invocations: 1, Put: 0.02, Delete: 0.02, WriteUnits: 1, LowestPrice: 1.71, HighestPrice: 8.01}
	Collect      = Construct{Name: "the same, result on a channel", Invocations: 2, Put: 4, Delete: 3, WriteUnits: 12.1, LowestPrice: 18.7, HighestPrice: 18.7}
	StartOne     = Construct{Name: "remote goroutines one after the other, result on a channel", Invocations: 2, Put: 7, Delete: 5, WriteUnits: 17.2, LowestPrice: 11.9, HighestPrice: 11.9}
	Message      = Construct{Name: "a message between processes: send and receive", Invocations: 1, Put: 4, Delete: 2, WriteUnits: 8, LowestPrice: 5.74, HighestPrice: 5.74}
	Select       = Construct{Name: "the same where the receiver selects", Invocations: 1, Put: 4, Delete: 2, WriteUnits: 8, LowestPrice: 5.62, HighestPrice: 5.62}
	Lock         = Construct{Name: "lock, change, unlock of what another process knows", Invocations: 1, Put: 2, Delete: 1, WriteUnits: 4, LowestPrice: 3.11, HighestPrice: 3.11}
	SleepShort   = Construct{Name: "sleep of 1 s: the invocation stays", Put: 1, WriteUnits: 2.5, LowestPrice: 14.9, HighestPrice: 14.9}
	Sleep        = Construct{Name: "sleep of 3 s", Invocations: 1, Put: 1, Get: 1, WriteUnits: 2, ReadUnits: 1, Messages: 3, LowestPrice: 3.30, HighestPrice: 3.30}
	SleepLong    = Construct{Name: "sleep of 16 min", Invocations: 1, Put: 1, Get: 1, WriteUnits: 3, ReadUnits: 1, Schedules: 2, LowestPrice: 4.5, HighestPrice: 5.2}
	SleepSpread  = Construct{Name: "sleep of 3 s in a run of several processes", Invocations: 1, Put: 4, Delete: 1, Get: 8, WriteUnits: 5, ReadUnits: 8, Messages: 3, LowestPrice: 7.79, HighestPrice: 7.79}
)

// Constructs are all of them, as docs/costs.md has them.
var Constructs = []*Construct{&Run, &RunOfSeveral, &Local, &StartMany, &Collect, &StartOne, &Message, &Select, &Lock, &SleepShort, &Sleep, &SleepLong, &SleepSpread}

// Store is the number of requests to the store.
func (c *Construct) Store() float64 { return c.Put + c.Delete + c.Get + c.Query }

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
