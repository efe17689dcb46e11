// Package rt is what a compiled program calls: goroutines, channels, select, sync, time, and the process around them
// that can be stopped, saved and resumed at any operation.
//
// # The translation
//
// A coloured function gets a *[G] and is left and re-entered like this:
//
//	v := <-ch                     v = rt.Recv(g, ch)
//	                   becomes    if g.Suspending() { g.Push(&f__f{Frame: rt.Frame{PC: 1}, ...}); return }
//
// An operation that gives up (it *concedes*) has no effect; it marks the G as suspending and says in Wait records what it waits for. The
// functions on the stack push their frames, innermost first, and return; the native goroutine ends. To resume, a new native
// goroutine calls the root thunk again: each function pops its frame, outermost first, jumps to its point, and the innermost
// executes the operation again.
//
// # States of a G
//
//	running   native goroutine runs compiled code            Suspending() == false
//	parked    native goroutine blocks in an operation        state is odd
//	conceded  unwinding                                      Suspending() == true
//	down      no native goroutine, only frames               G.down, under process.mu
//
//	running -> parked      Park: nothing to do without waiting
//	parked  -> running     Unpark: the operation went through
//	running -> conceded    Before or Poll saw a stop
//	parked  -> conceded    the token arrived on G.Stop()
//	conceded -> down       the root returned during a stop (process.concede)
//	conceded -> running    the root returned and the stop had been called off: resumed at once, on the same goroutine
//	down    -> running     process.resume
//
// # Stop, quiet point, commit
//
// A stop (stop.go) sets bitStop in the process-wide word and leaves a token in the stop channel of every G. When the last native
// goroutine is gone the process is quiet: the monitor, which runs on the goroutine that called Main, decides from the Wait
// records who could go on (quiet.go), saves and commits if there is reason to (commit.go), and resumes. A stop that does not
// complete in time is called off. The monitor (monitor.go) also decides when to stop.
//
// # Pinning
//
// A G is pinned while a frame on its stack cannot be suspended: uncompiled code that called back into compiled code (Enter), or
// a panic or Goexit that is running deferred calls (defers.go). The operations of a pinned G block natively, and no stop completes. What keeps
// the process from being saved for long, this or a call of uncompiled code that does not return, is told (hindrance.go).
//
// # Invariants
//
//  1. An operation that concedes has had no effect. So executing it again after the resume is the whole of resuming.
//  2. What an operation must remember across a suspension is in the G (the deadline of a Sleep, the ticket of a Cond.Wait), never in
//     the native goroutine. commit.go saves it.
//  3. The heap is read by Save only while no native goroutine of the process exists, none is pinned, and the runtime
//     shows no goroutine that is not accounted for (foreign.go). Everything about "nothing is ever saved wrongly" rests on this.
//  4. A token in G.stop without a stop in progress is harmless: the G concedes and its root resumes it at once.
//  5. The fields of G without a remark belong to its native goroutine, and to the monitor while the G is down; process.mu
//     is taken on both transitions, which orders them.
//  6. An operation of a resumed G is attempted at least once before the G concedes again (G.fresh), and a chaos stop waits until each
//     resumed G has attempted one (process.unsettled). So every step makes progress and partners meet.
//  7. A frame and a thunk hold no *G and nothing of this package's that is not meant to be saved.
//  8. At a quiet point the waiter tables (table.go) are empty: a G removes itself before it concedes. Who waits for a sync.Cond is
//     told by the ticket in G.ticket and the memory of the Cond.
//  9. A timer with a channel does not run at a quiet point, as nobody waits for its channel, and may be read. One with a function
//     may run at any moment: process.saved orders that with the snapshot.
//
// # What it does not do
//
// It does not find a deadlock while a goroutine of uncompiled code could still wake somebody, nor one in which a goroutine is blocked by an
// operation of uncompiled code (deadlock.go). It keeps the order of waiters across a stop, but a stop that is called off costs those their place that had
// already conceded.
package rt
