// Package repeat defines an analyzer that finds effects that a crash may repeat.
//
// # Analyzer repeat
//
// repeat: report effects outside the program that a crash may repeat
//
// The state of a run is saved at a commit, and after a crash the run goes on from the last one. What it has done outside since then is done
// again. A commit falls where a goroutine waits, or at the end of a round of a loop in a function that waits somewhere: when all goroutines
// wait for more than a second, when a second has passed since the last commit, and when there is output to show. It never falls
// while a function runs that does not wait. So in
//
//	amount := <-orders
//	http.Post(bank, "text/plain", strings.NewReader(amount))
//	time.Sleep(time.Hour)
//
// the request may be repeated: the last commit before it may be that at the receive, the next is that at the sleep. It is a warning, and
// else information, where no commit can fall between an effect and the next one, or between the rounds of a loop of effects, so that a crash repeats
// several.
//
// Effects are found in functions that may wait, in main and in handlers of events, there and in the functions that they call, also in other
// packages:
//
//   - HTTP requests with the methods POST and PATCH, but for those with an Idempotency-Key or a condition (If-Match);
//     a key that comes from chance or the clock in the same step is none, since the repetition has another;
//   - SQL statements that do something else when they are executed again: INSERT without ON CONFLICT, UPDATE n = n + 1, CALL; not in a
//     transaction in which the function asks something before, as that may tell it that it is done;
//   - operations of the AWS SDK that create, send, start or count, but for those with a condition or a token;
//   - commands (os/exec), mail, packets, writes to a network connection that the same function has made, files opened to append;
//   - os.Rename, Remove, Mkdir, Link and Symlink, where their error is looked at and not compared with fs.ErrExist or fs.ErrNotExist: the
//     second time they fail.
//
// What only reads, or writes the same once more (os.WriteFile, HTTP PUT, s3.PutObject), is none. Nothing is said of what cannot be
// told from the source: a method or a statement that is not constant, a call of a func value or of an interface's method.
//
// What to do: let the other side recognise a repetition, by a key that is made before the wait before the effect (made after it, it would be another one each
// time); or have a commit between two effects: wait for two seconds, as by time.Sleep(2 * time.Second). A loop of many effects wants a wait in it, however short: then it may be
// saved in the middle, about once a second. Where a repetition does no harm,
// say so, on the line of the call that is reported, or of the effect itself, or the line before:
//
//	//hark:ok repeat the bank ignores what it has seen
package repeat
