// Package directives reports what is wrong with comments that begin with //hark:.
//
// # Analyzer directives
//
// directives: report unknown, misplaced or contradictory //hark: comments
//
// The forms that mean something are
//
//	//hark:go local
//	//hark:go remote [memory=MB] [timeout=DURATION] [storage=MB]
//	//hark:entry KIND ... [memory=MB] [timeout=DURATION] [storage=MB] [concurrency=N] [name=NAME]
//	//hark:ok CHECK [reason]
//
// The first two stand on the line of a go statement or the one before, the third in the doc comment of a function, the last on the line of what a check finds or
// the one before. Docs/deploy.md has the kinds of entries. The compiler reads the comments in the same way, and refuses a program with one that is wrong.
package directives
