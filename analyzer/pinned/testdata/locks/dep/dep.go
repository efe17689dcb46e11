// Package dep imports os, so it is never compiled.
package dep

import (
	"os"
	"sync"
)

// A Store is locked in memory.
type Store struct {
	sync.Mutex
	Other sync.RWMutex
}

// Default is a Store of this package.
var Default = &Store{}

// Mu is a lock of this package.
var Mu sync.Mutex

// A FileLock is a lock of the file system.
type FileLock struct {
	name string
	f    *os.File
}

// New is an unlocked FileLock.
func New(name string) *FileLock { return &FileLock{name: name} }

// Lock makes the file.
func (l *FileLock) Lock() (err error) {
	l.f, err = os.OpenFile(l.name, os.O_CREATE|os.O_EXCL, 0o600)
	return err
}

// Unlock removes it.
func (l *FileLock) Unlock() error {
	l.f.Close()
	l.f = nil
	return os.Remove(l.name)
}
