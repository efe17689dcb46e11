// Package unmovable reports variables that hold, over a wait, what cannot be saved.
//
// # Analyzer unmovable
//
// unmovable: report open files, connections and the like that are used after a wait
//
//	f, err := os.Open(name)     f is an open file
//	<-ready                     that is used after this wait
//	io.Copy(w, f)
//
// A wait is an operation that suspends the goroutine, or a call that may come to one: the run is saved there and goes on in another process, where the file is not
// open. The run then stays at its last commit. A lock is none here, as it is held for moments.
//
// What is certain is reported: the value comes from a call that opens something (or of one that wraps it, as bufio.NewReader(f)), or of a function, of
// this package or another, that returns such a value; the wait may follow the call, a use may follow the wait, and the variable is neither closed nor assigned in between. A deferred
// call is a use at the end of the function.
//
// Read what is needed before the wait, or open it again after it; or, for what each process can make anew, as a *sql.DB, let the declaration of a
// package variable make it. Clients of HTTP and of AWS may be held: their idle connections are closed when the run is saved.
//
// Fixes are suggested where the function alone shows that they are right: a file that is only opened (os.Open) before a wait, without anything but plain statements between, is
// opened after it, with the check of its error and the deferred Close; a *sql.DB that main opens first, by constants, and does not set up, becomes a package variable.
//
// Nothing is said of values that come from elsewhere (parameters, fields, os.Stdin): those are found when the program is saved.
package unmovable
