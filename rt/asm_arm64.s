#include "textflag.h"

// See asm_amd64.s. R29 is the frame pointer: 0(R29) is the caller's, 8(R29) the return address.

// func getg() uintptr
TEXT ·getg(SB), NOSPLIT, $0-8
	MOVD	g, R0
	MOVD	R0, ret+0(FP)
	RET

// func panicking() bool
TEXT ·panicking(SB), NOSPLIT, $0-1
	MOVD	32(g), R0	// g._panic, an offset known to the linker
	CMP	$0, R0
	CSET	NE, R0
	MOVB	R0, ret+0(FP)
	RET

// func caller(n int) (pos, pc uintptr)
TEXT ·caller(SB), NOSPLIT, $0-24
	MOVD	n+0(FP), R1
	MOVD	R29, R0
	MOVD	ZR, R2
loop:
	CMP	$0, R1
	BLE	done
	CBZ	R0, none
	MOVD	8(R0), R2
	MOVD	0(R0), R0
	SUB	$1, R1
	JMP	loop
done:
	CBZ	R0, none
	MOVD	8(g), R3	// g.stack.hi
	SUB	R0, R3, R3
	MOVD	R3, pos+8(FP)
	MOVD	R2, pc+16(FP)
	RET
none:
	MOVD	ZR, pos+8(FP)
	MOVD	ZR, pc+16(FP)
	RET

// func ticks() int64
TEXT ·ticks(SB), NOSPLIT, $0-8
	MRS	CNTVCT_EL0, R0
	MOVD	R0, ret+0(FP)
	RET
