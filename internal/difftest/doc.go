// Package difftest holds the tests of the whole pipeline. It has no code of
// its own: the tests build cmd/harkgen once and run it as a user would.
//
//   - TestRun compares each program of testdata/run, run plainly, with the same
//     program compiled by harkgen: plain, with saving and restoring in one
//     process (-chaos 1 -inproc), and with a SIGKILL at every suspension
//     (-chaos 1); then with every function transformed (-all), in the same
//     ways. Standard output, standard error and exit status must agree.
//   - TestExamples does the same for the programs of examples.
//   - TestKill kills `harkgen run` at random moments and resumes it.
//   - TestRefused checks that what harkgen cannot compile yet is refused, at the
//     line marked in the program.
//   - TestScript runs the command-line scenarios of testdata/script.
//
// Programs are plain files with one line on top that says what they cover, and
// optionally
//
//	// args: words for the command line
//	// stdin: "a Go string"
//	// flags: of harkgen, for programs that are refused
//
// Random choices print their seed; HARK_SEED=n repeats them. With -all only a
// sample of the programs runs, unless -run names them (-run TestRun/ names all),
// and in short mode also under -chaos 1. Near the deadline of the test binary the
// rest of these is skipped, and says so; .ci/run gives enough time.
package difftest
