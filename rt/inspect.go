package rt

import (
	"cmp"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/snap"
)

// This file describes a process from its snapshot, for people. Types are known only to the program itself, so a worker is started that loads
// the snapshot, runs no goroutine of it, and ends.
//
// Which variable of the user's a field of a frame or environment is, its tag says:
//
//	none          that of the field's name
//	hark:"name"   that of another name
//	hark:"*name"  the field points to it; the name is left out if it is the field's
//	hark:"=name"  none, but a copy of its value, such as what a range goes over
//	hark:"-"      none: the compiler has made it up

// An Inspector is a Host that can ask for a description of the snapshot, by Start.Inspect, instead of having it run.
type Inspector interface{ Inspected(*Inspection) error }

// InspectOptions say how much to describe.
type InspectOptions struct {
	Depth      int  // levels of structs, slices, maps and arrays within each other
	Elems      int  // elements of a slice, map, array or channel
	String     int  // bytes of a string
	Goroutines int  // the first so many, by number
	All        bool // variables that the compiler has made up, too
	Build      bool // nothing of these, but Inspection.Differences: the snapshot may be of another build
}

// An Inspection describes a process at a commit. The JSON is that of harkgen inspect -json. Objects that others refer to have numbers, which
// mean nothing in another Inspection.
type Inspection struct {
	Goroutines []InspectedG     `json:"goroutines"`
	Omitted    int              `json:"omittedGoroutines,omitempty"`
	Channels   []InspectedChan  `json:"channels"`
	Locks      []InspectedLock  `json:"locks"`
	Timers     []InspectedTimer `json:"timers"`
	Variables  []Variable       `json:"variables"` // of packages

	Origin []InspectedOrigin `json:"origin,omitempty"` // of a process that a go statement has started: that statement first, then the one behind it, ...

	Differences []string `json:"differences,omitempty"` // from the build that made the snapshot
}

// An InspectedOrigin is a go statement that has started a process.
type InspectedOrigin struct {
	By       string `json:"by"`       // "main.main in process 0, goroutine 1"
	Position string `json:"position"` // file:line
}

// An InspectedG is a goroutine.
type InspectedG struct {
	ID       int64            `json:"id"`
	State    string           `json:"state"` // "waiting" or "runnable"
	Op       string           `json:"op"`    // "chan receive", "sync.Mutex.Lock", ...
	Waits    []InspectedWait  `json:"waits,omitempty"`
	Deadline time.Time        `json:"deadline,omitzero"` // when it goes on at the latest
	Holds    []InspectedWait  `json:"holds,omitempty"`   // the locks that it has taken
	Frames   []InspectedFrame `json:"frames"`            // innermost first; none if it has not begun
	Start    []Variable       `json:"start,omitempty"`   // then: the operands of the go statement
}

// An InspectedWait is an operation on an object.
type InspectedWait struct {
	Op   string `json:"op"`
	Type string `json:"type"`
	ID   int    `json:"id,omitempty"` // 0: of a nil channel
	obj  *object

	Shared string `json:"shared,omitempty"` // in place of ID: what the object is called among what processes share
}

// An InspectedFrame is one call.
type InspectedFrame struct {
	Function  string     `json:"function"`
	Position  string     `json:"position"` // file:line:column
	Op        string     `json:"op,omitempty"`
	Variables []Variable `json:"variables"`
}

// A Variable is a variable of a function or package.
type Variable struct {
	Name     string `json:"name"`
	Captured bool   `json:"captured,omitempty"` // by the closure
	Copy     bool   `json:"copy,omitempty"`     // the value that it had when a statement still in progress began; it may have another by now
	ID       int    `json:"id,omitempty"`       // of the variable, if others refer to it
	Value    *Value `json:"value"`
	obj      *object
}

// An InspectedChan is a channel.
type InspectedChan struct {
	ID        int       `json:"id"`
	Type      string    `json:"type"`
	Len       int       `json:"len"`
	Cap       int       `json:"cap"`
	Closed    bool      `json:"closed"`
	Elems     []*Value  `json:"elems"`             // in the buffer, the next to be received first
	Omitted   int       `json:"omitted,omitempty"` // of the elements
	Receivers []int64   `json:"receivers"`         // goroutines, in the order in which they began to wait
	Senders   []int64   `json:"senders"`
	Due       time.Time `json:"due,omitzero"`     // of the timer that feeds it
	Shared    string    `json:"shared,omitempty"` // what it is called among what processes share; what is in it, and who waits, is not known here then
}

// An InspectedLock is a Mutex, RWMutex, WaitGroup, Cond or Once.
type InspectedLock struct {
	ID      int               `json:"id"`
	Type    string            `json:"type"`
	State   string            `json:"state"`
	Owners  []int64           `json:"owners"`            // goroutines
	Unknown bool              `json:"unknown,omitempty"` // there are owners that are not known
	Waiters []InspectedWaiter `json:"waiters"`
	Shared  string            `json:"shared,omitempty"` // as of a channel
}

// An InspectedWaiter is a goroutine that waits.
type InspectedWaiter struct {
	Goroutine int64  `json:"goroutine"`
	Op        string `json:"op"`
}

// An InspectedTimer is a Timer or Ticker, or the timer of an AfterFunc.
type InspectedTimer struct {
	ID      int       `json:"id,omitempty"`
	Type    string    `json:"type"`
	Due     time.Time `json:"due,omitzero"`     // zero: it is not set
	Period  string    `json:"period,omitempty"` // of a ticker
	Channel int       `json:"channel,omitempty"`
	Func    *Value    `json:"func,omitempty"` // of an AfterFunc
	obj, ch *object
}

// inspect describes the snapshot and returns the exit status.
func (p *process) inspect(start *Start) int {
	i, ok := p.host.(Inspector)
	if !ok {
		return fatal("harkgen: this host does not inspect", 1)
	}
	var s savedProcess
	if start.Inspect.Build {
		list, err := snap.Differences(start.Snapshot, start.Size, &s)
		if err != nil {
			return fatal("harkgen: "+err.Error(), 1)
		}
		if err := i.Inspected(&Inspection{Differences: list}); err != nil {
			return fatal("harkgen: "+err.Error(), 1)
		}
		return 0
	}
	p.abandon() // what package initialisation has started
	if err := snap.Load(start.Snapshot, start.Size, &s); err != nil {
		return fatal("harkgen: cannot load the snapshot: "+err.Error(), 1)
	}
	err := i.Inspected(s.inspect(start.Inspect))
	runtime.KeepAlive(&s)
	if err != nil {
		return fatal("harkgen: "+err.Error(), 1)
	}
	return 0
}

// An inspector describes a process, of which nothing runs.
type inspector struct {
	describer
	s       *savedProcess
	waiters map[unsafe.Pointer][]party // of channels and locks, in the order in which they began to wait
	holders map[unsafe.Pointer][]party // of locks
	out     Inspection
}

// A party is a goroutine with its operation on a channel or lock.
type party struct {
	g  int64
	op waitOp
}

func (s *savedProcess) inspect(o *InspectOptions) *Inspection {
	in := &inspector{describer: newDescriber(o), s: s}
	in.out = Inspection{Goroutines: []InspectedG{}, Channels: []InspectedChan{}, Locks: []InspectedLock{}, Timers: []InspectedTimer{}, Variables: []Variable{}}
	gs := s.Goroutines
	in.waiters, in.holders = map[unsafe.Pointer][]party{}, map[unsafe.Pointer][]party{}
	for _, g := range gs {
		for _, w := range g.Waits {
			if w.hasObject() {
				in.waiters[dataOf(w.on)] = append(in.waiters[dataOf(w.on)], party{g.ID, w.op})
			}
		}
		for _, w := range g.Held {
			in.holders[dataOf(w.on)] = append(in.holders[dataOf(w.on)], party{g.ID, w.op})
		}
	}
	in.sharing()
	n := min(len(gs), o.Goroutines)
	in.out.Omitted = len(gs) - n
	for _, i := range sorted(len(gs), func(i, j int) int { return cmp.Compare(gs[i].ID, gs[j].ID) })[:n] {
		in.goroutine(&gs[i])
	}
	in.begin()
	snap.EachVar(in.variable)
	in.alarms()
	in.channels()
	in.locks()
	in.timers()
	in.number()
	return &in.out
}

// hasObject reports whether w is on a channel or lock of the process itself.
func (w Wait) hasObject() bool { return w.op != waitReady && w.op != waitSleep && w.op != waitShared }

// sharing notes what the process shares with others.
func (in *inspector) sharing() {
	in.out.Origin = parseOrigin(in.s.Origin)
	if in.s.Sharing == nil {
		return
	}
	in.shared = map[unsafe.Pointer]string{}
	for _, t := range in.s.Sharing.Things {
		if !t.Kind.IsMemory() && t.Ref != nil {
			in.shared[dataOf(t.Ref)] = exchange.ObjectID(t.ID).String()
		}
	}
}

func (in *inspector) goroutine(sg *savedG) {
	in.begin()
	g := &G{waits: sg.Waits}
	g.deadline.Store(snap.Meant(sg.Deadline))
	d := InspectedG{ID: sg.ID, Op: g.waitReason(), Frames: []InspectedFrame{}}
	d.State, d.Deadline = g.prospect()
	for _, w := range sg.Waits {
		if w.hasObject() {
			d.Waits = append(d.Waits, in.wait(w))
		}
	}
	for _, w := range sg.Held {
		d.Holds = append(d.Holds, in.wait(w))
	}
	for _, f := range sg.Frames {
		p := describe(f.F)
		v := reflect.ValueOf(f.F).Elem()
		d.Frames = append(d.Frames, InspectedFrame{p.Func, p.Pos, p.Op, in.fields([]Variable{}, v, live(f.F), false)})
	}
	if len(sg.Frames) == 0 {
		if v := reflect.ValueOf(sg.Root); v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
			d.Start = in.fields(nil, v.Elem(), "", false)
		}
	}
	in.out.Goroutines = append(in.out.Goroutines, d)
}

func (in *inspector) wait(w Wait) InspectedWait {
	v := reflect.ValueOf(w.on)
	r := InspectedWait{Op: w.reason(), Type: v.Type().String()}
	switch {
	case v.IsNil():
	case v.Kind() == reflect.Chan:
		r.obj = in.channel(v)
	default:
		r.Type = v.Type().Elem().String()
		r.obj = in.object(v.UnsafePointer(), v.Type().Elem())
		r.obj.kind = objLock
	}
	return r
}

// fields appends the variables in a frame, an environment or a thunk.
func (in *inspector) fields(vs []Variable, s reflect.Value, live string, captured bool) []Variable {
	for i := range s.NumField() {
		f := s.Type().Field(i)
		v := field(s, i)
		if f.Type == frameType || live != "" && live[(i-1)/8]>>((i-1)%8)&1 == 0 {
			continue
		}
		if v.Kind() == reflect.Pointer && titleOf(f.Type) != "" { // the environment
			if !v.IsNil() {
				vs = in.fields(vs, v.Elem(), "", true)
			}
			continue
		}
		tag := parseTag(f)
		if tag.hidden && !in.o.All || tag.copy && !in.o.All && slices.ContainsFunc(vs, func(x Variable) bool { return x.Name == tag.name }) {
			continue
		}
		x := Variable{Name: tag.name, Captured: captured, Copy: tag.copy}
		if tag.boxed && v.Kind() == reflect.Pointer {
			if v.IsNil() { // not reached yet
				continue
			}
			x.obj = in.object(v.UnsafePointer(), v.Type().Elem())
			v = v.Elem()
		}
		x.Value = in.value(v, in.o.Depth)
		vs = append(vs, x)
	}
	return vs
}

// A fieldTag says what a field is to the user.
type fieldTag struct {
	name                string
	hidden, copy, boxed bool
}

func parseTag(f reflect.StructField) fieldTag {
	t := fieldTag{name: f.Tag.Get("hark")}
	switch {
	case t.name == "-":
		t.name, t.hidden = "", true
	case strings.HasPrefix(t.name, "="):
		t.name, t.copy = t.name[1:], true
	case strings.HasPrefix(t.name, "*"):
		t.name, t.boxed = t.name[1:], true
	}
	if t.name == "" {
		t.name = f.Name
	}
	return t
}

var frameType = reflect.TypeFor[Frame]()

// titleOf returns the name of the closure with the environment env, a pointer type, "" if it is none.
func titleOf(env reflect.Type) string {
	titlesOnce.Do(func() {
		titleByEnv = make(map[reflect.Type]string, len(titles))
		for _, t := range titles {
			titleByEnv[t.env] = t.title
		}
	})
	return titleByEnv[env]
}

var (
	titlesOnce sync.Once
	titleByEnv map[reflect.Type]string
)

func (in *inspector) variable(name string, v reflect.Value) {
	// What is compiled along from the standard library, the compiler's own, and the state of packages flag and log.
	hidden := strings.HasPrefix(name, "harkgen.local/std/") || strings.Contains(name, ".hark_") || strings.Contains(name, ".Hark_") || name == "flag.CommandLine" || name == "log.std"
	if hidden && !in.o.All {
		return
	}
	in.quota = maxOfOne
	x := Variable{Name: name, obj: in.object(v.Addr().UnsafePointer(), v.Type())}
	x.Value = in.value(v, in.o.Depth)
	in.out.Variables = append(in.out.Variables, x)
}

func (in *inspector) alarms() {
	for _, a := range in.s.Alarms {
		if a.When == 0 {
			continue
		}
		f := a.Alarm.f
		t := InspectedTimer{Type: "time.AfterFunc", Due: unixTime(a.When), Func: in.value(reflect.ValueOf(f), 1)}
		if a.Alarm.timer != nil {
			t.obj = in.object(unsafe.Pointer(a.Alarm.timer), reflect.TypeFor[time.Timer]())
			t.obj.kind = objAlarm
		}
		in.out.Timers = append(in.out.Timers, t)
	}
}

// channels describes the channels that have been met; what they hold may lead to more.
func (in *inspector) channels() {
	in.begin()
	for i := 0; i < len(in.objects); i++ {
		o := in.objects[i]
		if o.kind != objChan {
			continue
		}
		d := InspectedChan{Type: "chan " + o.v.Type().Elem().String(), Len: o.v.Len(), Cap: o.v.Cap(), Elems: []*Value{}, Receivers: []int64{}, Senders: []int64{}}
		d.Shared = in.shared[o.addr]
		c := (*hchan)(o.addr)
		d.Closed = c.closed != 0
		n := d.Len
		if c.timer != nil { // its length is that of a channel without buffer
			d.Due, n = unixTime(snap.TimerDue(snap.ChanTimer(o.v.UnsafePointer()))), 0
		}
		in.quota = maxOfOne
		for j := range min(n, in.o.Elems) {
			d.Elems = append(d.Elems, in.value(snap.ChanElem(o.v, j), in.o.Depth-1))
		}
		d.Omitted = n - len(d.Elems)
		for _, w := range in.waiters[o.addr] {
			if w.op == waitRecv {
				d.Receivers = append(d.Receivers, w.g)
			} else {
				d.Senders = append(d.Senders, w.g)
			}
		}
		o.index = len(in.out.Channels)
		in.out.Channels = append(in.out.Channels, d)
	}
}

// locks describes the locks that have been met, with their owners and waiters.
func (in *inspector) locks() {
	for _, o := range in.objects {
		if o.kind != objLock {
			continue
		}
		d := InspectedLock{Type: o.typ.String(), Owners: []int64{}, Waiters: []InspectedWaiter{}, Shared: in.shared[o.addr]}
		var owners int
		d.State, owners = lockState(o.typ, o.addr)
		for _, h := range in.holders[o.addr] {
			i := len(d.Owners)
			for i > 0 && d.Owners[i-1] > h.g {
				i--
			}
			d.Owners = slices.Insert(d.Owners, i, h.g)
		}
		for _, w := range in.waiters[o.addr] {
			d.Waiters = append(d.Waiters, InspectedWaiter{w.g, Wait{op: w.op}.reason()})
		}
		if len(d.Owners) > owners { // some of them have not seen a release by code that is not compiled
			d.Owners = []int64{}
		}
		d.Unknown = len(d.Owners) < owners
		o.index = len(in.out.Locks)
		in.out.Locks = append(in.out.Locks, d)
	}
}

func (in *inspector) timers() {
	for _, o := range in.objects {
		if o.kind != objTimer {
			continue
		}
		t := (*time.Timer)(o.addr)
		d := InspectedTimer{Type: o.typ.String(), Due: unixTime(snap.TimerDue(t)), obj: o}
		if p := snap.TimerPeriod(t); p != 0 {
			d.Period = time.Duration(p).String()
		}
		if t.C != nil {
			d.ch = in.met[objKey{unsafe.Pointer(chanOf(t.C)), nil}]
		}
		in.out.Timers = append(in.out.Timers, d)
	}
}

// number gives numbers to the objects that are in a table, or that more than one place refers to, in the order in which they were met.
func (in *inspector) number() {
	n := 0
	for _, o := range in.objects {
		if o.kind == objOther && o.refs < 2 {
			continue
		}
		n++
		o.id = n
		switch o.kind {
		case objChan:
			in.out.Channels[o.index].ID = n
		case objLock:
			in.out.Locks[o.index].ID = n
		}
	}
	for _, r := range in.refs {
		if r.part < 0 {
			r.v.ID = r.o.id
		} else if p := &r.v.Parts[r.part]; p.Value.ID != r.o.id { // a lock has the number itself
			p.ID = r.o.id
		}
	}
	for i := range in.out.Goroutines {
		g := &in.out.Goroutines[i]
		for _, ws := range [][]InspectedWait{g.Waits, g.Holds} {
			for j := range ws {
				ws[j].ID = ws[j].obj.number()
			}
		}
		numberAll(g.Start)
		for _, f := range g.Frames {
			numberAll(f.Variables)
		}
	}
	numberAll(in.out.Variables)
	for i := range in.out.Timers {
		t := &in.out.Timers[i]
		t.ID, t.Channel = t.obj.number(), t.ch.number()
	}
}

func numberAll(vs []Variable) {
	for i := range vs {
		if o := vs[i].obj; o != nil && vs[i].Value.ID != o.id {
			vs[i].ID = o.id
		}
	}
}
