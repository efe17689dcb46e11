package snap

import (
	"errors"
	"io"
	"reflect"
	"runtime"
	"strings"
	"sync"
)

var (
	// ErrBuild is returned by Load for a snapshot of another build or of another format version.
	ErrBuild = errors.New("snap: snapshot of another build")

	// ErrCorrupt is returned by Load for input that is truncated, damaged or no snapshot.
	ErrCorrupt = errors.New("snap: corrupt snapshot")

	// ErrChanged is returned by WriteTo when something changes the memory that is being saved: a finalizer or cleanup, or a
	// goroutine that the caller has not stopped. Another Prepare and WriteTo may succeed.
	ErrChanged = errors.New("snap: memory changed while it was saved, by a finalizer, a cleanup or code that is not compiled")
)

// UnmovableError reports a value that cannot be restored in another operating system process.
type UnmovableError struct {
	Path []string // steps from the root or a package variable to the value
	Type string   // type of the value
	Why  string   // what ties it to this process
}

func (e *UnmovableError) Error() string {
	var b strings.Builder
	b.WriteString("snap: cannot move ")
	for _, s := range e.Path {
		b.WriteString(s)
		b.WriteString(" -> ")
	}
	b.WriteString(e.Type)
	b.WriteString(": ")
	b.WriteString(e.Why)
	return b.String()
}

// Labeler may be implemented by a struct type to name itself in UnmovableError.Path.
type Labeler interface{ SnapLabel() string }

// mu serialises Save and Load: both use the caches of types.go and prog.go.
var mu sync.Mutex

// buildID is the identity that the caller gave; the header adds the image's own fingerprint.
var buildID string

// SetBuild sets the identity of this build. Snapshots of another identity are refused by Load.
func SetBuild(id string) { buildID = id }

// Begin is called when packages have been initialised and nothing else has happened: what they hold then is the same in each process.
func Begin() { findSentinels() }

// RegisterVar registers the package variable *ptr. Its content is saved and restored in place, and pointers to
// it and into it keep their identity.
func RegisterVar(name string, ptr any) {
	registry.addVar(name, ptr)
}

// RegisterExternal registers the variable *ptr of a package that is not saved. Pointers to the variable,
// and to the object its value points to, are restored as pointers to what the new process has there.
func RegisterExternal(name string, ptr any) {
	registry.addExternal(name, ptr)
}

// RegisterClosure registers the method value fn = (*T)(nil).method, where env is the type *T. Func values with this code
// are saved as name and receiver.
func RegisterClosure(name string, fn any, env reflect.Type) {
	registry.addClosure(name, fn, env)
}

// A Snapshot is memory that has been found to be movable, and is ready to be written. The memory must not change until it is.
type Snapshot struct {
	*workspace
	root any // keeps alive what the workspace knows by address
}

// Prepare finds everything reachable from root, which must be a non-nil pointer, and from the registered variables. It is an
// *UnmovableError if something reachable cannot be restored in another process.
func Prepare(root any) (*Snapshot, error) {
	mu.Lock()
	defer mu.Unlock()
	v := reflect.ValueOf(root)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil, errors.New("snap: Prepare: root is not a pointer")
	}
	w := newWorkspace()
	if isolated {
		w.space.isolated = true
		labels.reset()
	}
	p, n := progOf(v.Type().Elem())
	if err := w.scanner.discover(v.UnsafePointer(), p, n); err != nil {
		return nil, err // how far it came does not matter: w is not used again
	}
	return &Snapshot{w, root}, nil
}

// WriteTo writes the snapshot. It may be called again, and writes the same bytes while the memory is the same.
func (s *Snapshot) WriteTo(w io.Writer) (int64, error) {
	mu.Lock()
	defer mu.Unlock()
	n, err := s.encode(w)
	runtime.KeepAlive(s)
	return n, err
}

// Release lets the next Prepare have the memory of s, which must not be used any more.
func (s *Snapshot) Release() {
	mu.Lock()
	defer mu.Unlock()
	s.release()
	s.workspace, s.root = nil, nil
}

// Save is Prepare and WriteTo. What cannot be moved is found before anything is written.
func Save(w io.Writer, root any) error {
	s, err := Prepare(root)
	if err != nil {
		return err
	}
	_, err = s.WriteTo(w)
	s.Release()
	return err
}

// recoverChanged turns the panic that is ErrChanged into an error.
func recoverChanged(err *error) {
	switch e := recover(); e {
	case nil:
	case ErrChanged:
		*err = ErrChanged
	default:
		panic(e)
	}
}

// recoverUnmovable is recoverChanged, for an *UnmovableError too.
func recoverUnmovable(err *error) {
	switch e := recover().(type) {
	case nil:
	case *UnmovableError:
		*err = e
	default:
		if e == any(ErrChanged) {
			*err = ErrChanged
			return
		}
		panic(e)
	}
}

// Load reads a snapshot of size bytes, made in a process of the same build, fills *root and overwrites the registered
// variables. On ErrBuild and ErrCorrupt they are as they were. The memory that Load allocates is bounded by size.
func Load(r io.Reader, size int64, root any) error {
	mu.Lock()
	defer mu.Unlock()
	v := reflect.ValueOf(root)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.New("snap: Load: root is not a pointer")
	}
	err := decode(r, size, v)
	runtime.KeepAlive(root)
	return err
}
