package ir

// This file lists the passes that complete a function once it is lowered, in the order in which they run.

// A fact is something that holds after a pass, and that Verify checks from then on.
type fact uint8

const (
	framesKnown fact = 1 << iota // invariant 3
	framesSafe                   // no suspended operation overwrites what its frame holds
	resumable                    // invariant 5
)

var passes = [...]struct {
	name string
	run  func(*Func)
	adds fact
}{
	{name: "drop unreachable", run: (*Func).dropUnreachable},
	{name: "fold returns", run: (*Func).foldReturns},
	{name: "drop unread", run: (*Func).dropUnread},
	{name: "frames", run: (*Func).fillFrames, adds: framesKnown},
	{name: "protect", run: (*Func).protect, adds: framesSafe},
	{name: "reenter", run: (*Func).reenter, adds: resumable},
	{name: "scope", run: (*Func).scope},
}

// Finish runs the passes over f. It calls after, which may be nil, with f as it was lowered ("lower") and after each pass.
func (f *Func) Finish(after func(pass string)) {
	if after == nil {
		after = func(string) {}
	}
	after("lower")
	for _, p := range passes {
		p.run(f)
		f.facts |= p.adds
		after(p.name)
	}
}

// Passes lists what Finish calls after with.
func Passes() []string {
	names := []string{"lower"}
	for _, p := range passes {
		names = append(names, p.name)
	}
	return names
}
