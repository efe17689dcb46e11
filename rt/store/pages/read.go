package pages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/harkgen/harkgen/rt/store"
)

// A source is the blobs of one step of a run.
type source struct {
	store store.Store
	owner string
	step  int64
}

func (s *source) damaged(format string, args ...any) error {
	const nothing = "; nothing was deleted"
	why := strings.TrimSuffix(fmt.Sprintf(format, args...), nothing)
	return store.Damagedf("run %s is damaged: its step %d cannot be read: %s%s", s.owner, s.step, why, nothing)
}

// get returns the content of a page.
func (s *source) get(ctx context.Context, e *entry) ([]byte, error) {
	name := e.name(s.owner)
	b, err := s.store.GetBlob(ctx, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, s.damaged("the page %s is missing", name)
	case errors.Is(err, store.ErrDamaged):
		return nil, s.damaged("%v", err)
	case err != nil:
		return nil, fmt.Errorf("run %s, step %d: %w", s.owner, s.step, err)
	}
	content, err := decodePage(e, b)
	if err != nil {
		return nil, s.damaged("the page %s: %v", name, err)
	}
	return content, nil
}

// all returns the contents of pages in their order. It reads ahead, several at the same time; when it returns, nothing reads any more.
func (s *source) all(ctx context.Context, list []entry) iter.Seq2[[]byte, error] {
	type result struct {
		content []byte
		err     error
	}
	return func(yield func([]byte, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var reading sync.WaitGroup
		defer func() { cancel(); reading.Wait() }()
		ahead := make([]chan result, 0, writers)
		for next := 0; next < len(list) || len(ahead) > 0; {
			for ; next < len(list) && len(ahead) < writers; next++ {
				c := make(chan result, 1)
				ahead = append(ahead, c)
				e := &list[next]
				reading.Go(func() {
					content, err := s.get(ctx, e)
					c <- result{content, err}
				})
			}
			r := <-ahead[0]
			ahead = append(ahead[:0], ahead[1:]...)
			if !yield(r.content, r.err) || r.err != nil {
				return
			}
		}
	}
}

// leaves returns the pages of the content of a snapshot, in order, and the index pages above them.
func (s *source) leaves(ctx context.Context, snap store.Snapshot) (leaves, index []entry, err error) {
	leaves, err = decodeList(snap.Pages)
	if err == nil && (snap.Depth < 0 || snap.Depth > maxDepth || len(snap.Inline) > 0 && len(leaves) > 0) {
		err = errList
	}
	for depth := snap.Depth; depth > 0 && err == nil; depth-- {
		index = append(index, leaves...)
		above := leaves
		leaves = nil
		for b, err := range s.all(ctx, above) {
			if err != nil {
				return nil, nil, err
			}
			part, err := decodeList(b)
			if err != nil {
				return nil, nil, s.damaged("%v", err)
			}
			leaves = append(leaves, part...)
		}
	}
	size := int64(len(snap.Inline))
	for i := range leaves {
		size += int64(leaves[i].size)
	}
	if err == nil && size != snap.Size {
		err = fmt.Errorf("its pages have %d bytes, not %d", size, snap.Size)
	}
	if err != nil {
		return nil, nil, s.damaged("%v", err)
	}
	return leaves, index, nil
}

// A Reader reads the snapshot of a step. Its errors wrap store.ErrDamaged if a page is missing or not what was written; it may also have been
// deleted meanwhile by whoever executes the run, in which case the record has changed.
type Reader struct {
	next func() ([]byte, error, bool)
	stop func()
	page []byte // what is left of it
	err  error
}

// NewReader returns a reader of the snapshot. Close releases it.
func NewReader(ctx context.Context, s store.Store, owner string, step int64, snap store.Snapshot) *Reader {
	src := &source{s, owner, step}
	r := &Reader{page: snap.Inline}
	r.next, r.stop = iter.Pull2(func(yield func([]byte, error) bool) {
		leaves, _, err := src.leaves(ctx, snap)
		if err != nil {
			yield(nil, err)
			return
		}
		for b, err := range src.all(ctx, leaves) {
			if !yield(b, err) {
				return
			}
		}
	})
	return r
}

// fill makes page non-empty, or sets err.
func (r *Reader) fill() error {
	for len(r.page) == 0 && r.err == nil {
		b, err, ok := r.next()
		if !ok {
			err = io.EOF
		}
		r.page, r.err = b, err
	}
	return r.err
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.page) == 0 && r.fill() != nil {
		return 0, r.err
	}
	n := copy(p, r.page)
	r.page = r.page[n:]
	return n, nil
}

// WriteTo implements io.WriterTo: it writes page by page.
func (r *Reader) WriteTo(w io.Writer) (n int64, err error) {
	for {
		if len(r.page) == 0 && r.fill() != nil {
			if r.err == io.EOF {
				return n, nil
			}
			return n, r.err
		}
		m, err := w.Write(r.page)
		n += int64(m)
		r.page = r.page[m:]
		if err != nil {
			return n, err
		}
	}
}

// Close implements io.Closer.
func (r *Reader) Close() error {
	r.stop()
	return nil
}
