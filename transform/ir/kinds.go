package ir

import (
	"go/token"
	"go/types"
)

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

func basic(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Basic)
	return ok
}

// divides reports whether e is an operation that can panic on its operands' values.
func divides(e *Expr) bool {
	switch e.Tok {
	case token.QUO, token.REM:
		b, ok := e.Type.Underlying().(*types.Basic)
		return !ok || b.Info()&types.IsInteger != 0
	case token.SHL, token.SHR:
		return true
	case token.EQL, token.NEQ: // interfaces that hold incomparable values
		for _, a := range e.Args {
			if a.Type != nil && types.IsInterface(a.Type) || a.Type != nil && !basic(a.Type) && !isPointer(a.Type) {
				return true
			}
		}
	}
	return false
}
