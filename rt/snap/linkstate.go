package snap

import (
	"cmp"
	"reflect"
	"slices"
	"sync"
)

// This file defines how the things of a Link are part of the snapshot of a process: as ordinary values that lead to them.

// lockTypes are the types of locks.
var lockTypes = map[ThingKind]reflect.Type{
	ThingMutex:     reflect.TypeFor[sync.Mutex](),
	ThingRWMutex:   reflect.TypeFor[sync.RWMutex](),
	ThingWaitGroup: reflect.TypeFor[sync.WaitGroup](),
	ThingCond:      reflect.TypeFor[sync.Cond](),
	ThingSyncMap:   reflect.TypeFor[sync.Map](),
	ThingContext:   reflect.TypeFor[sync.Mutex](),
}

// Ref returns a value that leads to t: a pointer, slice, map or channel; nil if it is gone.
func (t *Thing) Ref() any {
	p := t.Ptr()
	if p == nil {
		return nil
	}
	switch t.Kind {
	case ThingMemory:
		if t.Count == 1 {
			return reflect.NewAt(t.Type, p).Interface()
		}
		return reflect.SliceAt(t.Type, p, t.Count).Interface()
	case ThingMap:
		return mapValue(t.Type, p).Interface()
	case ThingChan:
		return mapValue(reflect.ChanOf(reflect.BothDir, t.Type), p).Interface()
	}
	return reflect.NewAt(lockTypes[t.Kind], p).Interface()
}

// Things returns all things, in the order of their ids.
func (l *Link) Things() []*Thing {
	mu.Lock()
	defer mu.Unlock()
	ts := make([]*Thing, 0, len(l.byID))
	for _, t := range l.byID {
		ts = append(ts, t)
	}
	slices.SortFunc(ts, func(a, b *Thing) int { return cmp.Compare(a.ID, b.ID) })
	return ts
}

// Restore makes a thing known that a snapshot has brought back; ref is its Ref.
func (l *Link) Restore(id uint64, kind ThingKind, ref any) {
	mu.Lock()
	defer mu.Unlock()
	v := reflect.ValueOf(ref)
	t := newThing(id, kind, nil, 1, v.UnsafePointer())
	switch kind {
	case ThingMemory:
		t.Type = v.Type().Elem()
		if v.Kind() == reflect.Slice {
			t.Count = v.Len()
		}
	case ThingMap:
		t.Type = v.Type()
	case ThingChan:
		t.Type, t.Count = v.Type().Elem(), v.Cap()
	}
	l.add(t)
}
