package rt

// This file declares what asm_*.s implements: the few facts about the running goroutine that Go does not offer.

// getg returns the address of the runtime's descriptor of this goroutine, which is its identity while it lives.
func getg() uintptr

// panicking reports whether this goroutine has a panic or a Goexit in progress, at any depth.
func panicking() bool

// caller looks n frames up from the function that calls it. It returns the position of that frame, counted from the stack's upper
// end so that it survives a move of the stack, and the return address in it. It is (0, 0) past the outermost frame.
func caller(n int) (pos, pc uintptr)

// ticks reads a clock that is monotonic across processors and costs a few nanoseconds. Its unit is unspecified.
func ticks() int64
