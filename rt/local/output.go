// This file defines what becomes of the worker's output between its pipes and the record.

package local

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/rt/runlog"
	"github.com/harkgen/harkgen/rt/store"
)

// A chunk is what was read from one of the pipes, 1 stdout or 2 stderr, before something came from the other; or 3, a response.
type chunk struct {
	fd   byte
	data []byte
}

// fdResponse is the kind of the chunks that are responses.
const fdResponse = 3

// maxPending is how much output may wait in memory; beyond it, it waits in blobs.
const maxPending = 8 << 20

// An output collects what one worker writes, until it is committed or thrown away.
//
// Reading a pipe and appending to pending is one step under mu. So after take
// has read both pipes until they are empty, pending holds everything that was
// written before take was called, and no reader has bytes in its hands.
type output struct {
	files [2]*os.File // read ends of stdout and stderr
	spill func([]byte) (string, error)

	mu      sync.Mutex
	scratch [64 << 10]byte
	pending []chunk
	size    int // of pending
	spilled store.Output
	since   time.Time // when the first byte arrived that is waiting
	base    int64     // Output.Base of what comes next
	err     error

	arrived chan bool // has a token after something arrived where nothing was waiting
	readers sync.WaitGroup
}

// newOutput reads the pipes from now on. spill stores a blob and returns its name.
func newOutput(stdout, stderr *os.File, base int64, spill func([]byte) (string, error)) *output {
	o := &output{files: [2]*os.File{stdout, stderr}, base: base, spill: spill, arrived: make(chan bool, 1)}
	for i := range o.files {
		o.readers.Go(func() { o.read(i) })
	}
	return o
}

// read waits until there is something to read, and reads it, until the end of the pipe.
func (o *output) read(i int) {
	rc, err := o.files[i].SyscallConn()
	if err != nil {
		return // closed
	}
	for ended := false; !ended && err == nil; {
		err = rc.Read(func(fd uintptr) bool {
			o.mu.Lock()
			defer o.mu.Unlock()
			var n int
			n, ended = o.readOnce(i, fd)
			return n > 0 || ended
		})
	}
}

// readOnce reads a bit. The result is 0, false if nothing is there at present. The caller holds mu.
func (o *output) readOnce(i int, fd uintptr) (n int, ended bool) {
	for {
		n, err := syscall.Read(int(fd), o.scratch[:])
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return 0, false
		case err != nil || n <= 0:
			return 0, true
		}
		o.add(byte(i+1), o.scratch[:n])
		return n, false
	}
}

// respond appends a response, after what was written before it.
func (o *output) respond(id string, data []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.drain()
	o.add(fdResponse, encodeResponse(id, data))
}

// encodeResponse returns a response in the form of store.Output.
func encodeResponse(id string, data []byte) []byte {
	return append(append(binary.AppendUvarint(nil, uint64(len(id))), id...), data...)
}

func decodeResponse(b []byte) (id string, data []byte, err error) {
	l, n := binary.Uvarint(b)
	if n <= 0 || l > uint64(len(b)-n) {
		return "", nil, errChunks
	}
	return string(b[n : n+int(l)]), b[n+int(l):], nil
}

// add appends a copy of b.
func (o *output) add(fd byte, b []byte) {
	if o.size == 0 && o.spilled.Size == 0 {
		o.since = time.Now()
		select {
		case o.arrived <- true:
		default:
		}
	}
	o.size += len(b)
	if k := len(o.pending) - 1; k >= 0 && o.pending[k].fd == fd && fd != fdResponse {
		o.pending[k].data = append(o.pending[k].data, b...)
	} else {
		o.pending = append(o.pending, chunk{fd, bytes.Clone(b)})
	}
	if o.size >= maxPending {
		o.spillNow()
	}
}

func (o *output) spillNow() {
	name, err := o.spill(encodeChunks(o.base+o.spilled.Size, o.pending))
	if err != nil {
		o.err = errors.Join(o.err, err)
		return
	}
	o.spilled.Blobs = append(o.spilled.Blobs, name)
	o.spilled.Size += int64(o.size)
	o.pending, o.size = nil, 0
}

// drain reads what is in the pipes without waiting for more.
func (o *output) drain() {
	for i, f := range o.files {
		rc, err := f.SyscallConn()
		if err != nil {
			continue
		}
		rc.Control(func(fd uintptr) {
			for {
				if n, ended := o.readOnce(i, fd); n == 0 || ended {
					return
				}
			}
		})
	}
}

// take returns everything that was written before the call, and forgets it. blob is to be stored with the record, if it has a name.
func (o *output) take(owner string) (out store.Output, chunks []chunk, blob store.Blob, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.drain()
	if o.err != nil {
		return out, nil, blob, o.err
	}
	out, chunks = o.spilled, o.pending
	out.Base = o.base
	if o.size > 0 {
		out.Size += int64(o.size)
		data := encodeChunks(o.base+o.spilled.Size, chunks)
		if len(data) <= store.MaxInline && len(out.Blobs) == 0 {
			out.Inline = data
		} else {
			blob = store.NewBlob(owner, data)
			out.Blobs = append(out.Blobs, blob.Name)
		}
	}
	o.base += out.Size
	o.pending, o.size, o.spilled, o.since = nil, 0, store.Output{}, time.Time{}
	return out, chunks, blob, nil
}

// discard forgets everything that was written before the call, and returns the blobs that held some of it.
func (o *output) discard() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.drain()
	names := o.spilled.Blobs
	o.pending, o.size, o.spilled, o.since = nil, 0, store.Output{}, time.Time{}
	return names
}

// waiting returns since when output has been waiting; the zero time means that there is none.
func (o *output) waiting() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.since
}

// close ends the readers; what the worker's children write from now on goes nowhere.
func (o *output) close() {
	for _, f := range o.files {
		f.Close()
	}
	o.readers.Wait()
}

// encodeChunks returns the chunks in the form of store.Output, after their place in
// the run's output. So no two are equal, and no blob has the name of another.
func encodeChunks(base int64, cs []chunk) []byte {
	n := binary.MaxVarintLen64
	for _, c := range cs {
		n += 1 + binary.MaxVarintLen64 + len(c.data)
	}
	b := binary.AppendUvarint(make([]byte, 0, n), uint64(base))
	for _, c := range cs {
		b = append(b, c.fd)
		b = binary.AppendUvarint(b, uint64(len(c.data)))
		b = append(b, c.data...)
	}
	return b
}

var errChunks = store.Damagedf("the output of its last step is damaged; nothing was deleted")

func decodeChunks(b []byte) (base int64, cs []chunk, err error) {
	u, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, errChunks
	}
	for b = b[n:]; len(b) > 0; {
		fd := b[0]
		l, n := binary.Uvarint(b[1:])
		if n <= 0 || fd < 1 || fd > fdResponse || l > uint64(len(b)-1-n) {
			return 0, nil, errChunks
		}
		b = b[1+n:]
		cs = append(cs, chunk{fd, b[:l]})
		b = b[l:]
	}
	return int64(u), cs, nil
}

// A screen shows committed output and remembers how much of it.
type screen struct {
	out    [2]io.Writer
	log    *runlog.Writer // not nil: instead of out
	events Events         // gets responses; nil: nobody waits for them
	lease  *lease
}

// errPipe says that whoever read the output has gone.
var errPipe = errors.New("broken pipe")

// show writes the chunks, which begin at base and were committed with step, except what was shown already.
// It marks after each write how far it has got. Of a write to a file the next supervisor can tell
// how far a crash let it come; of one to a pipe or a terminal it cannot, and repeats it.
func (s *screen) show(step, base int64, cs []chunk) error {
	const most = 64 << 10 // written at once
	shown := s.lease.shown()
	for _, c := range cs {
		d := c.data
		if c.fd == fdResponse {
			if base += int64(len(d)); base > shown {
				if err := s.respond(d); err != nil {
					return err
				}
				if err := s.lease.markShown(base); err != nil {
					return err
				}
			}
			continue
		}
		if skip := shown - base; skip > 0 {
			skip = min(skip, int64(len(d)))
			d, base = d[skip:], base+skip
		}
		for len(d) > 0 {
			d1 := d[:min(len(d), most)]
			n, err := s.write(runlog.Piece{FD: int(c.fd), Step: uint64(step), Base: base, Data: d1})
			d, base = d[n:], base+int64(n)
			if err2 := s.lease.markShown(base); err2 != nil {
				return err2
			}
			if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
				return errPipe
			}
			if err != nil {
				return fmt.Errorf("showing the output: %w", err)
			}
		}
	}
	return nil
}

// write writes a piece of the output.
func (s *screen) write(p runlog.Piece) (int, error) {
	if s.log != nil {
		return len(p.Data), s.log.Write(p)
	}
	out := s.out[p.FD-1]
	if err := s.lease.markShowing(out, p.Base, len(p.Data)); err != nil {
		return 0, err
	}
	return out.Write(p.Data)
}

// respond passes on a response, in the form of store.Output.
func (s *screen) respond(b []byte) error {
	id, data, err := decodeResponse(b)
	if err != nil || s.events == nil {
		return err
	}
	return s.events.Respond(id, data)
}
