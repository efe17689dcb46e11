// Package placed is a check of harkvet.
//
// # Analyzer placed
//
// placed: say why a goroutine stays in the process of its go statement
//
// With -placement auto the goroutine of a go statement, or of a call of (*sync.WaitGroup).Go, runs in a process of its own if it is proved
// that nobody can tell. This check tells of each one that stays where it is, for a reason that its package shows:
//
//   - it and another goroutine access a variable, a field or a map without order, and one of them writes. That is a data race, and a warning:
//
//     n := 0
//     go func() { n++ }()
//     fmt.Println(n)
//
//   - it is given what belongs to one process: an open file, a connection;
//
//   - it uses what each process has of its own (the standard logger's settings, the environment, standard input), or waits for an event.
//
// Hold one lock at both accesses, wait for the goroutine in between, or send the value on a channel. If the goroutine only reads a variable that is assigned
// later, the fix is to give it the value as an argument. A comment //hark:go on the go statement says where the goroutine runs, and ends this check; check
// apart looks at those that it makes remote.
//
// The compiler, which sees the whole program, finds more: harkgen explain -placement auto.
package placed
