#include "textflag.h"

// Go code of this package calls these directly, without an ABI wrapper, so BP is the frame pointer of the Go function that
// calls. checkLayout verifies that.

// func getg() uintptr
TEXT ·getg(SB), NOSPLIT, $0-8
	MOVQ	(TLS), AX
	MOVQ	AX, ret+0(FP)
	RET

// func panicking() bool
TEXT ·panicking(SB), NOSPLIT, $0-1
	MOVQ	(TLS), AX
	MOVQ	32(AX), AX	// g._panic, an offset known to the linker
	TESTQ	AX, AX
	SETNE	ret+0(FP)
	RET

// func caller(n int) (pos, pc uintptr)
TEXT ·caller(SB), NOSPLIT, $0-24
	MOVQ	n+0(FP), CX
	MOVQ	BP, AX
	XORL	DX, DX
loop:
	TESTQ	CX, CX
	JLE	done
	TESTQ	AX, AX
	JEQ	none
	MOVQ	8(AX), DX
	MOVQ	0(AX), AX
	DECQ	CX
	JMP	loop
done:
	TESTQ	AX, AX
	JEQ	none
	MOVQ	(TLS), BX
	MOVQ	8(BX), BX	// g.stack.hi
	SUBQ	AX, BX
	MOVQ	BX, pos+8(FP)
	MOVQ	DX, pc+16(FP)
	RET
none:
	MOVQ	$0, pos+8(FP)
	MOVQ	$0, pc+16(FP)
	RET

// func ticks() int64
TEXT ·ticks(SB), NOSPLIT, $0-8
	RDTSC
	SHLQ	$32, DX
	ORQ	DX, AX
	MOVQ	AX, ret+0(FP)
	RET
