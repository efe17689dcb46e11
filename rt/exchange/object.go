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
