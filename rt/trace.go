package rt

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// This file writes how goroutines of several processes came to be, and where one panics, in the manner of Go's tracebacks:
//
//	goroutine 1 [running, process 2]:
//	main.parse(...)
//		parse.go:17
//	created by main.split in process 1, goroutine 1
//		split.go:40
//	created by main.main in process 0, goroutine 1
//		main.go:12
//
// The part from "created by" on is the origin of a process. It goes along with the go statement, and stays with the process.

// A Tracer is a Host that shows the trace of a goroutine whose panic is about to end the program, in place of the one that the runtime prints.
type Tracer interface{ Trace(text string) }

// maxAncestors is how many go statements an origin names, the last ones.
const maxAncestors = 10

// lineage is the origin of a process that g starts; g is nil while packages are initialised.
func (p *process) lineage(g *G) string {
	who := "package initialisation"
	if g != nil {
		who = "process " + strconv.Itoa(int(p.shares().self)) + ", goroutine " + strconv.FormatInt(g.id, 10)
	}
	site := goStatement()
	text := "created by " + site[0] + " in " + who + "\n\t" + site[1] + "\n"
	origin := p.origin
	if lines := strings.SplitAfter(origin, "\n"); len(lines) > 2*maxAncestors-2 {
		origin = strings.Join(lines[:2*maxAncestors-2], "")
	}
	return text + origin
}

// parseOrigin reads what lineage has written.
func parseOrigin(text string) (list []InspectedOrigin) {
	lines := strings.Split(text, "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		list = append(list, InspectedOrigin{strings.TrimPrefix(lines[i], "created by "), strings.TrimPrefix(lines[i+1], "\t")})
	}
	return list
}

// goStatement returns the function that has called GoRemote, and the file and line.
func goStatement() (site [2]string) {
	var pcs [6]uintptr // enough to leave this package
	runtime.Callers(2, pcs[:])
	if s, ok := sites.Load(pcs); ok {
		return s.([2]string)
	}
	site = [2]string{"a function", "?"}
	if s := program(pcs[:]); len(s) > 0 {
		site = [2]string{s[0].named(), s[0].short()}
	}
	sites.Store(pcs, site)
	return site
}

var sites sync.Map // what goStatement has found

// program returns the calls of the program among those on a stack.
func program(pcs []uintptr) (fs []nativeFrame) {
	frames := runtime.CallersFrames(pcs)
	for more := len(pcs) > 0; more; {
		var f runtime.Frame
		f, more = frames.Next()
		n := nativeFrame{f.Function, f.File + ":" + strconv.Itoa(f.Line)}
		if f.Function != "" && !n.runtime() && !n.generated() {
			fs = append(fs, n)
		}
	}
	return fs
}

// tracePanic tells the host where g, which panics, is. It is called by the last function that g has deferred.
func (p *process) tracePanic(g *G) {
	t, ok := p.host.(Tracer)
	if !ok || p.share == nil {
		return
	}
	var b strings.Builder
	b.WriteString("goroutine " + strconv.FormatInt(g.id, 10) + " [running, process " + strconv.Itoa(int(p.share.self)) + "]:\n")
	pcs := make([]uintptr, 200)
	panicking := false
	for _, f := range program(pcs[:runtime.Callers(1, pcs)]) {
		switch {
		case f.function == "runtime.gopanic" && panicking:
			b.WriteString("panic(...)\n")
		case f.function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(f.function, "runtime."):
			b.WriteString(f.named() + "(...)\n\t" + f.short() + "\n")
		}
	}
	b.WriteString(p.origin)
	t.Trace(b.String())
}
