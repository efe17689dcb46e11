// Package engine executes one run made of many processes and one exchange, over any store.Store. It knows no program: processes are
// executed by workers, which are given replies and hand back batches and states.
//
//	        batches                entries
//	worker ---------> Task.Commit ---------> log ----> exchange.Apply
//	  ^                 | record                           | replies, outputs
//	  |                 v                                  v
//	  +---- Replies <- store <-- checkpoint          schedule, flush
//
// # What is stored
//
//	RUN/c           the last checkpoint: the state of the exchange as of entry k,
//	                and which records are to be deleted                               checkpoint.go
//	RUN/l/NNNN      slots of the log; entry k is in slot k mod ring                   log.go
//	RUN/p/NNNNNNNN  process N: {step, consumed, batch of the step, state}             record.go
//
// What is large is in blobs and pages. All of it is changed by conditional puts of one record.
//
// # A commit
//
// A step of a process is committed by one put of its record, which holds the batch; then the batch goes into the log, as often as it takes, and
// takes effect there. The batch of the next step is committed only after that. A last batch (Ended, Exit) needs no record: being in the log is its commit.
//
// # Elsewhere
//
// A worker may execute a process on another machine, one commit at a time: ticket.go. An engine may leave a run to the next one, for which nobody waits
// while nothing is to be done: pause.go.
//
// # Invariants
//
//  1. One winner for each step. A record is put on the condition that its version is the one that was loaded. The exchange takes one batch for each step
//     of a process. If several workers step a process, one put wins, or a last batch comes first: then the process has ended, and what the others have put is garbage.
//  2. One winner for each entry. Slot k mod ring has version k div ring + 1 when entry k is in it, and is not deleted before the run has ended. Entry k is
//     tried only when a checkpoint has folded entry k-ring. So an engine that slept cannot win a slot: its version is too low.
//  3. What is not consumed is found. Until the exchange has taken what a process has done, the reason for it stands (a reply that is not
//     acknowledged, a wake time that has come, not Idle). So an engine that begins needs to look only at processes that are runnable in the state of the
//     exchange; loading one finds a record ahead of the exchange, and sends its batch. No list of records is ever read.
//  4. Nothing leaves the machine that could be lost. Changes need not wait for the disk (store.Unsynced), since the store makes them durable in their
//     order; outputs and the end of a run are shown, and tickets given away, after a Sync. Over a store that is written behind (package behind) an entry takes batches until it leaves memory,
//     and what somebody else has written meanwhile ends Run with store.ErrLost: the next engine begins with what is stored.
//  5. An engine that is behind does no harm. It loses slots, reads them, and applies them; what it does with an old state is refused by 1.
//
// # Timers
//
// The exchange has the wake time of each sleeping process, since it must know that the run is not deadlocked. A heap of 16 bytes for each process is made of it
// when an engine begins. There is no index in the store: it would be a second write for each sleep, and would save nothing, as the exchange is in memory anyway.
//
// # What it does not do
//
// It has no lease: two engines on one run are safe, but step on each other's feet. Blobs that a crash leaves between the put of a record and the deletion of
// what it has replaced are deleted with the run.
package engine
