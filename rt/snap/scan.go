package snap

// This file defines phase 1: discovery of everything reachable. See the package comment.

import (
	"reflect"
	"runtime"
	"strconv"
	"sync"
	"unsafe"
)

// A scanner finds regions. Its loop, run, is flat: the depth of the data is in the work list.
type scanner struct {
	*space
	work []job
	cur  uint32   // region being scanned
	list []uint32 // scratch of merge

	shorts chunked[uint64] // short strings met: address, and length from bit addrBits on

	linkRoot unsafe.Pointer // whose content is wanted

	flat    int                     // in the value of a unique.Handle, see unique.go
	handles map[unsafe.Pointer]bool // met so far

	entry   *mapEntry // the map entry being scanned, for paths
	element int       // the channel element being scanned, for paths
}

// A job is memory of a region that has not been looked at. progID is 0 for regions other than memory.
type job struct {
	mem    uintptr
	n      int
	region uint32
	progID uint32
}

type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

type stringHeader struct {
	data unsafe.Pointer
	len  int
}

// discover finds everything reachable from the registered variables and from n elements of p at root.
func (sc *scanner) discover(root unsafe.Pointer, p *prog, n int) (err error) {
	defer func() {
		if e := recover(); e != nil {
			u, ok := e.(*UnmovableError)
			if !ok {
				panic(e)
			}
			err = u
		}
	}()
	sc.addStatic()
	sc.linkRoot = root
	sc.addRoot(root, p, n, inRoot, 0)
	if !sc.isolated {
		for _, i := range sc.static.heapVars {
			sc.addVar(i)
		}
	}
	sc.run()
	sc.shareStrings()
	labels.prepare(sc.objects())
	return nil
}

func (s *scanner) push(i uint32, mem unsafe.Pointer, p *prog, n int) {
	if len(p.refs) > 0 && n > 0 {
		s.work = append(s.work, job{uintptr(mem), n, i, p.id})
	}
}

func (s *scanner) run() {
	for len(s.work) > 0 {
		j := s.work[len(s.work)-1]
		s.work = s.work[:len(s.work)-1]
		s.cur = j.region
		if j.progID != 0 {
			s.refs(pointerTo(j.mem), progList[j.progID], j.n)
			continue
		}
		switch r := s.regs.at(j.region); r.kind {
		case mapping:
			s.scanMap(r)
		case channel:
			s.scanChan(r)
		case closure:
			env := (*closureObject)(r.ptr()).env
			if env != nil {
				s.pointer(env, r.prog(), r.count)
			}
		case timer:
			s.scanTimer(r)
		}
	}
}

// refs looks at the references of n elements of p at mem.
func (s *scanner) refs(mem unsafe.Pointer, p *prog, n int) {
	for i := range n {
		at := unsafe.Add(mem, uintptr(i)*p.size)
		for k := range p.refs {
			s.ref(&p.refs[k], unsafe.Add(at, p.refs[k].off))
		}
	}
}

// ref looks at one reference.
func (s *scanner) ref(o *op, slot unsafe.Pointer) {
	if o.own && s.link != nil {
		return
	}
	switch o.kind {
	case opPtr:
		if q := *(*unsafe.Pointer)(slot); q != nil {
			if s.link != nil {
				o.mayLead()
			}
			sub, n := o.target()
			s.pointer(q, sub, n)
		}
	case opHandle:
		s.handle(o, slot)
	case opSlice:
		if h := (*sliceHeader)(slot); h.cap > 0 {
			sub, n := o.target()
			s.pointer(h.data, sub, n*h.cap)
		}
	case opString:
		if h := (*stringHeader)(slot); s.flat > 0 {
			break // written in place
		} else if h.len > inlineString {
			s.content(h.data, bytesProg(), h.len)
		} else if h.len > 0 {
			s.note(h)
		}
	case opEface:
		if e := (*eface)(slot); e.tab != nil {
			s.dynamic(e.tab, &e.data)
		}
	case opIface:
		if e := (*eface)(slot); e.tab != nil {
			s.dynamic(dynamicType(o.typ, slot), &e.data)
		}
	case opArray:
		s.refs(slot, o.sub, o.n)
	case opMap:
		if q := *(*unsafe.Pointer)(slot); q != nil {
			pr, _ := progOf(o.typ)
			s.node(q, mapping, pr, 0)
		}
	case opChan:
		if q := *(*unsafe.Pointer)(slot); q != nil && s.link == nil { // else it is shared, and not looked into
			s.chanNode(q, o)
		}
	case opFunc:
		if q := *(*unsafe.Pointer)(slot); q != nil {
			s.function(q, o.typ)
		}
	case opSyncMap:
		(*sync.Map)(slot).Range(func(k, v any) bool {
			s.ref(&efaceOp, unsafe.Pointer(&k))
			s.ref(&efaceOp, unsafe.Pointer(&v))
			return true
		})
	case opReflect:
		s.reflectValue((*reflectValue)(slot))
	case opUnsafe:
		if q := *(*unsafe.Pointer)(slot); q != nil && (s.heapHead(q) != nil || sectionOf(uintptr(q)) == secNone) {
			s.bailAt(slot, o.typ, "nobody knows what an unsafe.Pointer leads to")
		}
	case opBad:
		if !isZero(slot, o.size) {
			s.bailAt(slot, o.typ, o.why)
		}
	case opTimer:
		if !isZero(slot, o.size) {
			s.bailAt(slot, o.typ, "a copy of a timer is not a timer")
		}
	}
}

var efaceOp = op{kind: opEface, size: 2 * wordSize, typ: reflect.TypeFor[any]()}

func isZero(mem unsafe.Pointer, size uintptr) bool {
	for _, b := range unsafe.Slice((*byte)(mem), size) {
		if b != 0 {
			return false
		}
	}
	return true
}

// pointer records that a pointer to n elements of p leads to q.
func (s *scanner) pointer(q unsafe.Pointer, p *prog, n int) {
	if p.size*uintptr(n) == 0 {
		return
	}
	if p.timer && n == 1 && (isTimer(q) || s.link != nil && standsForTimer(q)) {
		s.timerNode(q)
		return
	}
	h, sec := s.headOf(q)
	h = s.meet(h, q)
	switch {
	case h == nil && sec == secReadOnly:
		return
	case h == nil:
		s.bailTo(q, p.typ, "it is not in Go memory")
	case sec == secWritable:
		switch {
		case !s.isolated, s.link == nil && owner.imageAt(uintptr(q), uintptr(q)+p.size*uintptr(n)) != nil:
			s.add(h, q, p, n, inImage)
		case s.link != nil && !p.isConstant() && s.find(*h, uintptr(q), uintptr(q)+p.size*uintptr(n)) == 0:
			s.shareImage(q, p, n)
		}
	default:
		if off, ok := sentinelAt(q, p); ok && n == 1 {
			s.sentinel(h, q, p, off)
			return
		}
		s.add(h, q, p, n, allocated)
	}
}

// meet makes the scan know what of the heap object of q is shared. h is its head.
func (s *scanner) meet(h *head, q unsafe.Pointer) *head {
	if s.link == nil || h == nil || h == &s.image || *h != 0 {
		return h
	}
	s.addLinked(s.found.base)
	return s.heapHead(q)
}

// content records immutable memory, of a string or behind an interface. Outside the heap it is saved by content.
func (s *scanner) content(q unsafe.Pointer, p *prog, n int) {
	if p.size*uintptr(n) == 0 {
		return
	}
	if h := s.meet(s.heapHead(q), q); h != nil {
		s.add(h, q, p, n, constantMem)
		return
	}
	c := constant{uintptr(q), p, n}
	if _, ok := s.constants[c]; !ok {
		s.use(p)
		i := s.regs.add(region{addr: uintptr(q), progID: p.id, count: n, parent: s.cur, place: constantMem})
		if s.constants == nil {
			s.constants = map[constant]uint32{}
		}
		s.constants[c] = i
		s.push(i, q, p, n)
	}
}

// isInline reports whether what is behind an interface is written in place and not as a region of its own. Boxes are
// immutable, so it does not show.
func (p *prog) isInline(n int) bool {
	return n == 1 && p.size <= 16 && (p.free || p.typ.Kind() == reflect.String)
}

// isDirect reports whether an interface holds n elements of p itself, not a pointer to them.
func (p *prog) isDirect(n int) bool { return p.direct && n == 1 }

// dynamic looks at the data word of an interface with dynamic type desc.
func (s *scanner) dynamic(desc unsafe.Pointer, data *unsafe.Pointer) {
	p, n := s.dynamicProg(desc)
	switch {
	case p.isDirect(n):
		s.refs(unsafe.Pointer(data), p, n)
	case p.isInline(n):
		s.refs(*data, p, n)
	case s.flat > 0:
		if s.flat++; s.flat > maxFlat {
			s.bailTo(*data, p.typ, "interfaces lie too deep in the value of a unique.Handle")
		}
		s.refs(*data, p, n)
		s.flat--
	default:
		s.content(*data, p, n)
	}
}

// dynamicProg is progOf for a descriptor, with a fast path.
func (s *space) dynamicProg(desc unsafe.Pointer) (*prog, int) {
	p := progs[desc]
	n := 1
	if p == nil {
		p, n = progOf(typeOfDesc(desc))
	}
	s.use(p)
	return p, n
}

func (s *scanner) reflectValue(v *reflectValue) {
	if v.typ == nil {
		return
	}
	p, n := s.dynamicProg(v.typ)
	if v.flag&reflectIndir != 0 {
		s.pointer(v.ptr, p, n)
	} else {
		s.refs(unsafe.Pointer(&v.ptr), p, n)
	}
}

// node records a map, channel or closure.
func (s *scanner) node(q unsafe.Pointer, kind regionKind, p *prog, name int) {
	h := s.meet(s.heapHead(q), q)
	if h == nil {
		if s.nodes == nil {
			s.nodes = map[uintptr]uint32{}
		}
		if s.nodes[uintptr(q)] == 0 {
			s.nodes[uintptr(q)] = s.newNode(q, kind, p, name)
		}
		return
	}
	if i := s.find(*h, uintptr(q), uintptr(q)+1); i != 0 {
		if r := s.regs.at(i); r.kind != kind && r.kind != external {
			s.bailTo(q, p.typ, "its memory is also seen as "+r.prog().typ.String())
		}
		return
	}
	s.insert(h, s.newNode(q, kind, p, name))
}

func (s *scanner) newNode(q unsafe.Pointer, kind regionKind, p *prog, name int) uint32 {
	s.use(p)
	i := s.regs.add(region{addr: uintptr(q), progID: p.id, count: 1, kind: kind, name: uint32(name), parent: s.cur})
	s.work = append(s.work, job{region: i})
	return i
}

// function records a func value.
func (s *scanner) function(q unsafe.Pointer, t reflect.Type) {
	if s.heapHead(q) == nil {
		if sectionOf(uintptr(q)) == secNone {
			s.bailTo(q, t, "it is not in Go memory")
		}
		return
	}
	code := *(*uintptr)(q)
	i, ok := registry.closureByCode[code]
	if !ok {
		b := boundOf(code, t)
		if b == nil {
			s.bailTo(q, t, "a closure of code that is not compiled: "+funcName(code))
		}
		s.use(b.prog)
		s.node(q, closure, b.prog, len(registry.closures)+s.boundNumber(b))
		return
	}
	p, _ := progOf(registry.closures[i].env.Elem())
	s.node(q, closure, p, i)
}

// funcName says where the function with this code is.
func funcName(code uintptr) string {
	f := runtime.FuncForPC(code)
	if f == nil {
		return "unknown function"
	}
	file, line := f.FileLine(code)
	return f.Name() + " (" + file + ":" + strconv.Itoa(line) + ")"
}
