// This file defines the lease: the right to supervise a run, and the marks that go with it.

package local

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/rt/store"
)

// ErrBusy says that another process supervises the run.
var ErrBusy = errors.New("another harkgen process is executing it")

// A lease is a lock on the file runs/ID in the state directory, which the
// kernel releases when the process ends, however it does. The file has two marks of 8 bytes each,
// written without a sync after the commit they speak of:
//
//	0   how many bytes of the run's output were shown
//	8   the highest version of the record that was committed
//	16  the write of output that was begun last, if it goes to a file (see showing)
//
// A crash of the machine may lose marks, so they may be too low, but never too
// high. A record below the second mark has lost commits that were acknowledged: the state is damaged.
type lease struct {
	f     *os.File
	marks [16]byte
}

func leasePath(dir, id string) string { return filepath.Join(dir, "runs", id) }

// acquire takes the lease of the run. The error wraps ErrBusy if somebody else has it.
func acquire(dir, id string) (*lease, error) {
	name := leasePath(dir, id)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	// Whoever lists runs holds the lock for an instant.
	for deadline := time.Now().Add(300 * time.Millisecond); ; time.Sleep(5 * time.Millisecond) {
		if err = flock(f, syscall.LOCK_EX); err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if time.Now().After(deadline) {
			f.Close()
			return nil, fmt.Errorf("run %s: %w", id, ErrBusy)
		}
	}
	l := &lease{f: f}
	if _, err := f.ReadAt(l.marks[:], 0); err != nil {
		return l, nil // a new file, or a short one: no marks
	}
	var w showing
	if err := json.NewDecoder(io.NewSectionReader(f, int64(len(l.marks)), 1<<16)).Decode(&w); err == nil {
		l.setShown(max(l.shown(), w.reached(l.shown())))
	}
	return l, nil
}

// held reports whether somebody supervises the run.
func held(dir, id string) bool {
	f, err := os.Open(leasePath(dir, id))
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(flock(f, syscall.LOCK_SH), syscall.EWOULDBLOCK)
}

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func (l *lease) shown() int64 { return int64(binary.BigEndian.Uint64(l.marks[0:])) }

func (l *lease) setShown(n int64) { binary.BigEndian.PutUint64(l.marks[0:], uint64(n)) }

func (l *lease) markShown(n int64) error {
	l.setShown(n)
	_, err := l.f.WriteAt(l.marks[:8], 0)
	return err
}

// markShowing notes that n bytes of output, from base on, are about to be written to out.
func (l *lease) markShowing(out io.Writer, base int64, n int) error {
	w, ok := newShowing(out, base, n)
	if !ok {
		return nil
	}
	b, err := json.Marshal(w)
	if err == nil {
		_, err = l.f.WriteAt(b, int64(len(l.marks)))
	}
	return err
}

func (l *lease) markVersion(v int64) error {
	binary.BigEndian.PutUint64(l.marks[8:], uint64(v))
	_, err := l.f.WriteAt(l.marks[8:], 8)
	return err
}

// check compares what was read with the marks.
func (l *lease) check(dir, id string, version int64) error {
	if want := int64(binary.BigEndian.Uint64(l.marks[8:])); version < want {
		return store.Damagedf("state directory %s is damaged: run %s is at version %d, but version %d was committed; nothing was deleted", dir, id, version, want)
	}
	return nil
}

func (l *lease) release() error { return l.f.Close() }
