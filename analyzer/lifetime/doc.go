// Package lifetime defines an analyzer that finds what a program that lives for long cannot bear.
//
// # Analyzer lifetime
//
// lifetime: report what grows without bound, and timers that keep a run from resting
//
// A run may last for months, and all of its state is saved. So what only grows, grows for as long as that, and what is done often is paid for as often. Reported are
//
//   - go statements in a loop that never ends and waits for nothing, and those in a loop without end whose goroutines never end either:
//
//     for { go poll() }
//
//   - variables of the package, and local variables around a loop without end, to which is only appended or inserted, in such a loop or in a handler of
//     requests, and which the package never makes smaller. A map whose keys are few (bool, constants) does not grow;
//
//   - channels with a constant buffer of a million or more: what is in it is saved with each commit;
//
//   - tickers, and sleeps in a loop without end, of two seconds or less: the run is never at rest, so on AWS an invocation stays for it and is
//     billed, and it is saved every second;
//
//   - constant waits of more than two seconds, and less than a minute, with a fraction of a second: on AWS they are kept to about a second, as they wait in a queue.
//
// A loop without end is one that has no way out, or only ways that a channel or a context decides, as in
//
//	for {
//		select {
//		case <-ctx.Done():
//			return
//		case e := <-events:
//			all = append(all, e)
//		}
//	}
package lifetime
