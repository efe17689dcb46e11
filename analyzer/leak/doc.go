// Package leak defines an analyzer that finds goroutines that wait for ever.
//
// # Analyzer leak
//
// leak: report goroutines that wait for ever
//
// A goroutine that nothing can bring on is part of the state of its run: it is saved with each commit, and on AWS a run of a handler goes on
// until its goroutines have ended, so its record stays for ever. Where it is main that waits, nothing else will happen.
//
// Reported is what is certain from the source of one package:
//
//   - a send on an unbuffered channel, or a receive, where nobody has the other end: the channel is known to the functions of the package that
//     are seen here, and none of them receives, or sends or closes;
//   - goroutines, started in a loop, that each send on an unbuffered channel that is received from once;
//   - a goroutine that sends its one result on an unbuffered channel, where the only receiver is a select that may take another case and return:
//     with a buffer of one it would end (there is a fix);
//   - a range over a channel that nobody closes, after whose senders have ended;
//   - an operation on a nil channel outside a select, and a select without cases in main where nothing starts a goroutine;
//   - sync.WaitGroup: a Wait for more than is ever Done;
//   - sync.Mutex, RWMutex: a Lock while the same function, or the one that has called it, holds the same lock.
//
// Channels, groups and locks that become known to others, by a field, a variable of the package, an interface, or a function of another
// package, are not judged. A goroutine that main starts and that stays when main returns ends with the program, and is none.
package leak
