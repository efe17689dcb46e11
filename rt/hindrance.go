package rt

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// This file deals with goroutines of the program that do not come to a point where they can be suspended: they are in code that is not compiled
// (http.ListenAndServe), or in what that has called back (the String method that fmt.Println calls). The program is in order and goes on, but it
// cannot be saved meanwhile. Where that lasts as long as foreignPatience the host is told, once for each such call.

// A Warner is a Host that wants to be told, for people, what keeps the process from being saved at present.
type Warner interface{ Warn(text string) }

const (
	firstHindrance = foreignPatience / 10 // after the first attempt to save, until the goroutines are looked at
	nextHindrance  = foreignPatience / 4  // between looks
)

// A hindrance is a time in which the process could not be saved because of goroutines of its own.
type hindrance struct {
	next   time.Time // to look at the goroutines; zero: there is no hindrance
	seen   sightings
	stacks map[int64][]nativeFrame // of those seen, what has stayed: see common
	told   map[string]bool         // calls, in all hindrances
}

// over ends the hindrance.
func (h *hindrance) over() { h.next, h.seen, h.stacks = time.Time{}, nil, nil }

// hindered is called when an attempt to save has failed, because of goroutines that have not conceded or that are pinned.
func (p *process) hindered(now time.Time) {
	h := &p.hindrance
	switch {
	case p.start.Volatile:
		return
	case h.next.IsZero():
		h.next = now.Add(firstHindrance)
		return
	case now.Before(h.next):
		return
	}
	ns, stopping := p.hinderers()
	stacks := make(map[int64][]nativeFrame, len(ns))
	for i := range ns {
		n := &ns[i]
		n.stack = common(h.stacks[n.id], n.stack)
		stacks[n.id] = n.stack
	}
	h.stacks = stacks
	stay := h.seen.met(now, ns)
	h.next = now.Add(max(nextHindrance, 100*time.Since(now)))
	for _, n := range stay {
		c := n.call()
		if c.callee == "" && c.back == "" && !stopping { // it was in short calls
			continue
		}
		c.who, c.start = p.identify(n.g)
		if key := c.String(); !h.told[key] {
			if h.told == nil {
				h.told = map[string]bool{}
			}
			h.told[key] = true
			p.warn(c.text(now.Sub(h.seen[n.id].since), p.pace.lastCommit))
		}
	}
}

// common returns the part of a stack that was there earlier, too, and the function that has gone on.
func common(old, now []nativeFrame) []nativeFrame {
	if old == nil {
		return now
	}
	n := 0
	for n < len(old) && n < len(now) && old[len(old)-1-n] == now[len(now)-1-n] {
		n++
	}
	return now[max(len(now)-n-1, 0):]
}

// warn tells the host.
func (p *process) warn(text string) {
	if w, ok := p.host.(Warner); ok {
		w.Warn(text)
		return
	}
	fatal("harkgen: "+text, 0)
}

// hinderers returns the native goroutines that may be in the way: those in a call of code that is not compiled, or called by such code. During a
// stop all are in the way that are still there.
func (p *process) hinderers() (ns []native, stopping bool) {
	p.mu.Lock()
	stopping = p.stopping
	p.mu.Unlock()
	for _, n := range natives() {
		c := n.call()
		if n.g != 0 && (stopping || c.callee != "") || n.g == 0 && c.back != "" && p.adopted.Load() > 0 {
			ns = append(ns, n)
		}
	}
	return ns, stopping
}

// identify returns the number of the goroutine at an address, and the type of what its go statement has called.
func (p *process) identify(address uintptr) (id int64, start string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.gs, func(g *G) bool { return g.address() == address })
	if i < 0 {
		return 0, ""
	}
	if t := reflect.TypeOf(p.gs[i].root); t != nil && t.Kind() == reflect.Pointer {
		start = t.Elem().String()
	}
	return p.gs[i].id, start
}

// address is how stacks show g.
func (g *G) address() uintptr { return uintptr(unsafe.Pointer(g)) }

// A call is a call of code that is not compiled by the program, or the other way round, as it is found on a stack.
type call struct {
	adopted bool   // the goroutine is not the program's
	pos     string // file:line of the call of callee, if that is in the user's text
	thunk   string // else the type of the operands of the go or defer statement that calls it, empty if it is the start of the goroutine
	callee  string // function that the program has called, "panic", or empty
	back    string // function of the program that was called by code that is not compiled, or empty
	at      string // file:line that has been reached in back, or without a callee in the program
	in      string // function there

	// To be set by the caller.
	who   int64  // number of the goroutine, 0 if it is not known
	start string // type of the operands of its go statement
}

var (
	ours         = reflect.TypeFor[G]().PkgPath() // this package, in the program's vendor directory
	rootFunction = ours + ".(*G).main"
)

// runtime reports whether the frame is of this package and those below.
func (f nativeFrame) runtime() bool {
	return strings.HasPrefix(f.function, ours+".") || strings.HasPrefix(f.function, ours+"/")
}

// compiled reports whether the frame is of compiled code, the user's or a library's.
func (f nativeFrame) compiled() bool {
	return f.user() || f.generated() || strings.HasPrefix(f.function, strings.TrimSuffix(ours, "rt")+"std/")
}

// named returns the function by the user's name, or one that is near it.
func (f nativeFrame) named() string {
	if pkg, env, ok := strings.Cut(strings.TrimSuffix(f.function, ").fn"), ".(*"); ok {
		env = base(pkg) + "." + env
		for _, t := range titles {
			if t.env.Elem().String() == env {
				return t.title
			}
		}
	}
	if fn := loweredName(f.function); fn != "" {
		return fn
	}
	name := f.function
	for _, prefix := range []string{".hark_", ".Hark_"} {
		if before, after, ok := strings.Cut(name, prefix); ok {
			name = before + "." + strings.ReplaceAll(after, "_func", ".func") // closures
		}
	}
	return name
}

// call finds the outermost call of code that is not compiled on the stack of n, and what that has called back.
func (n *native) call() (c call) {
	s := n.stack
	i := len(s) - 1 // the outermost frame of the foreign code, or -1
	for i >= 0 && (s[i].compiled() || s[i].runtime()) {
		i--
	}
	c.adopted = n.g == 0
	if i >= 0 && !c.adopted {
		c.callee = s[i].function
		switch {
		case c.callee == "panic", strings.HasPrefix(c.callee, "runtime.") && slices.ContainsFunc(s[:i], func(f nativeFrame) bool { return f.function == "panic" }):
			c.callee = "panic"
		}
		c.from(s[i+1:])
	}
	for i >= 0 && !s[i].compiled() {
		i--
	}
	for _, f := range s[:max(i+1, 0)] {
		if f.user() && c.at == "" {
			c.at = f.short()
		}
	}
	for ; i >= 0 && c.back == ""; i-- {
		if f := s[i]; f.compiled() && thunkOf(f.function) == "" {
			c.back = f.named()
		}
	}
	if c.callee == "" && c.back == "" {
		for _, f := range s {
			if f.user() {
				c.at, c.in = f.short(), f.named()
				break
			}
		}
	}
	return c
}

// from notes who made the call: callers are the frames of the program up to it, innermost first.
func (c *call) from(callers []nativeFrame) {
	for _, f := range callers {
		if f.user() {
			c.pos = f.short()
			return
		}
		if t := thunkOf(f.function); t != "" {
			if !slices.ContainsFunc(callers, nativeFrame.user) {
				return // the go statement of the goroutine
			}
			c.thunk = t
			return
		}
	}
}

// thunkOf returns the type of the operands of a go or defer statement if the function is their Run: main.(*hark_main_t1).Run.
func thunkOf(function string) string {
	t, ok := strings.CutSuffix(function, ").Run")
	pkg, t, found := strings.Cut(t, ".(*")
	if !ok || !found || !strings.HasPrefix(strings.ToLower(t), "hark_") {
		return ""
	}
	return base(pkg) + "." + t
}

// base returns the last element of a package's path, which names the package in most cases.
func base(pkg string) string { return pkg[strings.LastIndexByte(pkg, '/')+1:] }

// String names the call.
func (c *call) String() string {
	return strings.Join([]string{c.pos, c.thunk, c.start, c.callee, c.back, c.in}, " ")
}

// text is the line for the user.
func (c *call) text(lasting time.Duration, saved time.Time) string {
	who := "a goroutine"
	if c.who != 0 {
		who = "goroutine " + strconv.FormatInt(c.who, 10)
	}
	pos, waiting := c.position(), " for "+strconv.Itoa(int(lasting.Seconds()))+"s"
	what, do := "", "let the call end in time, by a deadline or a context, or leave it to another program"
	switch {
	case c.adopted:
		pos, what = c.at, c.back+", called on a goroutine that is not compiled, has been here"+waiting
		do = "let it return at once, and do what it waits for on a goroutine that the program has started"
	case c.callee == "panic":
		what = who + " panics, and a call that it has deferred has been at " + c.at + waiting
		do = "do not wait while a panic is under way: recover first"
	case c.back != "":
		what = who + " has been in " + c.callee + waiting + ", which has called " + c.back + ", which is at " + c.at
		do = "wait before that call, and give it the result"
	case c.callee != "":
		what = who + " has been in " + c.callee + waiting
		if strings.Contains(c.callee, "Serve") || strings.HasSuffix(c.callee, ".Accept") {
			do = "a server never ends: serve with net/http, whose servers can be saved, or from a program that is not compiled by harkgen and starts runs"
		}
	default:
		pos, what = c.at, who+" has been in "+c.in+waiting+" without a point where it can be suspended"
		do = "divide the work by something that can be suspended, such as a loop in a function that is compiled (harkgen run -all compiles all)"
	}
	if pos != "" {
		what = pos + ": " + what
	}
	return what + "; the run cannot be saved meanwhile, and has not been since " + saved.Format(time.TimeOnly) +
		": a crash takes it back to then, and its output is held back; " + do
}

// position returns the place of the call of callee.
func (c *call) position() string {
	if c.pos != "" {
		return c.pos
	}
	t := c.thunk
	if t == "" {
		t = c.start
	}
	if d := described("go", t); len(d) == 1 {
		return d[0]
	}
	return ""
}
