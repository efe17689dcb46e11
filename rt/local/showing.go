package local

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// A showing is a write of output to a file, noted before it is made. A supervisor that dies between the write
// and the mark behind it leaves its successor to find out from the file's
// size how much of it was done. A pipe or a terminal cannot be asked.
type showing struct {
	From, N  int64 // bytes of the run's output
	Path     string
	Dev, Ino uint64
	Size     int64 // of the file, before the write
}

// newShowing describes the write of n bytes to out, if that is a file with a name.
func newShowing(out io.Writer, from int64, n int) (w showing, ok bool) {
	f, ok := out.(*os.File)
	if !ok {
		return w, false
	}
	path, err := filepath.EvalSymlinks(f.Name()) // of /dev/stdout
	if err != nil {
		return w, false
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return w, false
	}
	w = showing{From: from, N: int64(n), Path: path, Size: info.Size()}
	w.Dev, w.Ino = identity(info)
	return w, true
}

// identity returns the device and the number of the file there.
func identity(info os.FileInfo) (dev, ino uint64) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0
	}
	return uint64(st.Dev), uint64(st.Ino) // the types of the fields differ between systems
}

// reached returns how much of the run's output has been shown, given that shown is marked.
func (w *showing) reached(shown int64) int64 {
	if w.From != shown {
		return shown // the mark behind the write was made
	}
	info, err := os.Stat(w.Path)
	if err != nil || info.Size() < w.Size {
		return shown
	}
	if dev, ino := identity(info); dev != w.Dev || ino != w.Ino {
		return shown
	}
	return shown + min(w.N, info.Size()-w.Size)
}
