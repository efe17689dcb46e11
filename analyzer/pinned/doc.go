// Package pinned reports where a goroutine cannot be saved because code that is not compiled is in the middle of a call.
//
// # Analyzer pinned
//
// pinned: report waits under calls of code that is not compiled
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
package pinned
