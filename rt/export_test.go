package rt

import (
	"runtime"
	"slices"
	"sync"
	"time"
	"unsafe"
)

// Run is Main for a test: it returns the exit status, and leaves this OS process usable.
func Run(prog *Program, h Host) int {
	p := newProcess()
	cur = p
	word.Store(0)
	p.exit = func(status int) {
		p.ended.Store(int32(status) + 1)
		p.kick()
		runtime.Goexit()
	}
	status := p.run(prog, h)
	for range 100 { // bring the others down
		p.mu.Lock()
		p.stopping = false
		p.beginStopLocked(reasonIdle)
		n := p.running
		p.mu.Unlock()
		if n <= 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	p.abandonTables()
	word.Store(0)
	return status
}

// StatusUnloaded is the status of a process that the host has unloaded.
const StatusUnloaded = statusUnloaded

// Leftover counts waiters in the tables.
func Leftover() int { return int(waiting.Load()) }

// NeverStop keeps the process from being stopped, for benchmarks without frames.
func NeverStop() { cur.pinned.Add(1) }

// SetCommitWanted sets the least time between wanted commits, and returns the old one.
func SetCommitWanted(d time.Duration) time.Duration {
	old := commitWanted
	commitWanted = d
	return old
}

// ChosenOps counts which of n operations chaos chooses in a program that counts visits.
func ChosenOps(n int) (chosen int) {
	v := new(visits)
	for range n {
		if v.operation() {
			chosen++
		}
	}
	return chosen
}

// Held returns the locks that g holds.
func (g *G) Held() (locks []any) {
	for _, w := range g.savedHeld() {
		locks = append(locks, w.on)
	}
	return locks
}

// Holds reports whether g holds the lock.
func (g *G) Holds(lock any) bool { return slices.Contains(g.Held(), lock) }

// HoldAndFree is what Lock and Unlock do in addition to locking and unlocking.
func HoldAndFree(g *G, m *sync.Mutex) {
	g.holds(waitLock, unsafe.Pointer(m))
	g.frees(unsafe.Pointer(m))
}
