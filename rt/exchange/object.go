package exchange

import "slices"

// This file defines shared objects: how they come to be, and who knows them.

// An object is something shared.
type object interface {
	head() *header
	kind() ObjectKind
	refs(visit func(*Value)) // of the values in it
}

// A header is what all objects have.
type header struct {
	id     ObjectID
	knower int  // number of live processes that know it
	marked bool // reached, while garbage is collected
}

func (h *header) head() *header     { return h }
func (h *header) refs(func(*Value)) {}

// find returns the object with the number id, if it is a T.
func find[T object](x *Exchange, id ObjectID) (T, bool) {
	o, ok := x.objects[id].(T)
	return o, ok
}

const noSuch = "no such object"

// share makes an object.
func (x *Exchange) share(p *process, op *Op) string {
	id, s := op.Object, op.Share
	switch {
	case s == nil:
		return "no state"
	case ProcessID(id>>32) != p.id || uint32(id) == 0:
		return "not a number of this process"
	case x.objects[id] != nil:
		return "shared already"
	}
	var o object
	h := header{id: id}
	switch s.Kind {
	case KindChannel:
		if s.Capacity < 0 || len(s.Buffer) > s.Capacity {
			return "the buffer does not fit"
		}
		o = &channel{header: h, capacity: s.Capacity, buffer: slices.Clone(s.Buffer), closed: s.Closed}
	case KindWaitGroup:
		if s.Count < 0 {
			return "negative counter"
		}
		o = &group{header: h, count: s.Count}
	case KindMutex, KindRWMutex:
		if s.Count > 1 || s.Count < 0 && s.Kind == KindMutex || s.Count < -maxReaders {
			return "impossible state of a lock"
		}
		o = &lock{header: h, rw: s.Kind == KindRWMutex, writer: s.Count == 1, readers: max(0, -s.Count)}
	case KindCond:
		o = &cond{header: h}
	case KindRegion:
		o = newRegion(h, s.Content, p.id)
	case KindContext:
		x.garbage.events++
		return x.shareContext(p, h, s)
	default:
		return "unknown kind of object"
	}
	x.objects[id] = o
	x.know(p, o)
	x.garbage.events++
	return ""
}

// A known says that a process knows an object: its memory may hold a reference.
type known struct {
	p          *process
	o          object
	told       uint64 // number of the last reply that led to the object
	prev, next *known // list of p

	// Of what p is told of.
	seen uint64 // version that p has been told of; 0: nothing
	list *[]*known
	at   int // where it stands in list: p.stale, fresh of a region, watchers of a context
}

// A told is an object that processes who know it are told of.
type told interface {
	object
	since(stores []Stored, k *known) []Stored // appends what k has not seen
	saw(k *known)                             // k knows all there is
}

type knowKey struct {
	p ProcessID
	o ObjectID
}

// know returns what p knows of o; from now on it knows it. One who shares or writes a region need not be told what is in it.
func (x *Exchange) know(p *process, o object) *known {
	key := knowKey{p.id, o.head().id}
	k := x.knows[key]
	if k != nil {
		return k
	}
	k = &known{p: p, o: o, next: p.known}
	if p.known != nil {
		p.known.prev = k
	}
	p.known = k
	x.knows[key] = k
	o.head().knower++
	if o, ok := o.(told); ok {
		o.saw(k)
	}
	return k
}

// meet makes p know what v leads to. Of a region or context that it has not known it has to be told everything.
func (x *Exchange) meet(p *process, v *Value) { // rule: know
	for _, id := range v.Refs {
		o := x.objects[id]
		if o == nil {
			continue
		}
		new := x.knows[knowKey{p.id, id}] == nil
		k := x.know(p, o)
		k.told = p.sent
		if new && k.seen > 0 {
			k.seen = 0
			k.enter(&p.stale)
		}
	}
}

// forget takes note that p has no reference to an object. One that is on its way to p is one.
func (x *Exchange) forget(p *process, id ObjectID) string { // rule: forget
	k := x.knows[knowKey{p.id, id}]
	if k != nil && k.told <= p.sent-uint64(len(p.replies)) {
		x.unknow(k)
	}
	return ""
}

// unknow forgets k.
func (x *Exchange) unknow(k *known) {
	k.leave()
	if k.prev == nil {
		k.p.known = k.next
	} else {
		k.prev.next = k.next
	}
	if k.next != nil {
		k.next.prev = k.prev
	}
	h := k.o.head()
	h.knower--
	delete(x.knows, knowKey{k.p.id, h.id})
	x.garbage.events++
}

// enter moves k to the end of a list.
func (k *known) enter(list *[]*known) {
	k.leave()
	k.list, k.at = list, len(*list)
	*list = append(*list, k)
}

// leave takes k out of its list. The order of a list does not show.
func (k *known) leave() {
	if k.list == nil {
		return
	}
	l := *k.list
	last := len(l) - 1
	l[k.at] = l[last]
	l[k.at].at = k.at
	l[last] = nil
	*k.list = l[:last]
	k.list = nil
}
