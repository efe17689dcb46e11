//go:build unix && !linux

package local

import "syscall"

// fionread asks how many bytes a pipe holds; it is the same on all the BSDs.
const fionread = 0x4004667f

// sysProcAttr puts the worker into a group of its own, so that ^C reaches the supervisor
// alone. When the supervisor dies, the worker's socket closes.
func sysProcAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// growPipe does nothing: pipes grow by themselves here.
func growPipe(fd, size int) {}
