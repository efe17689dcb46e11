package exchange

import (
	"cmp"
	"slices"
)

// This file defines what processes know.

// A known says that a process knows an object: its memory may hold a reference.
type known struct {
	p          *process
	o          object
	told       uint64 // number of the last reply that led to the object
	prev, next *known // in the knownSet of p

	// Of what p is told of.
	seen uint64 // version that p has been told of; 0: nothing
	at   int32  // where it stands in its list
	list listName
}

// A told is an object that processes who know it are told of.
type told interface {
	object
	upToDate() *[]*known                      // the list fresh of the object
	since(stores []Stored, k *known) []Stored // appends what k has not seen
	saw(k *known)                             // k knows all there is
}

// A listName names a list of those that know such an object.
type listName uint8

const (
	none  listName = iota // nothing more will be told
	fresh                 // of the object: p has been told of its version
	stale                 // of p: it has to be told
)

func (k *known) id() ObjectID { return k.o.head().id }

func (k *known) members() *[]*known {
	if k.list == fresh {
		return k.o.(told).upToDate()
	}
	return &k.p.stale
}

// enter moves k to the end of a list.
func (k *known) enter(name listName) {
	k.leave()
	k.list = name
	l := k.members()
	k.at = int32(len(*l))
	*l = append(*l, k)
}

// leave takes k out of its list. The order of a list does not show.
func (k *known) leave() {
	if k.list == none {
		return
	}
	list := k.members()
	l := *list
	last := len(l) - 1
	l[k.at] = l[last]
	l[k.at].at = k.at
	l[last] = nil
	*list = l[:last]
	k.list = none
}

// A knownSet has what a process knows. Only one that knows many objects has an index: most know few, and there may be a million of them.
type knownSet struct {
	first *known
	n     int
	index map[ObjectID]*known // nil: the list is short
}

const fewKnown = 8

func (s *knownSet) get(id ObjectID) *known {
	if s.index != nil {
		return s.index[id]
	}
	for k := s.first; k != nil; k = k.next {
		if k.id() == id {
			return k
		}
	}
	return nil
}

// add adds k, which is not there.
func (s *knownSet) add(k *known) {
	if k.next = s.first; k.next != nil {
		k.next.prev = k
	}
	s.first = k
	s.n++
	if s.index != nil {
		s.index[k.id()] = k
	} else if s.n > fewKnown {
		s.index = make(map[ObjectID]*known, 2*s.n)
		for k := range s.all {
			s.index[k.id()] = k
		}
	}
}

func (s *knownSet) remove(k *known) {
	if k.prev == nil {
		s.first = k.next
	} else {
		k.prev.next = k.next
	}
	if k.next != nil {
		k.next.prev = k.prev
	}
	if s.n--; s.n == 0 {
		s.index = nil
	}
	delete(s.index, k.id())
}

// all yields what is in s, in no order. It may be removed meanwhile.
func (s *knownSet) all(yield func(*known) bool) {
	for k := s.first; k != nil; {
		next := k.next
		if !yield(k) {
			return
		}
		k = next
	}
}

// sorted returns what is in s, by object, in buf if that is large enough.
func (s *knownSet) sorted(buf []*known) []*known {
	buf = buf[:0]
	for k := s.first; k != nil; k = k.next {
		buf = append(buf, k)
	}
	slices.SortFunc(buf, byObject)
	return buf
}

func byObject(a, b *known) int { return cmp.Compare(a.id(), b.id()) }

// know returns what p knows of o; from now on it knows it. One who shares or writes a region need not be told what is in it.
func (x *Exchange) know(p *process, o object) *known {
	h := o.head()
	if k := p.knows.get(h.id); k != nil {
		return k
	}
	k := &known{p: p, o: o}
	p.knows.add(k)
	h.knower++
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
		n := p.knows.n
		k := x.know(p, o)
		k.told = p.sent
		if p.knows.n > n && k.seen > 0 {
			k.seen = 0
			k.enter(stale)
		}
	}
}

// forget takes note that p has no reference to an object. One that is on its way to p is one; then p still has the content (rt/shareforget.go), but has to hear again that a
// context has been cancelled.
func (x *Exchange) forget(p *process, id ObjectID) string { // rule: forget
	k := p.knows.get(id)
	if k == nil {
		return ""
	}
	if k.told <= p.sent-uint64(len(p.replies)) {
		x.unknow(k)
	} else if c, ok := k.o.(*context); ok && c.done {
		k.seen = 0
		k.enter(stale)
		x.reply(p, Reply{Kind: ReplyNews})
	}
	return ""
}

// unknow forgets k.
func (x *Exchange) unknow(k *known) {
	k.leave()
	k.p.knows.remove(k)
	k.o.head().knower--
	x.garbage.events++
}
