package rt

import (
	"slices"
	"strconv"
	"strings"
)

// This file writes the report of a deadlock, in Go's words.

// deadlock describes a quiet process of which nothing can go on.
func (p *process) deadlock() string {
	if len(p.gs) == 0 {
		return "fatal error: no goroutines (main called runtime.Goexit) - deadlock!"
	}
	gs := slices.Clone(p.gs)
	slices.SortFunc(gs, func(a, b *G) int { return int(a.id - b.id) })
	var b strings.Builder
	b.WriteString("fatal error: all goroutines are asleep - deadlock!\n")
	for _, g := range gs {
		b.WriteString("\ngoroutine " + strconv.FormatInt(g.id, 10) + " [" + g.waitReason() + "]:\n")
		for _, f := range g.frames {
			d := describe(f.F)
			args := "(...)"
			if d.Func == "main.main" {
				args = "()"
			}
			b.WriteString(d.Func + args + "\n\t" + line(d.Pos) + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// line cuts the column from file:line:col.
func line(pos string) string {
	if strings.Count(pos, ":") < 2 {
		return pos
	}
	return pos[:strings.LastIndexByte(pos, ':')]
}
