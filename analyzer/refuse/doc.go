// Package refuse reports what harkgen cannot compile, by the functions that the compiler itself asks.
//
// # Analyzer refuse
//
// refuse: report what harkgen refuses to compile
//
// Each message is the compiler's own, at the same place:
//
//   - import "C": memory of C cannot be saved;
//
//   - a package-level identifier that begins with hark_, as those of harkgen do;
//
//   - a call of a library function for which there is no durable form yet, as signal.Notify;
//
//   - func main as a value, or of a go or defer statement;
//
//   - an unsafe.Pointer that lives across a suspension:
//
//     p := unsafe.Pointer(&x)
//     <-ready // the run is saved here, and nobody knows what p leads to
//     use(p)
//
// Keep such a pointer between two waits.
//
// What depends on the whole program only the compiler knows: functions that wait because of what an importing package hands in, deferred functions of libraries that recover, and goroutines in
// processes of their own.
package refuse
