package snap

// This file defines what processes share, as far as the codec is concerned. See docs/processes.md.
//
// A thing is shared when it has an id: a channel, a lock, memory (an object or a map). What goes from process to process, a value, is a stream like a snapshot, in which
// things are mentioned by id and not looked into. Each process has one of its own in the place of each thing it knows: for a channel or a lock that is only
// an address by which it is known; memory is a copy, whose content goes from process to process as a value too.
//
// In a value
//
//   - every channel and every lock is shared: it gets an id when it is met first;
//   - memory around a lock, and all memory that leads on from there, is shared, since that is what the lock is for;
//   - what never changes, the environments of closures and what Constant says, is copied, unless it has a lock;
//   - other memory is shared if Share has said so; else it is copied;
//   - a time.Timer or time.Ticker is its channel (linktimer.go);
//   - package variables and static memory that pointers lead to are shared too, and keep their places (linkimage.go).

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unsafe"
	"weak"
)

// A ThingKind says what a thing is. The numbers are part of the format.
type ThingKind uint8

const (
	ThingMemory    ThingKind = 1 // Count elements of Type
	ThingMap       ThingKind = 2 // of Type
	ThingChan      ThingKind = 3 // of elements of Type, with capacity Count
	ThingMutex     ThingKind = 4 // sync.Mutex
	ThingRWMutex   ThingKind = 5
	ThingWaitGroup ThingKind = 6
	ThingCond      ThingKind = 7
	ThingSyncMap   ThingKind = 8 // the lock of a sync.Map
	ThingContext   ThingKind = 9 // context.Context that can be cancelled (linkcontext.go)
)

// IsMemory reports whether things of this kind have content.
func (k ThingKind) IsMemory() bool { return k <= ThingMap }

// A Thing is what processes share.
type Thing struct {
	ID    uint64
	Kind  ThingKind
	Type  reflect.Type // unset for locks
	Count int
	at    weak.Pointer[byte]
	held  unsafe.Pointer // the same of memory, until Forget: what the process has written there is to be told also if it has dropped the memory since
	fixed unsafe.Pointer // where it is, in the image; at is not set
	twin  []byte         // memory as it was when the others saw it last, pointers included
}

// Ptr returns where t is, nil if it is gone.
func (t *Thing) Ptr() unsafe.Pointer {
	if t.fixed != nil {
		return t.fixed
	}
	return unsafe.Pointer(t.at.Value())
}

// A Link knows the things that one process shares.
type Link struct {
	newID  func() uint64
	byID   map[uint64]*Thing
	byAddr map[uintptr]*Thing // where it begins; locks apart: memory may begin with one
	locks  map[uintptr]*Thing
	byBase map[uintptr][]*Thing // those with content, by heap object
	images []*Thing             // those with content in the image, by address
	fresh  []*Thing             // since Fresh was called last
	made   []*Thing             // memory, since Made was called last

	size, lean int // of all memory that is known, and what was left when Forget looked last; see weight

	contexts []*Thing // that have come since Contexts was called last
	hooks    ContextHooks

	root any             // in use
	refs []uint64        // ids in the value that is being written or read
	seen map[uint64]bool // the same
}

// NewLink returns a Link that knows nothing. newID gives out ids.
func NewLink(newID func() uint64) *Link {
	return &Link{newID: newID, byID: map[uint64]*Thing{}, byAddr: map[uintptr]*Thing{}, locks: map[uintptr]*Thing{}, byBase: map[uintptr][]*Thing{}}
}

// Thing returns the thing with this id, nil if the process does not know it.
func (l *Link) Thing(id uint64) *Thing {
	if t := l.byID[id]; t != nil && t.Ptr() != nil {
		return t
	}
	return nil
}

// At returns the channel or map at an address, or the memory that begins there, nil if none is shared.
func (l *Link) At(p unsafe.Pointer) *Thing { return there(l.byAddr, p) }

// LockAt returns the lock at an address, nil if none is shared.
func (l *Link) LockAt(p unsafe.Pointer) *Thing { return there(l.locks, p) }

// MemoryAt returns the shared memory that has the size bytes at p, and where in it they are; nil if they are not shared.
func (l *Link) MemoryAt(p unsafe.Pointer, size uintptr) (t *Thing, off int) {
	at := uintptr(p)
	if base, _, _ := findObject(at, 0, 0); base != 0 {
		for _, t := range l.byBase[base] {
			if start := uintptr(t.Ptr()); t.Kind == ThingMemory && start != 0 && start <= at && at+size <= start+t.Type.Size()*uintptr(t.Count) {
				return t, int(at - start)
			}
		}
		return nil, 0
	}
	if t := l.imageAt(at, at+size); t != nil {
		return t, int(at - uintptr(t.fixed))
	}
	return nil, 0
}

// there looks p up in m, in which there may be what was at p before.
func there(m map[uintptr]*Thing, p unsafe.Pointer) *Thing {
	if t := m[uintptr(p)]; t != nil && t.Ptr() != nil {
		return t
	}
	return nil
}

// Fresh returns the things that have been made shared since the last call, in the order in which they were met.
func (l *Link) Fresh() []*Thing {
	f := l.fresh
	l.fresh = nil
	return f
}

// Made returns the memory that values have brought which was not known, since the last call. It has no content.
func (l *Link) Made() []*Thing {
	m := l.made
	l.made = nil
	return m
}

// add makes t known.
func (l *Link) add(t *Thing) *Thing {
	l.byID[t.ID] = t
	l.size += t.weight()
	l.at(t.Kind)[uintptr(t.Ptr())] = t
	switch {
	case !t.Kind.IsMemory():
	case t.fixed != nil:
		l.addImage(t)
	default:
		base, _, _ := findObject(uintptr(t.Ptr()), 0, 0)
		l.byBase[base] = append(slices.DeleteFunc(l.byBase[base], gone), t)
	}
	return t
}

// at returns the map in which things of a kind are by address.
func (l *Link) at(k ThingKind) map[uintptr]*Thing {
	if k > ThingChan {
		return l.locks
	}
	return l.byAddr
}

// share gives an id to what is at p, unless it has one.
func (l *Link) share(kind ThingKind, t reflect.Type, n int, p unsafe.Pointer) *Thing {
	if x := there(l.at(kind), p); x != nil {
		return x
	}
	x := l.add(newThing(l.newID(), kind, t, n, p))
	l.fresh = append(l.fresh, x)
	return x
}

// hold keeps what root points to alive, and on the heap: memory is known by addresses here, and a stack moves.
func (l *Link) hold(root any) reflect.Value {
	l.root = root
	return reflect.ValueOf(root)
}

// Share makes all memory shared that *root leads to, but not *root itself.
func (l *Link) Share(root any) error {
	mu.Lock()
	defer mu.Unlock()
	v := l.hold(root)
	return l.shareAll(v.UnsafePointer(), v.Type().Elem(), 1)
}

func (l *Link) shareAll(p unsafe.Pointer, t reflect.Type, n int) error {
	w, err := l.scan(p, t, n)
	if err != nil {
		return err
	}
	for i := uint32(1); i <= w.space.regs.n; i++ {
		if r := w.space.regs.at(i); i != w.space.root {
			l.shareRegion(r)
		}
	}
	w.release()
	return nil
}

func (l *Link) shareRegion(r *region) {
	switch {
	case r.dead || r.place != allocated || r.kind == memory && constants[r.prog().typ] && !r.prog().hasLock():
	case r.kind == memory:
		l.share(ThingMemory, r.prog().typ, r.count, r.ptr())
	case r.kind == mapping:
		l.share(ThingMap, r.prog().typ, 1, r.ptr())
	}
}

// scan finds what n elements of t at p lead to.
func (l *Link) scan(p unsafe.Pointer, t reflect.Type, n int) (*workspace, error) {
	w := newWorkspace()
	w.space.link, w.space.isolated = l, true
	pr, k := progOf(t)
	if err := w.scanner.discover(p, pr, n*k); err != nil {
		return nil, err
	}
	return w, nil
}

// A Value is what goes from process to process.
type Value struct {
	Data []byte
	Refs []uint64 // ids of the things in it
}

// Encode encodes the value *root.
func (l *Link) Encode(root any) (Value, error) {
	mu.Lock()
	defer mu.Unlock()
	v := l.hold(root)
	return l.encode(v.UnsafePointer(), v.Type().Elem(), true)
}

// encode encodes the t at p. copied: locks in the t itself are plain memory.
func (l *Link) encode(p unsafe.Pointer, t reflect.Type, copied bool) (v Value, err error) {
	for {
		w, err := l.scan(p, t, 1)
		if err != nil {
			return v, err
		}
		more, err := l.shareLocked(w)
		if err != nil {
			return v, err
		}
		if !more {
			w.space.copied = copied
			v, err = l.write(w)
			runtime.KeepAlive(p)
			return v, err
		}
	}
}

// write writes what w has found: 4 bytes that stand for the build, type and count of the root, bodies. It is not cut into chunks.
func (l *Link) write(w *workspace) (v Value, err error) {
	defer recoverUnmovable(&err)
	kept := labels
	labels = labelTable{}
	defer func() { labels = kept }()
	l.begin()
	e := w.begin(nil)
	e.fixed32(uint32(buildSalt()))
	e.roots()
	e.bodies()
	v = Value{slices.Clone(e.buf[chunkHeader:]), l.refs}
	w.release()
	return v, nil
}

// shareLocked makes memory around locks shared, and what that leads to, and reports whether there was any. The root is where its owner has it.
func (l *Link) shareLocked(w *workspace) (more bool, err error) {
	for i := uint32(1); i <= w.space.regs.n; i++ {
		r := w.space.regs.at(i)
		if i == w.space.root || r.dead || r.kind != memory || !r.prog().hasLock() {
			continue
		}
		if r.place != allocated {
			return false, &UnmovableError{Type: r.prog().typ.String(), Why: "it holds a lock in an interface; let it hold a pointer"}
		}
		more = true
		l.shareRegion(r)
		if err := l.shareAll(r.ptr(), r.prog().typ, r.count); err != nil {
			return false, err
		}
	}
	return more, nil
}

// hasLock reports whether memory of p holds a lock, or a sync.Map.
func (p *prog) hasLock() bool {
	return slices.ContainsFunc(p.ops, func(o op) bool { return o.lock != 0 || o.kind == opSyncMap || o.kind == opArray && o.sub.hasLock() })
}

// Decode decodes a value into *root. Things that are not known are made: memory without content, which Apply brings.
func (l *Link) Decode(data []byte, root any) error {
	mu.Lock()
	defer mu.Unlock()
	v := l.hold(root)
	return l.decode(data, v.UnsafePointer(), v.Type().Elem(), true)
}

// decode decodes a value into the t at p.
func (l *Link) decode(data []byte, p unsafe.Pointer, t reflect.Type, copied bool) (err error) {
	defer recoverError(&err)
	d := newDecoder(nil, int64(len(data)))
	d.reader.buf, d.reader.left = data, 0
	d.link, d.isolated, d.copied = l, true, copied
	l.begin()
	if d.fixed32() != uint32(buildSalt()) {
		return ErrBuild
	}
	pr, n := progOf(t)
	if p, k := d.elements(); p != pr || k != n {
		return fmt.Errorf("%w: the value is %d of %s, not %d of %s", ErrCorrupt, k, p.typ, n, pr.typ)
	}
	d.newest++
	d.push(object{ptr: p, prog: pr, n: n})
	d.bodies()
	if d.rest() != 0 {
		corrupt("left-over bytes")
	}
	d.settle()
	d.reader.buf = nil
	d.release()
	return nil
}

// addLinked makes the scan know the shared memory in the heap object at base, which it meets for the first time.
func (s *scanner) addLinked(base uintptr) {
	for _, t := range s.link.byBase[base] {
		at := t.Ptr()
		if at == nil || at == s.linkRoot { // it is gone, or its content is wanted
			continue
		}
		p, n := progOf(t.Type)
		s.linked = append(s.linked, t)
		s.markExternal(at, p, n*t.Count, len(registry.externals)+len(s.linked)-1, true)
	}
}

// externalName says what the external region r is, for people.
func (s *space) externalName(r *region) string {
	if k := int(r.name) - len(registry.externals); k >= 0 {
		return "memory that processes share"
	}
	return "the external variable " + registry.externals[r.name].name
}

// begin forgets what has been mentioned.
func (l *Link) begin() {
	l.refs = nil
	if l.seen == nil {
		l.seen = map[uint64]bool{}
	}
	clear(l.seen)
}

// mention notes that thing id occurs in the value, and reports whether it does for the first time.
func (l *Link) mention(id uint64) bool {
	if l.seen[id] {
		return false
	}
	l.seen[id] = true
	l.refs = append(l.refs, id)
	return true
}

// linkedRef writes a reference to thing t, at offset off.
func (e *encoder) linkedRef(t *Thing, off uintptr) {
	e.special(specialLinked)
	e.thing(t)
	e.uvarint(uint64(off))
}

// thing writes which thing t is.
func (e *encoder) thing(t *Thing) {
	e.uvarint(t.ID)
	if !e.link.mention(t.ID) {
		return
	}
	e.uvarint(uint64(t.Kind))
	if t.Kind <= ThingChan {
		e.plainType(descOf(t.Type))
		e.uvarint(uint64(t.Count))
	}
	if t.Kind == ThingMemory {
		e.place(t)
	}
}

// linkedChan writes a reference to a channel.
func (e *encoder) linkedChan(o *op, q unsafe.Pointer) {
	if q == nil {
		e.special(specialNil)
		return
	}
	if e.link.hooks.Owner != nil {
		if ctx := e.link.hooks.Owner(q); ctx != nil {
			e.done(ctx)
			return
		}
	}
	o.mayShare()
	c := (*hchan)(q)
	n := int(c.dataqsiz)
	if c.timer != nil {
		n = 0 // as cap says
	}
	e.linkedRef(e.link.share(ThingChan, o.elem, n, q), 0)
}

// mayShare panics with an *UnmovableError if the lock or channel belongs to a type of a library: its own code, which is not compiled, would use it in this process only.
func (o *op) mayShare() {
	if o.lock != ThingContext {
		mayShare(o.owner, "a lock or channel")
	}
}

// mayShare is the same for what a type of package owner has.
func mayShare(owner, what string) {
	if ofLibrary(owner) {
		panic(&UnmovableError{Type: "a type of package " + strings.TrimPrefix(owner, libraryCopies), Why: "it has " + what + " that its package uses in one process only; give each goroutine its own, or keep them in one process"})
	}
}

// libraryCopies begins the paths of what is compiled along of the standard library.
const libraryCopies = "harkgen.local/std/"

// libraryRoots are the first elements of the paths of the standard library.
var libraryRoots = strings.Fields("archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go hash html image index " +
	"internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv strings structs syscall testing text time unicode unique vendor weak")

func ofLibrary(path string) bool {
	root, _, _ := strings.Cut(path, "/")
	return strings.HasPrefix(path, libraryCopies) || slices.Contains(libraryRoots, root)
}

// lock writes which lock is at slot.
func (e *encoder) lock(o *op, slot unsafe.Pointer) {
	o.mayShare()
	e.thing(e.link.share(o.lock, nil, 0, unsafe.Add(slot, -int(o.lock.offset()))))
}

// condNotify is where a sync.Cond has its list of waiters.
var condNotify = mustField(reflect.TypeFor[sync.Cond](), "notify").Offset

// offset is where in a lock the memory lies that belongs to the process.
func (k ThingKind) offset() uintptr {
	if k == ThingCond {
		return condNotify
	}
	return 0
}

// thing reads which thing it is, and returns where it is. A lock is at slot.
func (d *decoder) thing(lock *op, slot unsafe.Pointer) unsafe.Pointer {
	if d.link == nil {
		corrupt("shared thing in a snapshot")
	}
	id := d.uvarint()
	t := d.link.Thing(id)
	var p unsafe.Pointer
	if t != nil {
		p = t.Ptr()
	}
	if d.link.mention(id) {
		kind, typ, n := ThingKind(d.uvarint()), reflect.Type(nil), 0
		if kind == 0 || kind > ThingContext {
			corrupt("bad kind of a shared thing")
		}
		if kind <= ThingChan {
			typ, n = d.someType().typ, d.length()
		}
		var at unsafe.Pointer
		if kind == ThingMemory {
			at = d.place(t, typ, n)
		}
		if p == nil {
			if p = at; p == nil {
				p = d.make(kind, typ, n, slot)
			}
			t = d.link.add(newThing(id, kind, typ, n, p))
			if kind.IsMemory() {
				d.link.made = append(d.link.made, t)
			}
		} else if t.Kind != kind || t.Type != typ {
			corrupt("shared thing of another kind")
		}
		d.made = append(d.made, p)
	}
	switch {
	case p == nil:
		corrupt("shared thing that has not been described")
	case lock == nil && t.Kind > ThingChan, lock != nil && t.Kind != lock.lock:
		corrupt("shared thing of another kind")
	case lock != nil:
		d.link.locks[uintptr(slot)] = t
	}
	return p
}

// make makes what stands for a thing of another process.
func (d *decoder) make(kind ThingKind, t reflect.Type, n int, slot unsafe.Pointer) unsafe.Pointer {
	switch kind {
	case ThingMemory:
		p, k := progOf(t)
		return d.allocShared(p, n*k)
	case ThingMap:
		if t.Kind() != reflect.Map {
			corrupt("not a map type")
		}
		return reflect.MakeMap(t).UnsafePointer()
	case ThingChan:
		if t.Size() > 0 && uintptr(n) > 1<<40/t.Size() {
			corrupt("channel too large")
		}
		return reflect.MakeChan(reflect.ChanOf(reflect.BothDir, t), n).UnsafePointer()
	}
	return slot
}

// allocShared allocates memory whose content comes by itself. Values come from processes of the same run, so their sizes are believed.
func (d *decoder) allocShared(p *prog, n int) unsafe.Pointer {
	if p.size > 0 && uintptr(n) > 1<<40/p.size {
		corrupt("memory too large")
	}
	if n == 1 {
		return unsafeNew(p.desc)
	}
	return unsafeNewArray(p.desc, n)
}

// linkedRef reads a reference to a thing.
func (d *decoder) linkedRef() unsafe.Pointer {
	p := d.thing(nil, nil)
	return unsafe.Add(p, d.length())
}

// ShareChan makes the channel ch, which is not nil, shared.
func (l *Link) ShareChan(ch any) *Thing {
	mu.Lock()
	defer mu.Unlock()
	v := reflect.ValueOf(ch)
	return l.share(ThingChan, v.Type().Elem(), v.Cap(), v.UnsafePointer())
}
