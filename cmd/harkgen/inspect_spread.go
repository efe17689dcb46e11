// This file prints what inspect has found of a run that may have several processes.

package main

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
)

func sharedAs(name string) string {
	if name == "" {
		return ""
	}
	return ", shared as " + name
}

// origin prints the go statements that have led to a process.
func (p *inspectPrinter) origin(list []local.InspectedOrigin) {
	for _, o := range list {
		p.printf("created by %s\n\t%s\n", o.By, o.Position)
	}
}

// spread prints a table of the processes and one of what they share.
func (p *inspectPrinter) spread(run *store.Run, s *local.Spread) {
	p.printf("run %s of %s, %s, %s\n", run.ID, run.Program.Package, run.State, count(len(s.Processes)+s.Omitted, "process", "processes"))
	if run.Error != "" {
		p.printf("%s\n", run.Error)
	}
	p.printf("\n")
	t := tabwriter.NewWriter(p.w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "PROCESS\tSTATE\tSTEP\tBYTES\tGOROUTINE\tWAITS FOR\tAT\tCREATED BY")
	for _, x := range s.Processes {
		p.processRow(t, &x)
	}
	t.Flush()
	if s.Omitted > 0 {
		p.printf("and %d more\n", s.Omitted)
	}
	if len(s.Shared) == 0 {
		return
	}
	p.printf("\n")
	fmt.Fprintln(t, "SHARED\tTYPE\tSTATE\tPROCESSES\tWAITING (PROCESS/GOROUTINE)")
	for _, o := range s.Shared {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\n", o.ID, goTypes.Replace(o.Type), o.State, o.Processes, waiting(o.Waiting))
	}
	t.Flush()
}

// maxRows is how many goroutines of a process have a row.
const maxRows = 5

// processRow prints a row for each goroutine; only the first one has the columns of the process.
func (p *inspectPrinter) processRow(t *tabwriter.Writer, x *local.ProcessInfo) {
	state := x.State
	if !x.Wake.IsZero() {
		state += " until " + p.when(x.Wake)
	}
	by := ""
	if len(x.Origin) > 0 {
		by = x.Origin[0].By + " at " + x.Origin[0].Position
	}
	fmt.Fprintf(t, "%d\t%s\t%d\t%d", x.Number, state, x.Step, x.Bytes)
	switch {
	case x.Err != "":
		fmt.Fprintf(t, "\t\t%s\t\t%s\n", x.Err, by)
	case x.Step == 0:
		fmt.Fprintf(t, "\t\tnot begun\t\t%s\n", by)
	case len(x.Goroutines) == 0:
		fmt.Fprintf(t, "\t\t\t\t%s\n", by)
	}
	for i, g := range x.Goroutines {
		if i > 0 {
			by = ""
			fmt.Fprint(t, "\t\t\t")
		}
		if i == maxRows {
			fmt.Fprintf(t, "\tand %d more\t\t\t\n", len(x.Goroutines)-i)
			break
		}
		fmt.Fprintf(t, "\t%d\t%s\t%s\t%s\n", g.ID, strings.TrimSpace(g.Op+" "+g.Shared), place(store.G{Pos: g.Position, Func: g.Function}), by)
	}
}

// maxWaiting is how many of those that wait for one thing are named.
const maxWaiting = 8

func waiting(list []local.SharedWaiter) string {
	var parts []string
	for i, w := range list {
		if i == maxWaiting {
			parts = append(parts, fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		who := fmt.Sprintf("%d/%d", w.Process, w.Goroutine)
		if i > 0 && list[i-1].Op == w.Op {
			parts[len(parts)-1] += " " + who
		} else {
			parts = append(parts, w.Op+": "+who)
		}
	}
	return strings.Join(parts, "; ")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// countsText says what the processes of a run do.
func countsText(c *local.Counts) string {
	text := count(c.Processes, "process", "processes")
	var parts []string
	for _, x := range []struct {
		n    int
		what string
	}{{c.Running, "running"}, {c.Waiting, "waiting"}, {c.Sleeping, "sleeping"}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	return cmp.Or(text+": "+strings.Join(parts, ", "), text)
}
