package placement

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/pointsto"
)

// This file finds what cannot be shared and need not be: each process makes the package variables anew by which one gets there.
//
//	var client = s3.NewFromConfig(load())

// eachOwn reports whether goroutines of s get to o, which processes cannot share, only by package variables that each process makes anew: it has its own.
func (p *prover) eachOwn(s *thread, o *pointsto.Object) bool {
	if p.Rebuilt == nil {
		return false
	}
	others := p.others[s]
	if others == nil {
		others = map[*pointsto.Object]bool{}
		for _, o := range p.Reachable(p.roots(s, p.isRebuilt)...) {
			others[o] = true
		}
		p.others[s] = others
	}
	return !others[o]
}

// isRebuilt reports whether each process makes variable g anew.
func (p *prover) isRebuilt(g *ssa.Global) bool {
	v, ok := g.Object().(*types.Var)
	return ok && !p.Global(g).External && p.Rebuilt(v)
}
