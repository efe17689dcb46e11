// Package pinned reports where a goroutine cannot be saved because code that is not compiled is in the middle of a call, or holds a lock.
//
// # Analyzer pinned
//
// pinned: report waits under calls of code that is not compiled, and under its locks
//
//	filepath.Walk(dir, func(path string, _ fs.FileInfo, err error) error {
//		return <-answer
//	})
//
// If filepath.Walk were not compiled along with the program, its frame could not be saved: the program works as written, but the run cannot be saved before it
// returns, and a worker is busy with it all the time that the callback waits.
//
// Reported are calls of functions for which it is known that they call what they are given, with a function, or a value whose method, may suspend.
// Collect what the callback gives, and wait after the call returns.
//
// A lock that is memory of the program is saved as it is, locked, whoever declares its type. Reported is one that is not, if it is held over a wait and unlocked after it:
//
//	syscall.Flock(fd, syscall.LOCK_EX)  the lock is the process's, and lost when the run is saved
//	dep.Default.Lock()                  what a variable of a package that is not compiled leads to is made anew: the Unlock is a fatal error
//	err := l.Lock()                     l, of a type that is not compiled, comes with an open file, so the run cannot be saved
//
// Waits for other locks, which are held for moments, do not count. Unlock it before the wait.
package pinned
