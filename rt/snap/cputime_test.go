//go:build unix

package snap

import (
	"syscall"
	"testing"
)

// cpuTime is the processor time that this process has used, in nanoseconds: on a busy machine it says more than the clock.
func cpuTime(t testing.TB) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return float64(u.Utime.Nano() + u.Stime.Nano())
}
