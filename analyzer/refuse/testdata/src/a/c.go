package main

// int one(void) { return 1; }
import "C" // want `import "C"; memory of C cannot be saved; keep cgo out of the compiled module`

func c() int { return int(C.one()) }
