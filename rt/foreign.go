package rt

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// This file deals with foreign goroutines: native goroutines that code which is not compiled has started. They may change memory at any moment,
// so nothing is saved while one runs. There are three kinds that may stay:
//
//   - Those that run when the program begins: package initialisation has started them, and does so in each process.
//   - Those that only keep a value which is never saved itself (harmless).
//   - Those that serve idle connections of HTTP (idleConnection). They touch nothing else. What leads to a connection is refused by name where it is part of the state.
//
// Those of idle connections to databases end, as these are closed (pools.go).
//
// Any other that stays ends the run, and is named.

// foreignPatience is how long the same goroutine may run beside quiet points, or keep them from coming about (hindrance.go).
const foreignPatience = 10 * time.Second

// harmless are functions of goroutines that touch nothing but a *sql.DB. One that is part of the state is refused by name; any other does not matter.
var harmless = []string{"database/sql.(*DB).connectionOpener", "database/sql.(*DB).connectionCleaner"}

// passing are functions of goroutines that have a timeout of their own: they look up names and connect, and may be left over from a request that was given up.
var passing = []string{"net.(*Dialer).", "net.(*sysDialer).", "net.(*Resolver).", "net.(*netFD).connect", "net.doBlockingWithCtx", "net/http.(*persistConn).addTLS"}

// A native is a native goroutine as it was at a moment.
type native struct {
	id      int64
	state   string        // "select", "IO wait", ...
	stack   []nativeFrame // innermost first
	creator nativeFrame
	g       uintptr // the *G that it executes, 0 if it is not one of the program's
}

// A nativeFrame is a call in compiled machine code; pos is file:line.
type nativeFrame struct{ function, pos string }

// natives returns all native goroutines. The world is stopped for it, so they had better be few.
func natives() []native {
	buf := make([]byte, 16<<10)
	n := runtime.Stack(buf, true)
	for n == len(buf) && n < 16<<20 {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	return parseNatives(string(buf[:n]))
}

// parseNatives reads what runtime.Stack writes.
func parseNatives(text string) (ns []native) {
	for block := range strings.SplitSeq(text, "\n\n") {
		head, rest, _ := strings.Cut(block, "\n")
		head, ok := strings.CutPrefix(head, "goroutine ")
		number, head, _ := strings.Cut(head, " ")
		id, err := strconv.ParseInt(number, 10, 64)
		if !ok || err != nil {
			continue
		}
		n := native{id: id}
		if _, state, ok := strings.Cut(head, "["); ok {
			n.state, _, _ = strings.Cut(strings.TrimRight(state, "]:"), ",")
		}
		lines := strings.Split(rest, "\n")
		for i := 0; i+1 < len(lines); i++ {
			pos, ok := strings.CutPrefix(lines[i+1], "\t")
			if !ok { // frames are left out here
				continue
			}
			pos, _, _ = strings.Cut(pos, " ")
			if by, ok := strings.CutPrefix(lines[i], "created by "); ok {
				by, _, _ = strings.Cut(by, " in goroutine ")
				n.creator = nativeFrame{by, pos}
			} else {
				f := nativeFrame{lines[i][:max(0, strings.LastIndexByte(lines[i], '('))], pos}
				n.stack = append(n.stack, f)
				if args := lines[i][len(f.function):]; f.function == rootFunction {
					g, _ := strconv.ParseUint(strings.Trim(args, "()"), 0, 64) // 0x... without a ?, which would mean that it may be wrong
					n.g = uintptr(g)
				}
			}
			i++
		}
		ns = append(ns, n)
	}
	return ns
}

// runs returns the function that the go statement called.
func (n *native) runs() string {
	if len(n.stack) == 0 {
		return "unknown"
	}
	return n.stack[len(n.stack)-1].function
}

// in reports whether n is in one of the functions, given by prefixes of their names, or was created there.
func (n *native) in(functions []string) bool {
	for _, f := range functions {
		if strings.HasPrefix(n.creator.function, f) {
			return true
		}
		for _, s := range n.stack {
			if strings.HasPrefix(s.function, f) {
				return true
			}
		}
	}
	return false
}

// idleConnection reports whether n serves a connection of an HTTP client on which nothing is under way: it waits for what the other side says next. A
// response whose body is not read to its end keeps readLoop in a select; a request or a stream of HTTP/2 has a goroutine of its own.
func (n *native) idleConnection() bool {
	return n.in([]string{"net/http.(*persistConn).writeLoop"}) ||
		n.state == "IO wait" && n.in([]string{"net/http.(*persistConn).readLoop", "net/http.(*http2ClientConn).readLoop", "net/http.(*http2clientConnReadLoop).",
			"golang.org/x/net/http2.(*ClientConn).readLoop", "golang.org/x/net/http2.(*clientConnReadLoop)."})
}

// foreigners are the foreign goroutines that a stop has met.
type foreigners struct {
	first map[int64]bool // ids of the native goroutines there were when the program began
	now   []native       // at the last look
	seen  sightings
}

// sightings are of the native goroutines that were in the way of a save, by id, since the last quiet point that had none.
type sightings map[int64]sighting

// A sighting says how often the goroutine was met, in attempts.
type sighting struct {
	since time.Time
	times int
}

// begin notes the goroutines that there are before the program, and returns how many of them are harmless.
func (f *foreigners) begin() (harmlessOnes int) {
	*f = foreigners{first: map[int64]bool{}}
	for _, n := range natives() {
		f.first[n.id] = true
		if n.in(harmless) {
			harmlessOnes++
		}
	}
	return harmlessOnes
}

// look finds the foreign goroutines that run now, and reports whether there are any. No goroutine of the program has a native one.
func (f *foreigners) look() bool {
	f.now = f.now[:0]
	for _, n := range natives() {
		if !f.first[n.id] && !n.in(harmless) && !n.idleConnection() {
			f.now = append(f.now, n)
		}
	}
	return len(f.now) > 0
}

// met counts the goroutines of an attempt and returns the ones that stay.
func (s *sightings) met(now time.Time, ns []native) (stay []native) {
	seen := make(sightings, len(ns))
	for _, n := range ns {
		x, ok := (*s)[n.id]
		if !ok || n.in(passing) {
			x = sighting{since: now}
		}
		x.times++
		seen[n.id] = x
		if x.times >= 3 && now.Sub(x.since) >= foreignPatience {
			stay = append(stay, n)
		}
	}
	*s = seen
	return stay
}

// beside deals with a quiet point beside which foreign goroutines run. Those that stay end the run.
func (p *process) beside(now time.Time) (status int, done bool) {
	stay := p.foreign.seen.met(now, p.foreign.now)
	if len(stay) == 0 || p.start.Volatile {
		return 0, false
	}
	return p.giveUp(explainForeign(stay)), true
}

// explainForeign says which goroutines stay: the first one, or the first that runs code of the user's.
func explainForeign(stay []native) string {
	n, user := &stay[0], ""
	for i := range stay {
		if pos := stay[i].userPos(); pos != "" {
			n, user = &stay[i], pos+": "
			break
		}
	}
	text := user + "cannot save the program: a goroutine that is not compiled runs: " + n.runs()
	if n.creator.function != "" {
		text += ", created by " + n.creator.function + " at " + n.creator.pos
	}
	if more := len(stay) - 1; more > 0 {
		text += " (and " + strconv.Itoa(more) + " more)"
	}
	return text + "; it could change memory while that is saved; " + n.remedy()
}

// userPos returns the place in the user's code that n has called other code from, or was created at; "" if there is none.
func (n *native) userPos() string {
	for _, f := range append(n.stack, n.creator) {
		if f.user() {
			return f.short()
		}
	}
	return ""
}

// user reports whether the call is in text of the user's. Programs are built with -trimpath: the files of others, and those that the compiler has
// made, are named by their packages.
func (f nativeFrame) user() bool {
	return strings.HasPrefix(f.pos, "/") || strings.HasPrefix(f.function, "main.") && !f.generated()
}

// generated reports whether the call is in a file that the compiler has made, and is no line of the user's.
func (f nativeFrame) generated() bool {
	file, _, _ := strings.Cut(f.pos[strings.LastIndexByte(f.pos, '/')+1:], ":")
	return !strings.HasPrefix(f.pos, "/") && (file == "hark.go" || file == "hark_entry.go" || strings.HasSuffix(file, "_hark.go"))
}

// short returns the position, relative to the working directory if it is in there.
func (f nativeFrame) short() string {
	dir, _ := os.Getwd()
	return strings.TrimPrefix(f.pos, dir+"/")
}

// remedy says what can be done about a goroutine that stays.
func (n *native) remedy() string {
	if runs := n.runs(); strings.HasPrefix(runs, "net/http.") && (strings.Contains(runs, "persistConn") || strings.Contains(runs, "lientConn")) {
		return "close the body of each response before the wait"
	}
	such := ","
	if pooled.Load() {
		such = ", such as Rows, a Tx or a Conn of a *sql.DB,"
	}
	return "close what started it before the wait" + such + " or start it while packages are initialised, as by the declaration of a package variable: each process then starts its own"
}
