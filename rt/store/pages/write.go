package pages

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"slices"
	"sync"

	chunkers "github.com/PlakarKorp/go-cdc-chunkers"
	_ "github.com/PlakarKorp/go-cdc-chunkers/chunkers/fastcdc" // registers the algorithm

	"github.com/harkgen/harkgen/rt/store"
)

// cdc names the algorithm; the library keeps what a name means.
const cdc = "fastcdc-v1.0.0"

// A Draft is a snapshot that is about to be committed.
type Draft struct {
	Snapshot store.Snapshot // for the record
	Blobs    []store.Blob   // to be put with the record
	Written  int64          // bytes that are new in the store: of blobs, or of the snapshot in the record

	set    *Set
	need   map[*page]bool
	stored []string // blobs
}

// Discard deletes what Write has stored already. It must not be called when the put of the record was tried: nobody knows then whether it succeeded.
func (d *Draft) Discard(ctx context.Context) error { return Delete(ctx, d.set.store, d.stored) }

// Write reads a snapshot to its end and stores what is new of it, but for Draft.Blobs. The memory it takes does not depend on the size. After an
// error, of r or of the store, what it has stored is deleted, or is garbage.
func (s *Set) Write(ctx context.Context, r io.Reader) (*Draft, error) {
	if s.head == nil {
		s.head = make([]byte, store.MaxInline+1)
	}
	n, err := readFull(r, s.head)
	if err != nil {
		return nil, err
	}
	d := &Draft{set: s, need: map[*page]bool{}}
	if n <= store.MaxInline {
		d.Snapshot = store.Snapshot{Size: int64(n), Inline: slices.Clone(s.head[:n])}
		d.Written = int64(n)
		return d, nil
	}
	w := newWriter(ctx, d)
	err = w.write(io.MultiReader(bytes.NewReader(s.head), r))
	if err2 := w.close(); err2 != nil { // it made the other one happen
		err = err2
	}
	if err != nil {
		d.Discard(context.WithoutCancel(ctx))
		return nil, err
	}
	return d, nil
}

// readFull fills b as far as r goes. The end of r is no error.
func readFull(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:])
		n += m
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// A writer stores the pages of a draft. One goroutine cuts and hashes; several compress and store what is new.
type writer struct {
	*Draft
	ctx    context.Context
	cancel context.CancelFunc
	salt   salt
	fresh  map[hash]*page // pages that are new

	jobs    chan job
	free    sync.Pool      // of buffers for the content
	pending sync.WaitGroup // jobs
	workers sync.WaitGroup

	mu    sync.Mutex
	held  int  // bytes in Blobs
	spill bool // new pages are stored as they come
	err   error
}

type job struct {
	page    *page
	content *[]byte
}

func newWriter(ctx context.Context, d *Draft) *writer {
	w := &writer{Draft: d, fresh: map[hash]*page{}, jobs: make(chan job)}
	w.ctx, w.cancel = context.WithCancel(ctx)
	w.free.New = func() any { b := make([]byte, 0, maxPage); return &b }
	rand.Read(w.salt[:])
	return w
}

// write writes the snapshot.
func (w *writer) write(r io.Reader) error {
	at := &w.set.sizes
	c, err := chunkers.NewChunker(cdc, r, &chunkers.ChunkerOpts{MinSize: at.min, NormalSize: at.normal, MaxSize: at.max})
	if err != nil {
		return err
	}
	var list []*page
	for err == nil {
		var content []byte
		if content, err = c.Next(); len(content) > 0 {
			w.Snapshot.Size += int64(len(content))
			list = append(list, w.add(content))
		}
		if w.ctx.Err() != nil {
			return w.ctx.Err()
		}
	}
	if err != io.EOF {
		return err
	}
	return w.index(list)
}

// index makes index pages until the list is short enough for the record.
func (w *writer) index(list []*page) error {
	at := &w.set.sizes
	for {
		w.pending.Wait() // now all have names
		if w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		var b []byte
		var above []*page
		if len(list) <= at.list/(2*hashLen) {
			for _, p := range list {
				b = appendEntry(b, p.entry)
			}
		}
		if len(b) > 0 && len(b) <= at.list {
			w.Snapshot.Pages = b
			return nil
		}
		b = b[:0]
		for n, p := range list {
			b = appendEntry(b, p.entry)
			if p.cut() && len(b) >= at.entries*2*hashLen || len(b) >= 64*at.entries*2*hashLen || n == len(list)-1 {
				above = append(above, w.add(b))
				b = b[:0]
			}
		}
		list = above
		w.Snapshot.Depth++
	}
}

// add returns the page with the content, and sees to it that it is stored. It does not keep the slice.
func (w *writer) add(content []byte) *page {
	sum := hashOf(content)
	p := w.set.pages[sum]
	if p == nil {
		p = w.fresh[sum]
	}
	if p != nil {
		w.need[p] = true
		return p
	}
	p = &page{entry: entry{size: len(content), sum: sum}}
	w.need[p] = true
	w.fresh[sum] = p
	if len(w.fresh) <= writers {
		w.workers.Go(w.work)
	}
	buf := w.free.Get().(*[]byte)
	*buf = append((*buf)[:0], content...)
	w.pending.Add(1)
	select {
	case w.jobs <- job{p, buf}:
	case <-w.ctx.Done():
		w.pending.Done()
	}
	return p
}

func (w *writer) work() {
	for j := range w.jobs {
		b := encodePage(w.set.owner, w.salt, *j.content)
		w.free.Put(j.content)
		j.page.blob = hashOf(b.Data)
		w.keep(b)
		w.pending.Done()
	}
}

// keep holds the blob for the put of the record, or stores it if there are too many.
func (w *writer) keep(b store.Blob) {
	w.mu.Lock()
	w.Written += int64(len(b.Data))
	blobs := []store.Blob{b}
	if !w.spill {
		w.Blobs = append(w.Blobs, b)
		if w.held += len(b.Data); w.held > w.set.sizes.held {
			w.spill = true
			blobs, w.Blobs = w.Blobs, nil
		} else {
			blobs = nil
		}
	}
	for _, b := range blobs { // even if the store fails now, it may have happened
		w.stored = append(w.stored, b.Name)
	}
	w.mu.Unlock()
	for _, b := range blobs {
		if err := w.set.store.PutBlob(w.ctx, b); err != nil {
			w.mu.Lock()
			if w.err == nil {
				w.err = err
			}
			w.mu.Unlock()
			w.cancel()
			return
		}
	}
}

// close waits for the workers and returns the first error of the store.
func (w *writer) close() error {
	close(w.jobs)
	w.workers.Wait()
	w.cancel()
	return w.err
}
