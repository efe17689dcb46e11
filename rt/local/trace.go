// This file shows traces of goroutines that are in several processes.

package local

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/harkgen/harkgen/rt/exchange"
)

// running begins the traces that the runtime prints when a goroutine panics.
var running = regexp.MustCompile(`(?m)^goroutine \d+ (?:\S+=\S+ )*\[running[^\]\n]*\]:\n`)

// replaceTrace replaces what the runtime has printed last, traces of native goroutines, by a trace in the words of the program.
func replaceTrace(outputs []exchange.Op, trace string) []exchange.Op {
	for i := len(outputs) - 1; i >= 0; i-- {
		op := &outputs[i]
		if op.N != 2 {
			continue
		}
		if all := running.FindAllIndex(op.Value.Data, -1); len(all) > 0 {
			at := all[len(all)-1][0]
			op.Value.Data = append(op.Value.Data[:at:at], trace...)
			return outputs
		}
	}
	return append(outputs, exchange.Op{Kind: exchange.OpOutput, N: 2, Value: exchange.Value{Data: []byte(trace)}})
}

// maxTraced is how many processes a report of a deadlock has.
const maxTraced = 100

// traceAll prints what the goroutines of all processes wait for, in the manner of Go's report of a deadlock. In waits is what the exchange knows, which is printed
// of processes that cannot be described.
func (r *Run) traceAll(ctx context.Context, live []exchange.ProcessID, waits []exchange.Waiting) {
	d := &processDescriber{o: &r.o, run: &r.rec, how: InspectOptions{Depth: 1, Elems: 1, String: 1, Goroutines: 1000}}
	defer d.end()
	for i, p := range live {
		if i == maxTraced {
			fmt.Fprintf(r.o.Stderr, "\n...%d more processes...\n", len(live)-i)
			return
		}
		in, _, err := d.describe(ctx, uint32(p))
		if err != nil {
			for _, w := range waits {
				if w.Process == p {
					fmt.Fprintf(r.o.Stderr, "\ngoroutine %d [%s, process %d]:\n", w.G, w.Reason, p)
				}
			}
			continue
		}
		for _, g := range in.Goroutines {
			fmt.Fprintf(r.o.Stderr, "\ngoroutine %d [%s, process %d]:\n", g.ID, g.Op, p)
			for _, f := range g.Frames {
				args := "(...)"
				if f.Function == "main.main" {
					args = "()"
				}
				fmt.Fprintf(r.o.Stderr, "%s%s\n\t%s\n", f.Function, args, f.Position[:max(0, strings.LastIndexByte(f.Position, ':'))])
			}
			for _, o := range in.Origin {
				fmt.Fprintf(r.o.Stderr, "created by %s\n\t%s\n", o.By, o.Position)
			}
		}
	}
}
