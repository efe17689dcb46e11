package local

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// fionread asks how many bytes a pipe holds.
const fionread = unix.TIOCINQ

// sysProcAttr puts the worker into a group of its own, so that ^C reaches the
// supervisor alone, and lets it die with the supervisor. (Pdeathsig means the
// thread that forked, but the Go runtime ends no thread unless a goroutine ends that is locked to it.)
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// growPipe makes a pipe larger, if that is allowed.
func growPipe(fd, size int) { unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, size) }
