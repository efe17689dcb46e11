// Package apart is a check of harkvet.
//
// # Analyzer apart
//
// apart: report what goes wrong, or cannot be, in a goroutine that a comment places in a process of its own
//
// After //hark:go remote a goroutine has memory of its own. It sees what others write only at operations on channels, locks and the like. This check reports
//
//   - two accesses to a variable, a field or a map, by the goroutine and by another one, without order, one of them a write. In one process that is a
//     race, which usually shows the last value; in two each sees its own copy:
//
//     n := 0
//     go func() { n++ }() //hark:go remote
//     fmt.Println(n)
//
//   - that the goroutine is given what belongs to the process of its go statement (an open file, a connection), or uses what each process has of its own (the
//     standard logger's settings, the environment, standard input);
//
//   - package unsafe, and pointers of package unsafe that are used atomically, which is not followed to another process. harkgen refuses that.
//
// Hold one lock at both accesses, wait for the goroutine in between, or send the value on a channel; or write //hark:go local.
package apart
