package snap

import (
	"encoding/binary"
	"reflect"
	"sync"
	"unsafe"
)

// This file defines the content of a sync.Map that processes share: the id of its lock, and its entries. It is one slot.

var pairsType = reflect.TypeFor[[]any]()

// syncMapContent encodes the sync.Map at p, in an order that does not depend on addresses.
func (l *Link) syncMapContent(o *op, p unsafe.Pointer) (Value, error) {
	o.mayShare()
	w := newWorkspace()
	w.space.isolated = true
	w.encoder.space = &w.space
	w.scanner.addStatic()
	pairs := w.encoder.sortedPairs((*sync.Map)(p))
	w.release()
	l.root = pairs
	if err := l.shareAll(unsafe.Pointer(unsafe.SliceData(pairs)), pairsType.Elem(), len(pairs)); err != nil {
		return Value{}, err
	}
	root := &pairs
	l.root = root
	v, err := l.encode(unsafe.Pointer(root), pairsType, true)
	id := l.share(ThingSyncMap, nil, 0, p).ID
	return Value{append(binary.AppendUvarint(nil, id), v.Data...), append([]uint64{id}, v.Refs...)}, err
}

// applySyncMap makes the sync.Map at p what data says.
func (l *Link) applySyncMap(p unsafe.Pointer, data []byte) error {
	if err := l.applyLock(ThingSyncMap, p, data); err != nil {
		return err
	}
	_, n := binary.Uvarint(data)
	pairs := new([]any)
	l.root = pairs
	if err := l.decode(data[n:], unsafe.Pointer(pairs), pairsType, true); err != nil {
		return err
	}
	if len(*pairs)%2 != 0 {
		return ErrCorrupt
	}
	m := (*sync.Map)(p)
	m.Clear()
	for i := 0; i < len(*pairs); i += 2 {
		m.Store((*pairs)[i], (*pairs)[i+1])
	}
	return nil
}
