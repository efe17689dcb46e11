package model

import (
	"errors"
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/harkgen/harkgen/rt/exchange"
)

var (
	rendezvous = exchange.Share{Kind: exchange.KindChannel}
	buffered   = exchange.Share{Kind: exchange.KindChannel, Capacity: 1}
	mutex      = exchange.Share{Kind: exchange.KindMutex}
	rwmutex    = exchange.Share{Kind: exchange.KindRWMutex}
	cond       = exchange.Share{Kind: exchange.KindCond}
	ctx        = exchange.Share{Kind: exchange.KindContext}
	derived    = exchange.Share{Kind: exchange.KindContext, Parent: exchange.NewObjectID(0, 1)}
	region     = exchange.Share{Kind: exchange.KindRegion, Content: exchange.Value{Data: make([]byte, 8)}}
)

func group(n int64) exchange.Share { return exchange.Share{Kind: exchange.KindWaitGroup, Count: n} }

const deadlock = "exit 2 fatal error: all goroutines are asleep - deadlock!"

func one(code ...instr) program { return program{code} }

var scenarios = []*scenario{
	{
		name:    "two values over one channel",
		objects: []exchange.Share{rendezvous},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "recv", a: 1}, instr{do: "print"}, instr{do: "recv", a: 1}, instr{do: "print"}, instr{do: "exit"}),
			one(instr{do: "send", a: 1, b: 1}, instr{do: "send", a: 1, b: 2}, instr{do: "end"}),
		},
		want: []string{"1 2 exit 0"},
	},
	{
		name:    "two producers",
		objects: []exchange.Share{buffered},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "spawn", a: 2}, instr{do: "recv", a: 1}, instr{do: "print"}, instr{do: "recv", a: 1}, instr{do: "print"}, instr{do: "exit"}),
			one(instr{do: "send", a: 1, b: 1}, instr{do: "end"}),
			one(instr{do: "send", a: 1, b: 2}, instr{do: "end"}),
		},
		want: []string{"1 2 exit 0", "2 1 exit 0"},
	},
	{
		name:    "fifo among values of a buffer and a sender that waits",
		objects: []exchange.Share{buffered},
		programs: []program{
			{
				{{do: "spawn", a: 1}, {do: "recv", a: 1}, {do: "print"}, {do: "recv", a: 1}, {do: "print"}, {do: "recv", a: 1}, {do: "print"}, {do: "exit"}},
			},
			one(instr{do: "send", a: 1, b: 1}, instr{do: "send", a: 1, b: 2}, instr{do: "close", a: 1}, instr{do: "end"}),
		},
		want: []string{"1 2 -1 exit 0"},
	},
	{
		name:    "select",
		objects: []exchange.Share{rendezvous, rendezvous},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "spawn", a: 2},
				instr{do: "select", cases: []arm{{ch: 1, to: 3}, {ch: 2, to: 5}}},
				instr{do: "print"}, instr{do: "goto", a: 7}, // 3
				instr{do: "print"}, instr{do: "goto", a: 8}, // 5
				instr{do: "goto", a: 10}, // 7: the first has come
				instr{do: "recv", a: 1},  // 8
				instr{do: "goto", a: 11},
				instr{do: "recv", a: 2}, // 10
				instr{do: "print"}, instr{do: "exit"}),
			one(instr{do: "send", a: 1, b: 1}, instr{do: "end"}),
			one(instr{do: "send", a: 2, b: 2}, instr{do: "end"}),
		},
		want: []string{"1 2 exit 0", "2 1 exit 0"},
	},
	{
		name:    "two selects that meet on one channel or the other",
		objects: []exchange.Share{rendezvous, rendezvous},
		programs: []program{
			one(instr{do: "spawn", a: 1},
				instr{do: "select", cases: []arm{{ch: 1, send: true, val: 5, to: 2}, {ch: 2, to: 4}}},
				instr{do: "print", a: 1, b: 7}, instr{do: "exit"},
				instr{do: "print"}, instr{do: "exit"}),
			one(instr{do: "select", cases: []arm{{ch: 1, to: 1}, {ch: 2, send: true, val: 6, to: 1}}}, instr{do: "end"}),
		},
		want: []string{"6 exit 0", "7 exit 0"},
		one:  true, // the choice depends on the state alone: no failure may change it
	},
	{
		name:    "a timer and a sender",
		objects: []exchange.Share{rendezvous},
		programs: []program{
			one(instr{do: "spawn", a: 1},
				instr{do: "select", cases: []arm{{ch: 1, to: 4}}, timeout: 2},
				instr{do: "print", a: 1, b: 9}, instr{do: "recv", a: 1}, // 2
				instr{do: "print"}, instr{do: "exit"}), // 4
			one(instr{do: "send", a: 1, b: 1}, instr{do: "end"}),
		},
		want: []string{"1 exit 0", "9 1 exit 0"},
	},
	{
		name:    "a lock, a region and a wait group",
		objects: []exchange.Share{mutex, region, group(2)},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "spawn", a: 1}, instr{do: "wait", a: 3}, instr{do: "print", a: 2}, instr{do: "exit"}),
			one(instr{do: "lock", a: 1}, instr{do: "word", a: 2, b: 1}, instr{do: "unlock", a: 1}, instr{do: "add", a: 3, b: -1}, instr{do: "end"}),
		},
		want: []string{"2 exit 0"},
	},
	{
		name:    "an atomic",
		objects: []exchange.Share{region, group(2)},
		programs: []program{
			one(instr{do: "word", a: 1, b: 5}, instr{do: "spawn", a: 1}, instr{do: "spawn", a: 1}, instr{do: "wait", a: 2}, instr{do: "print", a: 2}, instr{do: "exit"}),
			one(instr{do: "atomic", a: 1, b: 1}, instr{do: "add", a: 2, b: -1}, instr{do: "end"}),
		},
		want: []string{"7 exit 0"},
	},
	{
		name:    "a condition",
		objects: []exchange.Share{mutex, cond, region},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "lock", a: 1},
				instr{do: "unless", a: 0, b: 5}, instr{do: "cond", a: 2, b: 1}, instr{do: "goto", a: 2},
				instr{do: "print", a: 2}, instr{do: "unlock", a: 1}, instr{do: "exit"}),
			one(instr{do: "lock", a: 1}, instr{do: "word", a: 3, b: 4}, instr{do: "signal", a: 2}, instr{do: "unlock", a: 1}, instr{do: "end"}),
		},
		want: []string{"4 exit 0"},
	},
	{
		name:    "two goroutines of one process, and one that ends at once",
		objects: []exchange.Share{rendezvous, group(3)},
		programs: []program{
			{
				{{do: "spawn", a: 1}, {do: "wait", a: 2}, {do: "exit", a: 3}},
				{{do: "recv", a: 1}, {do: "print"}, {do: "add", a: 2, b: -1}, {do: "end"}},
			},
			{
				{{do: "add", a: 2, b: -1}, {do: "end"}},
				{{do: "send", a: 1, b: 1}, {do: "add", a: 2, b: -1}, {do: "end"}},
			},
		},
		want: []string{"1 exit 3"},
	},
	{
		name:    "a context that two cancel",
		objects: []exchange.Share{ctx, group(2)},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "spawn", a: 2}, instr{do: "done", a: 1}, instr{do: "print"}, instr{do: "wait", a: 2}, instr{do: "exit"}),
			one(instr{do: "cancel", a: 1, b: 1}, instr{do: "done", a: 1}, instr{do: "print"}, instr{do: "add", a: 2, b: -1}, instr{do: "end"}),
			one(instr{do: "cancel", a: 1, b: 2}, instr{do: "done", a: 1}, instr{do: "print"}, instr{do: "add", a: 2, b: -1}, instr{do: "end"}),
		},
		want: []string{"1 1 1 exit 0", "2 2 2 exit 0"}, // all see the same
	},
	{
		name:    "a cancellation comes before what follows it",
		objects: []exchange.Share{ctx, derived, rendezvous},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "recv", a: 3}, instr{do: "err", a: 2}, instr{do: "print"}, instr{do: "exit"}),
			one(instr{do: "cancel", a: 1, b: 5}, instr{do: "send", a: 3, b: 1}, instr{do: "end"}),
		},
		want: []string{"5 exit 0"},
	},
	{
		name:    "nobody cancels",
		objects: []exchange.Share{ctx, derived},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "done", a: 2}, instr{do: "print"}, instr{do: "done", a: 1}, instr{do: "end"}),
			one(instr{do: "cancel", a: 2, b: 4}, instr{do: "end"}),
		},
		want: []string{"4 " + deadlock},
	},
	{
		name:    "send on closed",
		objects: []exchange.Share{rendezvous},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "close", a: 1}, instr{do: "recv", a: 0}, instr{do: "end"}),
			one(instr{do: "send", a: 1, b: 1}, instr{do: "end"}),
		},
		want: []string{"exit 2 panic: send on closed channel"},
	},
	{
		name:    "a default clause, and the length of a buffer",
		objects: []exchange.Share{buffered},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "len", a: 1}, instr{do: "print"},
				instr{do: "select", cases: []arm{{ch: 1, to: 5}}, other: 4},
				instr{do: "exit", a: 9},
				instr{do: "print"}, instr{do: "exit"}), // 5
			one(instr{do: "send", a: 1, b: 1}, instr{do: "end"}),
		},
		want: []string{"0 1 exit 0", "0 exit 9"},
	},
	{
		name:    "a try-lock",
		objects: []exchange.Share{mutex, rendezvous},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "len", a: 2}, instr{do: "trylock", a: 1, other: 5},
				instr{do: "print", a: 1, b: 1}, instr{do: "exit"},
				instr{do: "print", a: 1, b: 2}, instr{do: "exit"}), // 5
			one(instr{do: "lock", a: 1}, instr{do: "unlock", a: 1}, instr{do: "end"}),
		},
		want: []string{"1 exit 0", "2 exit 0"},
	},
	{
		name:    "a reader and a writer",
		objects: []exchange.Share{rwmutex, region, rendezvous},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "len", a: 3}, instr{do: "rlock", a: 1}, instr{do: "print", a: 2}, instr{do: "runlock", a: 1}, instr{do: "exit"}),
			one(instr{do: "lock", a: 1}, instr{do: "word", a: 2, b: 1}, instr{do: "unlock", a: 1}, instr{do: "end"}),
		},
		want: []string{"0 exit 0", "1 exit 0"},
	},
	{
		name:    "two that wait for a broadcast",
		objects: []exchange.Share{mutex, cond, region, group(2)},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "spawn", a: 1}, instr{do: "lock", a: 1}, instr{do: "word", a: 3, b: 1}, instr{do: "broadcast", a: 2},
				instr{do: "unlock", a: 1}, instr{do: "wait", a: 4}, instr{do: "print", a: 2}, instr{do: "exit"}),
			one(instr{do: "lock", a: 1}, instr{do: "unless", a: 0, b: 4}, instr{do: "cond", a: 2, b: 1}, instr{do: "goto", a: 1},
				instr{do: "add", a: 4, b: -1}, instr{do: "unlock", a: 1}, instr{do: "end"}),
		},
		want: []string{"1 exit 0"},
	},
	{
		name:    "a region that is forgotten while it is on its way",
		objects: []exchange.Share{rendezvous, region, group(2)},
		programs: []program{
			{
				{{do: "spawn", a: 1}, {do: "recv", a: 1}, {do: "print", a: 2}, {do: "exit"}},
				{{do: "forget", a: 2}, {do: "end"}},
			},
			one(instr{do: "word", a: 2, b: 4}, instr{do: "sendref", a: 1, b: 2}, instr{do: "end"}),
		},
		want: []string{"4 exit 0"},
	},
	{
		name:    "deadlock",
		objects: []exchange.Share{rendezvous},
		programs: []program{
			one(instr{do: "spawn", a: 1}, instr{do: "print", a: 1, b: 1}, instr{do: "recv", a: 1}, instr{do: "end"}),
			one(instr{do: "recv", a: 1}, instr{do: "end"}),
		},
		want: []string{"1 " + deadlock},
	},
}

var deep = flag.Bool("deep", false, "explore with larger budgets: minutes, not seconds")

// budgets bound what goes wrong. With three processes there are a hundred times as many states: they have the smaller ones.
var budgets = []struct {
	name string
	most int // processes
	deep bool
	left budget
}{
	{"no failure", 3, false, budget{early: 1, fewer: 1}},
	{"crashes of workers", 3, false, budget{workers: 2, fewer: 1}},
	{"two workers", 3, false, budget{seconds: 1, workers: 1, early: 1}},
	{"messages", 3, false, budget{duplicates: 1, seconds: 1, workers: 1}},
	{"engines", 2, false, budget{engines: 2, checkpoints: 1}},
	{"an engine and messages", 2, false, budget{engines: 1, checkpoints: 1, duplicates: 1}},
	{"an engine and workers", 2, false, budget{engines: 1, seconds: 1, workers: 1, fewer: 1}},
	{"an engine of three", 3, false, budget{engines: 1}},
	{"a checkpoint of three", 3, false, budget{engines: 1, checkpoints: 1}},
	{"an engine and workers of three", 3, true, budget{engines: 1, seconds: 1, workers: 1}},
	{"all", 2, true, budget{engines: 1, checkpoints: 1, seconds: 1, workers: 1}},
	{"more engines", 2, true, budget{engines: 3, checkpoints: 2}},
}

// processes returns how many processes s has.
func (s *scenario) processes() int {
	n := 1
	for _, in := range s.programs[0][0] {
		if in.do == "spawn" {
			n++
		}
	}
	return n
}

// TestModel explores every scenario with every budget of failures: what comes of it is what may come of it without any, and all of that.
func TestModel(t *testing.T) {
	for _, s := range scenarios {
		for _, b := range budgets {
			if s.processes() > b.most || b.deep && !*deep {
				continue
			}
			t.Run(s.name+"/"+b.name, func(t *testing.T) {
				got, states, err := explore(s, b.left, "")
				t.Logf("%d states", states)
				if err != nil {
					t.Fatal(err)
				}
				if !s.allows(got) {
					t.Errorf("got %q, want %q", got, s.want)
				}
			})
		}
	}
}

// TestBroken switches rules off, one at a time: the model must miss each.
func TestBroken(t *testing.T) {
	for _, rule := range []string{"resend", "one-put", "one-create", "fenced-engine", "step-once", "commit-first", "sweep"} {
		t.Run(rule, func(t *testing.T) {
			for _, b := range budgets {
				for _, s := range scenarios {
					if s.processes() > min(b.most, 2) || b.deep {
						continue
					}
					got, _, err := explore(s, b.left, rule)
					if err != nil && !errors.Is(err, errWrong) {
						t.Fatal(err)
					}
					if err != nil || !s.allows(got) {
						t.Logf("%s, %s: %q, %.60v", s.name, b.name, got, err)
						return
					}
				}
			}
			t.Error("nothing goes wrong without it")
		})
	}
}

func init() {
	for _, s := range scenarios {
		slices.SortFunc(s.want, strings.Compare)
	}
}
