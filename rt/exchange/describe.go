package exchange

import (
	"cmp"
	"maps"
	"slices"
)

// This file describes what is shared, for people.

// A Description is an object as it is.
type Description struct {
	ID        ObjectID
	Kind      ObjectKind
	Len, Cap  int       // channel: values in the buffer
	Closed    bool      // channel
	Locked    bool      // lock: for writing
	Count     int64     // WaitGroup: counter; RWMutex: number of readers that have it
	Size      int       // region: bytes in messages
	Processes int       // that know it
	Waits     []Waiting // in the order in which they began; Reason is what is to be done to this object
}

// Describe returns all objects, by number.
func (x *Exchange) Describe() []Description {
	list := make([]Description, 0, len(x.objects))
	for _, o := range slices.SortedFunc(maps.Values(x.objects), func(a, b object) int { return cmp.Compare(a.head().id, b.head().id) }) {
		d := Description{ID: o.head().id, Kind: o.kind(), Processes: o.head().knower}
		switch o := o.(type) {
		case *channel:
			d.Len, d.Cap, d.Closed = len(o.buffer), o.capacity, o.closed
			d.Waits = x.describeQueues(&o.receivers, &o.senders)
		case *lock:
			d.Locked, d.Count = o.writer, o.readers
			d.Waits = x.describeQueues(&o.waitingWriters, &o.waitingReaders)
		case *group:
			d.Count = o.count
			d.Waits = x.describeQueues(&o.waiters)
		case *cond:
			d.Waits = x.describeQueues(&o.waiters)
		case *region:
			o.refs(func(v *Value) { d.Size += len(v.Data) })
		}
		list = append(list, d)
	}
	return list
}

// describeQueues returns who waits in queues of one object.
func (x *Exchange) describeQueues(queues ...*queue) (list []Waiting) {
	var places []*place
	for _, q := range queues {
		for l := q.first; l != nil; l = l.next {
			places = append(places, l)
		}
	}
	slices.SortFunc(places, func(a, b *place) int { return cmp.Or(cmp.Compare(a.w.seq, b.w.seq), a.i-b.i) })
	for _, l := range places {
		list = append(list, Waiting{l.w.p.id, l.w.g, x.placeReason(l)})
	}
	return list
}

// placeReason is the reason of an operation, of a select that of the case.
func (x *Exchange) placeReason(l *place) string {
	switch {
	case l.w.op.Kind != OpSelect || len(l.w.op.Cases) == 1:
		return x.reason(l.w)
	case l.w.op.Cases[l.i].Send:
		return "select, chan send"
	}
	return "select, chan receive"
}
