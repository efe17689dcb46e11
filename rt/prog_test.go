package rt_test

import (
	"fmt"

	"github.com/harkgen/harkgen/rt"
)

// This file holds programs as the compiler would emit them. Each main appends what it sees to out, which is state of the program, so that a
// repeated or lost step shows.

var out []string

func say(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }

type program struct {
	name string
	main rt.Thunk
	want []string
	slow bool // too many operations for a process each
}

var programs = []program{
	{"pool", &poolMain{}, []string{"sum 285", "jobs 10"}, false},
	{"pingpong", &pingMain{}, []string{"got 20"}, false},
	{"timeout", &timeoutMain{}, []string{"timeout", "value 7 true"}, false},
	{"fib", &fibMain{}, []string{"fib 55"}, true},
	{"mutex", &mutexMain{}, []string{"n 60"}, false},
	{"rwmutex", &rwMain{}, []string{"n 12"}, false},
	{"cond", &condMain{}, []string{"all 4"}, false},
	{"sleep", &sleepMain{}, []string{"slept"}, false},
	{"naps", &napsMain{}, []string{"napped 3"}, false},
	{"defers", &defersMain{}, []string{"body", "second 1", "first 2", "after 3", "recovered boom", "outer done", "named 42"}, false},
	{"closure", &closureMain{}, []string{"3", "6", "9"}, false},
	{"goexit", &goexitMain{}, []string{"deferred", "waited"}, false},
	{"ranges", &rangesMain{}, []string{"sum 10", "0a 1é 3b "}, false},
	{"fifo", &fifoMain{}, []string{"0 1 2 3 4"}, false},
}
