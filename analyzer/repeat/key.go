package repeat

import (
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
)

// This file finds the keys by which the other side recognises a repetition, and those that are no good, since they are made anew when the
// effect is repeated:
//
//	req.Header.Set("Idempotency-Key", uuid.NewString())
//	client.Do(req)

// A key identifies an effect.
type key struct {
	name string
	made *ssa.Call // what makes another one each time; nil if nothing is known to
}

// headers are those that servers know a repetition by.
var headers = library.Words("idempotency-key x-idempotency-key if-match if-none-match if-unmodified-since")

// headerKey is the key that fn gives to a request, nil if it gives none.
func headerKey(fn *ssa.Function) *key {
	for i := range flow.Instructions(fn) {
		c, ok := i.(*ssa.Call)
		if !ok {
			continue
		}
		switch flow.Callee(&c.Call) {
		case "(net/http.Header).Set", "(net/http.Header).Add":
			if name := constantText(c.Call.Args[1]); headers[strings.ToLower(name)] {
				return &key{name, chance(c.Call.Args[2])}
			}
		}
	}
	return nil
}

// chances begin the names of functions that return something else each time.
var chances = []string{"crypto/rand.", "math/rand.", "math/rand/v2.", "time.Now", "github.com/google/uuid.New", "github.com/gofrs/uuid", "github.com/rs/xid.New", "github.com/oklog/ulid"}

// chance finds the call that makes v something else each time, nil if v does not come from one.
func chance(v ssa.Value) *ssa.Call {
	switch v := v.(type) {
	case *ssa.Call:
		if begins(flow.Callee(&v.Call), chances) {
			return v
		}
		for _, a := range v.Call.Args {
			if c := chance(a); c != nil {
				return c
			}
		}
	case *ssa.Extract:
		return chance(v.Tuple)
	case *ssa.MakeInterface:
		return chance(v.X)
	case *ssa.Convert:
		return chance(v.X)
	case *ssa.BinOp:
		if c := chance(v.X); c != nil {
			return c
		}
		return chance(v.Y)
	}
	return nil
}

// identified says what becomes of effect e, of a call that has key k: nothing, unless the key is made anew each time.
func identified(e effect, k *key) (effect, bool) {
	if k == nil {
		return e, true
	}
	e.made = k.made
	e.What += " (whose " + k.name + " is another one each time)"
	return e, k.made != nil
}

// saved reports whether the key of an effect may be saved before c has it.
func (p *pass) saved(made *ssa.Call, c ssa.CallInstruction) bool {
	return flow.Reaches(made, func(i ssa.Instruction) bool {
		return p.colour.Suspends(i) && flow.Reaches(i, func(i ssa.Instruction) bool { return i == c }, nil)
	}, func(i ssa.Instruction) bool { return i == c })
}
