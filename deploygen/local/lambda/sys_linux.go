package lambda

import "syscall"

// sysProcAttr gives the process a session of its own, and lets it die with this process, also while it is stopped.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}
