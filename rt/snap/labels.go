package snap

// This file defines labels: the numbers by which references name objects.
//
// The first save of a process gives out labels in the order in which it writes the objects. An object keeps its label as long as this process lives,
// and the objects that Load makes have the labels of the snapshot. So a reference that has not changed is written as it was, however many objects come and
// go around it. The order in which the objects are written does not depend on labels.
//
// Labels are kept by address. When the object at an address is gone, and another has taken its place, that takes the label: nothing but uniqueness
// within a snapshot matters. A new object at a new address takes a label that nobody has had. When fewer than half of the labels are in
// use, all are dropped, and the next save numbers anew.

// labels are the labels of this process; guarded by mu.
var labels labelTable

type labelTable struct {
	spans [2]spanTables // label + 1 of what begins with a heap object, or 8 bytes into it (the tiny allocator puts two objects into one)
	more  map[labelKey]uint32
	n     uint32   // labels that have been given out
	roots uint32   // the first labels are those of the objects that are there from the beginning
	used  []uint64 // the labels that the snapshot being written has used: a bit for each
}

// A labelKey is anything else: memory of a type, or an object of another kind (count 0).
type labelKey struct {
	addr   uintptr
	progID uint32
	count  int
}

// reset drops all labels. The memory of a large table is freed.
func (l *labelTable) reset() {
	if l.n > smallTable {
		*l = labelTable{}
		return
	}
	clear(l.more)
	*l = labelTable{spans: [2]spanTables{l.spans[0].emptied(), l.spans[1].emptied()}, more: l.more, used: l.used[:0]}
}

// prepare is told that a snapshot of live objects is going to be written. So labels stay below roots + 3*live + 64, as live more may be given out.
func (l *labelTable) prepare(live uint32) {
	if uint64(l.n-l.roots) > 2*uint64(live)+64 {
		l.reset()
	}
}

// begin is called when a snapshot of live objects is written.
func (l *labelTable) begin(live uint32) {
	if uint64(l.n-l.roots) > 4*uint64(live)+64 { // a Load, or another snapshot, has come between
		l.reset()
	}
	clear(l.used)
}

// begun is called when the first objects have their labels.
func (l *labelTable) begun(roots uint32) {
	if l.roots != roots {
		l.reset()
		l.n, l.roots = roots, roots
	}
}

// word returns where the label of what is at addr is kept, nil if that is in l.more.
func (l *labelTable) word(addr uintptr) *head {
	base, span, i := findObject(addr, 0, 0)
	if off := addr - base; base != 0 && off&^8 == 0 {
		return l.spans[off/8].word(uintptr(span), int(i))
	}
	return nil
}

// of returns the label of r in the snapshot that is being written; f is most likely its object.
func (l *labelTable) of(r *region, f *found) uint32 {
	var w *head
	if f.base == r.addr {
		w = l.spans[0].word(f.span, int(f.index))
	} else if w = l.word(r.addr); w == nil {
		return l.ofKey(keyOf(r.kind, r.addr, r.progID, r.count))
	}
	if *w == 0 || !l.claim(uint32(*w)-1) {
		*w = head(l.fresh()) + 1
	}
	return uint32(*w) - 1
}

func keyOf(kind regionKind, addr uintptr, progID uint32, count int) labelKey {
	if kind != memory {
		count = 0
	}
	return labelKey{addr: addr, progID: progID, count: count}
}

func (l *labelTable) ofKey(k labelKey) uint32 {
	x, ok := l.more[k]
	if !ok || !l.claim(x) {
		x = l.fresh()
		l.setKey(k, x)
	}
	return x
}

func (l *labelTable) setKey(k labelKey, x uint32) {
	if l.more == nil {
		l.more = map[labelKey]uint32{}
	}
	l.more[k] = x
}

// claim uses label x in the snapshot being written, and reports whether it was free.
func (l *labelTable) claim(x uint32) bool {
	for int(x/64) >= len(l.used) {
		l.used = append(l.used, 0)
	}
	w, bit := &l.used[x/64], uint64(1)<<(x%64)
	free := *w&bit == 0
	*w |= bit
	return free
}

// fresh returns a label that nobody has had.
func (l *labelTable) fresh() uint32 {
	l.n++
	l.claim(l.n - 1)
	return l.n - 1
}

// restore makes the labels of a snapshot that has been loaded, of which the first objects are roots, those of this process.
func (l *labelTable) restore(objects *chunked[object], roots uint32) {
	l.reset()
	l.n, l.roots = roots, roots
	for i := roots + 1; i <= objects.n; i++ {
		o := objects.at(i)
		l.n = max(l.n, o.label+1)
		if w := l.word(uintptr(o.ptr)); w != nil {
			*w = head(o.label) + 1
		} else {
			l.setKey(keyOf(o.kind, uintptr(o.ptr), o.prog.id, o.n), o.label)
		}
	}
}

// number gives r a number and a label.
func (e *encoder) number(r *region) {
	e.count++
	r.id = e.count
	x := labels.of(r, &e.found)
	r.setLabel(x)
	e.step = int64(x) - e.newest - 1
	e.newest = int64(x)
}

// fresh writes that the object which has been numbered is new, and of this kind.
func (e *encoder) fresh(kind uint64) {
	if e.step == 0 {
		e.uvarint(kind<<3 | refNew)
		return
	}
	e.uvarint(kind<<3 | newLabel | refNew)
	e.varint(e.step)
}

// A labelReader finds objects by their labels.
type labelReader struct {
	newest int64           // the label of the last new object
	at     chunked[uint32] // number + 1 of the object with label + 1; empty as long as labels are numbers
}

// label reads the label of a new object; code is that of the reference.
func (d *decoder) label(code uint64) {
	x := d.newest + 1
	if code&newLabel != 0 {
		x += d.varint()
	}
	if x < 0 || x >= 1<<32-1 {
		corrupt("label out of range")
	}
	if d.newest = x; d.at.n == 0 {
		if x == int64(d.objects.n) {
			return
		}
		d.reach(int64(d.objects.n))
		for i := uint32(1); i <= d.objects.n; i++ {
			*d.at.at(i) = i
		}
	}
	d.reach(x + 1)
	if *d.at.at(uint32(x) + 1) != 0 {
		corrupt("label of two objects")
	}
	*d.at.at(uint32(x) + 1) = d.objects.n + 1
}

// reach makes room for n labels.
func (d *decoder) reach(n int64) {
	if more := n - int64(d.at.n); more > 0 {
		d.charge(2*4, int(more)) // chunks double
		d.at.reach(uint32(n))
	}
}

// labelled returns the object with label x.
func (d *decoder) labelled(x int64) *object {
	i := x + 1
	if d.at.n > 0 && 0 < i && i <= int64(d.at.n) {
		i = int64(*d.at.at(uint32(i)))
	}
	if i < 1 || i > int64(d.objects.n) {
		corrupt("no object has this label")
	}
	return d.objects.at(uint32(i))
}
