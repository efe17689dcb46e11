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

// Save writes everything reachable from root, which must be a non-nil pointer, and from the registered variables. It is an
// *UnmovableError if something reachable cannot be restored in another process; w then holds nothing that Load accepts.
func Save(w io.Writer, root any) error {
	mu.Lock()
	defer mu.Unlock()
	v := reflect.ValueOf(root)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.New("snap: Save: root is not a pointer")
	}
	s, err := discover(v)
	if err != nil {
		return err
	}
	err = encode(w, s)
	runtime.KeepAlive(root)
	return err
}

// Load reads a snapshot made by Save in a process of the same build, fills *root and overwrites the registered
// variables. On ErrBuild and ErrCorrupt they are as they were.
func Load(r io.Reader, root any) error {
	mu.Lock()
	defer mu.Unlock()
	v := reflect.ValueOf(root)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.New("snap: Load: root is not a pointer")
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	err = decode(b, v)
	runtime.KeepAlive(root)
	return err
}
