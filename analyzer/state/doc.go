// Package state decides which package variables are state of the program and which the initialisers of a new process may make again.
//
// A variable is rebuilt when nothing can tell the new value from the old one:
//
//	var errGone = errors.New("gone")              rebuilt
//	var word = regexp.MustCompile(`\w+`)          rebuilt
//	var db = mustOpen("dsn")                      rebuilt: a *sql.DB cannot be saved
//	var count int                                 state: main.go:12:2 writes it
//	var seen = map[string]bool{}                  state: main.go:20:3 writes what it leads to
//	var start = time.Now()                        state: another process would get another value
//
// In doubt a variable is state: that is never wrong, as long as its value can be saved.
//
// # The analysis
//
//  1. Points-to (package pointsto). Which objects may each value lead to?
//  2. Writes. Every instruction that changes memory marks the objects that its address may lead to, unless it runs only while packages are
//     initialised. Code that is not compiled is described by package library; what it does not know may write
//     everything that it is given, and keep it to write it later. So may package reflect and conversions to unsafe.Pointer.
//  3. Reproduction (reproduce.go). Does the initialiser make the same value again? It may not read clocks, files, the environment or random
//     numbers, nor range over a map, nor read variables for which this does not hold.
//  4. Identity. A pointer to a rebuilt variable, or to the object that its value leads to, is restored as a pointer to what the new process
//     has there (rt.RegisterExternal). What lies deeper is saved with whoever refers to it, as a copy. As it is never written
//     the copy can only be told by comparison; so a variable that leads to a deeper object that is compared anywhere is state.
package state
