// This file defines how the standard input gets to the program exactly once.

package local

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/harkgen/harkgen/rt/store"
)

// The input is a sequence of bytes with offsets. Three goroutines move it:
//
//	source   real stdin  ->  mailbox, durably        one per supervisor (input.read)
//	feeder   mailbox     ->  pipe of the worker      one per worker (feeder.run)
//	commit   bytes fed - bytes still in the pipe     = consumed, saved in the record
//
// A message has the sender "stdin", the sequence 1+offset, and the bytes from that offset on; one without
// bytes is the end of the input. Messages below the consumed offset are deleted after the commit that says so.
// A new worker is fed from the consumed offset of the commit that it starts from.

const (
	stdinSender = "stdin"
	stdinChunk  = 64 << 10
	readAhead   = 1 << 20 // how far the source may be ahead of the feeder
)

type input struct {
	s   store.Store
	run string

	mu       sync.Mutex
	cond     sync.Cond
	appended int64 // offset of the end of the mailbox
	fed      int64 // highest offset that a feeder reached
	ended    bool  // the end is in the mailbox
	err      error // appending or reading failed
}

// newInput finds how far the mailbox goes.
func newInput(ctx context.Context, s store.Store, run string, consumed int64) (*input, error) {
	in := &input{s: s, run: run, appended: consumed, fed: consumed}
	in.cond.L = &in.mu
	after := store.Key{Sender: stdinSender}
	for {
		ms, err := s.Messages(ctx, run, after, 16)
		if err != nil {
			return nil, err
		}
		if len(ms) == 0 || ms[len(ms)-1].Sender != stdinSender {
			return in, nil
		}
		last := ms[len(ms)-1]
		in.appended = max(consumed, int64(last.Seq)-1+int64(len(last.Data)))
		in.ended = len(last.Data) == 0
		after = last.Key
	}
}

// read is the source. It ends with the input, or after an error.
func (in *input) read(ctx context.Context, r io.Reader) {
	buf := make([]byte, stdinChunk)
	for {
		in.mu.Lock()
		for in.appended-in.fed > readAhead {
			in.cond.Wait()
		}
		in.mu.Unlock()
		n, err := r.Read(buf)
		if n > 0 && !in.append(ctx, buf[:n]) {
			return
		}
		if err != nil {
			in.append(ctx, nil)
			return
		}
	}
}

func (in *input) append(ctx context.Context, b []byte) bool {
	m := store.Message{Key: store.Key{Sender: stdinSender, Seq: uint64(in.appended) + 1}, Data: b}
	err := in.s.Append(ctx, in.run, m)
	in.mu.Lock()
	defer in.mu.Unlock()
	if err != nil {
		in.err = err
	} else {
		in.appended += int64(len(b))
		in.ended = len(b) == 0
	}
	in.cond.Broadcast()
	return err == nil
}

// PutInput stores the whole standard input of a run that is about to be created with Stdin.Attached. It may be repeated.
func PutInput(ctx context.Context, s store.Store, run string, data []byte) error {
	in := &input{s: s, run: run}
	in.cond.L = &in.mu
	for n := 0; len(data) > 0; data = data[n:] {
		n = min(len(data), stdinChunk)
		if !in.append(ctx, data[:n]) {
			return in.err
		}
	}
	in.append(ctx, nil)
	return in.err
}

// fail notes an error of reading the mailbox, unless it is that of ctx.
func (in *input) fail(ctx context.Context, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err == nil && ctx.Err() == nil {
		in.err = err
	}
	in.cond.Broadcast()
}

// failed returns the error of the mailbox, after which nothing more can be committed.
func (in *input) failed() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.err
}

// A feeder feeds one worker.
type feeder struct {
	in   *input
	w, r *os.File // the pipe; its read end is for FIONREAD only

	mu  sync.Mutex // makes writing to the pipe and counting one step
	fed int64

	keys []endKey // of messages that were fed, oldest first; guarded by mu
	done chan bool
	quit context.CancelFunc
}

type endKey struct {
	key store.Key
	end int64
}

func (in *input) feed(ctx context.Context, from int64, w, r *os.File) *feeder {
	f := &feeder{in: in, w: w, r: r, fed: from, done: make(chan bool)}
	ctx, f.quit = context.WithCancel(ctx)
	go f.run(ctx, from)
	return f
}

func (f *feeder) run(ctx context.Context, from int64) {
	defer close(f.done)
	defer f.w.Close() // the program's end of input, or nobody reads
	after := store.Key{Sender: stdinSender}
	for {
		ms, err := f.in.s.Messages(ctx, f.in.run, after, 16)
		if err != nil {
			f.in.fail(ctx, err) // before the program can take it for the end of the input
			return
		}
		for _, m := range ms {
			after = m.Key
			start := int64(m.Seq) - 1
			end := start + int64(len(m.Data))
			if m.Sender != stdinSender || len(m.Data) == 0 {
				return
			}
			if end > from {
				if f.write(m.Data[max(0, from-start):]) != nil {
					return
				}
			}
			f.mu.Lock()
			f.keys = append(f.keys, endKey{m.Key, end})
			f.mu.Unlock()
		}
		if len(ms) == 0 && !f.wait(ctx, int64(after.Seq)-1) {
			return
		}
	}
}

// wait waits until the mailbox may have a message after the one at the offset.
func (f *feeder) wait(ctx context.Context, offset int64) bool {
	stop := context.AfterFunc(ctx, func() {
		f.in.mu.Lock()
		defer f.in.mu.Unlock()
		f.in.cond.Broadcast()
	})
	defer stop()
	f.in.mu.Lock()
	defer f.in.mu.Unlock()
	f.mu.Lock()
	fed := f.fed
	f.mu.Unlock()
	for f.in.appended == fed && !f.in.ended && f.in.err == nil && ctx.Err() == nil {
		f.in.cond.Wait()
	}
	return ctx.Err() == nil && f.in.err == nil
}

func (f *feeder) write(b []byte) error {
	rc, err := f.w.SyscallConn()
	if err != nil {
		return err
	}
	var fail error
	err = rc.Write(func(fd uintptr) bool {
		for len(b) > 0 {
			f.mu.Lock()
			n, err := syscall.Write(int(fd), b)
			if n > 0 {
				b = b[n:]
				f.fed += int64(n)
			}
			fed := f.fed
			f.mu.Unlock()
			f.in.progress(fed)
			switch {
			case errors.Is(err, syscall.EAGAIN):
				return false
			case err != nil && !errors.Is(err, syscall.EINTR):
				fail = err
				return true
			}
		}
		return true
	})
	return errors.Join(err, fail)
}

func (in *input) progress(fed int64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.fed = max(in.fed, fed)
	in.cond.Broadcast()
}

// consumed returns the offset up to which the worker has read.
func (f *feeder) consumed() (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var n int
	rc, err := f.r.SyscallConn()
	if err != nil {
		return 0, err
	}
	var fail error
	if err := rc.Control(func(fd uintptr) { n, fail = unix.IoctlGetInt(int(fd), fionread) }); err != nil {
		return 0, err
	}
	return f.fed - int64(n), fail
}

// forget deletes the messages that were consumed.
func (f *feeder) forget(ctx context.Context, consumed int64) error {
	f.mu.Lock()
	var keys []store.Key
	for len(f.keys) > 0 && f.keys[0].end <= consumed {
		keys = append(keys, f.keys[0].key)
		f.keys = f.keys[1:]
	}
	f.mu.Unlock()
	if keys == nil {
		return nil
	}
	return f.in.s.DeleteMessages(ctx, f.in.run, keys...)
}

// stop ends the feeder, for the worker is dead.
func (f *feeder) stop() {
	f.quit()
	f.w.Close()
	f.r.Close()
	<-f.done
}
