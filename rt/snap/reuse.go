package snap

// This file defines what a Save or a Load leaves to the next: memory of its tables. A program that waits often is saved often, and most of the time that takes
// would go into making tables.

import (
	"sync"
	"unsafe"
)

// A workspace is what it takes to save.
type workspace struct {
	space   space
	scanner scanner
	encoder encoder
}

// workspaces are those that are not in use. The collector takes them away when memory is wanted.
var workspaces = sync.Pool{New: func() any { return new(workspace) }}

func newWorkspace() *workspace {
	w := workspaces.Get().(*workspace)
	w.space.image, w.space.gen = isTree, nextGeneration()
	w.scanner.space = &w.space
	return w
}

// release makes w one that others may use.
func (w *workspace) release() {
	w.space = w.space.emptied()
	w.scanner = w.scanner.emptied()
	w.encoder = w.encoder.emptied()
	workspaces.Put(w)
}

func (s *space) emptied() space {
	clear(s.constants)
	clear(s.nodes)
	clear(s.trees)
	return space{
		regs:      s.regs.emptied(),
		spans:     s.spans.emptied(),
		trees:     s.trees[:0],
		constants: s.constants,
		nodes:     s.nodes,
		used:      s.used[:0],
		pages:     s.pages.emptied(),
	}
}

func (s *scanner) emptied() scanner {
	return scanner{work: s.work[:0], list: s.list[:0], shorts: s.shorts.emptied()}
}

func (e *encoder) emptied() encoder {
	clear(e.lengths)
	return encoder{
		writer:  e.writer.emptied(),
		stack:   e.stack[:0],
		lengths: e.lengths,
		pairs:   e.pairs[:0],

		types:     e.types.emptied(),
		images:    e.images.emptied(),
		funcs:     e.funcs.emptied(),
		externals: e.externals.emptied(),
		closures:  e.closures.emptied(),
	}
}

// smallTable is up to which size tables are kept whose content would have to be cleared.
const smallTable = 1 << 10

// decoders are those that are not in use.
var decoders = sync.Pool{New: func() any {
	return &decoder{
		types: map[uint64]*typeCode{}, images: map[uint64]unsafe.Pointer{}, funcs: map[uint64]unsafe.Pointer{},
		externals: map[uint64]*variable{}, closures: map[uint64]int{},
		copies: map[uint32]unsafe.Pointer{}, buffered: map[uint32]channelState{},
	}
}}

// release makes d one that others may use, if it has not grown large. Nothing it has made may stay reachable from it.
func (d *decoder) release() {
	if d.objects.n > smallTable || d.at.n > smallTable {
		return
	}
	d.objects.clear()
	d.at.clear()
	clear(d.types)
	clear(d.images)
	clear(d.funcs)
	clear(d.externals)
	clear(d.closures)
	clear(d.copies)
	clear(d.buffered)
	clear(d.fills)
	*d = decoder{
		reader:      reader{store: d.store},
		labelReader: labelReader{at: d.at.emptied()},
		objects:     d.objects.emptied(),
		stack:       d.stack[:0],
		fills:       d.fills[:0],

		types: d.types, images: d.images, funcs: d.funcs, externals: d.externals, closures: d.closures, copies: d.copies, buffered: d.buffered,
	}
	decoders.Put(d)
}
