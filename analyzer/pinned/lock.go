package pinned

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/colour"
	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// This file finds locks of code that is not compiled that are held over a wait, and unlocked after it. A lock that is memory of the program is saved with it, whoever
// declares its type. These are not:
//
//	syscall.Flock(fd, syscall.LOCK_EX)      the kernel's, for this process
//	dep.Default.Lock()                      in what a variable of a package that is not compiled leads to: that is made anew in each process
//	l := flock.New(name); l.Lock()          in a value that comes with an open file

// A lock is one of those, where it is taken.
type lock struct {
	what, why string
	frees     func(*ssa.CallCommon) bool
}

// pairs are the methods that lock, with those that unlock.
var pairs = map[string]string{"Lock": "Unlock", "RLock": "RUnlock", "Acquire": "Release"}

// locks reports the locks that fn holds over waits.
func locks(pass *analysis.Pass, facts *colour.Facts, fn *ssa.Function) {
	if !facts.Coloured(fn) {
		return
	}
	for i := range flow.Instructions(fn) {
		c, ok := i.(*ssa.Call)
		if !ok {
			continue
		}
		if l := taken(facts, c); l != nil {
			held(pass, facts, c, l)
		}
	}
}

// held reports l, which c takes, if a wait may follow, and after that, or deferred, the call that frees it.
func held(pass *analysis.Pass, facts *colour.Facts, c *ssa.Call, l *lock) {
	frees := func(i ssa.Instruction) bool {
		u, ok := i.(*ssa.Call)
		return ok && l.frees(&u.Call)
	}
	defers := func(i ssa.Instruction) bool {
		d, ok := i.(*ssa.Defer)
		return ok && l.frees(&d.Call)
	}
	always := flow.Reaches(c, defers, frees)
	flow.Reaches(c, func(wait ssa.Instruction) bool {
		if !facts.Waits(wait) || !always && !flow.Reaches(wait, frees, nil) {
			return false
		}
		why, chain := l.why, facts.ChainOf(wait)
		if len(chain) > 1 {
			why = "the wait " + vet.Sentence(chain) + "; " + why
		}
		vet.Report(pass, vet.Warning, vet.Finding{
			Pos: c.Pos(), What: l.what + " is held over the wait at " + chain[0].Where, Why: why,
			Do: "unlock it before the wait, or guard what only this program uses with a sync.Mutex of its own", Chain: vet.Related(chain),
		})
		return true
	}, frees)
}

// taken is the lock that c takes, nil if it is none, or one that is saved.
func taken(facts *colour.Facts, c *ssa.Call) *lock {
	name := flow.Callee(&c.Call)
	if op, ok := flock(&c.Call); ok {
		if op&unlock != 0 {
			return nil
		}
		return &lock{
			"a lock of a file", "it is this process's: where the run goes on nobody holds it, and the descriptor leads to nothing",
			func(u *ssa.CallCommon) bool { op, ok := flock(u); return ok && op&unlock != 0 },
		}
	}
	callee := c.Call.StaticCallee()
	if callee == nil || callee.Signature.Recv() == nil || pairs[callee.Name()] == "" || callee.Object() == nil {
		return nil
	}
	l := &lock{frees: func(u *ssa.CallCommon) bool {
		f := u.StaticCallee()
		return f != nil && f.Signature.Recv() != nil && f.Name() == pairs[callee.Name()] && same(u.Args[0], c.Call.Args[0])
	}}
	of := callee.Object().Pkg()
	switch v := variable(c.Call.Args[0]); {
	case of.Path() == "sync" && v != nil && facts.Left(v.Pkg.Pkg.Path()):
		l.what = "a lock in " + v.Pkg.Pkg.Name() + "." + v.Name()
		l.why = "that variable's package is not compiled, and makes it anew in each process: where the run goes on nobody holds the lock, and to unlock it is a fatal error"
		return l
	case of.Path() != "sync" && facts.Left(of.Path()):
		if why := tied(callee.Signature.Recv().Type(), map[types.Type]bool{}); why != "" {
			l.what, l.why = "the lock that "+flow.Title(name)+" takes", why+", so the run ends there if it must stop"
			return l
		}
	}
	return nil
}

// unlock is LOCK_UN.
const unlock = 8

// flock is the constant operation of a call of flock(2).
func flock(c *ssa.CallCommon) (op int64, ok bool) {
	switch flow.Callee(c) {
	case "syscall.Flock", "golang.org/x/sys/unix.Flock":
		if how, ok := c.Args[1].(*ssa.Const); ok && how.Value != nil {
			return constant.Int64Val(how.Value)
		}
	}
	return 0, false
}

// variable is the package variable by whose value, a pointer, address v is reached.
func variable(v ssa.Value) *ssa.Global {
	loaded := false
	for {
		switch x := v.(type) {
		case *ssa.FieldAddr:
			v = x.X
		case *ssa.UnOp:
			v, loaded = x.X, x.Op == token.MUL
		case *ssa.Global:
			if loaded {
				return x
			}
			return nil
		default:
			return nil
		}
	}
}

// same reports whether a and b are one value, or read the same variable.
func same(a, b ssa.Value) bool {
	if a == b {
		return true
	}
	switch a := a.(type) {
	case *ssa.FieldAddr:
		b, ok := b.(*ssa.FieldAddr)
		return ok && a.Field == b.Field && same(a.X, b.X)
	case *ssa.UnOp:
		b, ok := b.(*ssa.UnOp)
		return ok && a.Op == token.MUL && b.Op == token.MUL && same(a.X, b.X)
	}
	return false
}

// tied says what in a value of type t, by fields and pointers, ties it to this process; "": nothing that is known.
func tied(t types.Type, seen map[types.Type]bool) string {
	if h, ok := library.HandleOf(t); ok {
		return h.Cannot
	}
	if seen[t] {
		return ""
	}
	seen[t] = true
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return tied(u.Elem(), seen)
	case *types.Struct:
		for f := range u.Fields() {
			if why := tied(f.Type(), seen); why != "" {
				return why
			}
		}
	}
	return ""
}
