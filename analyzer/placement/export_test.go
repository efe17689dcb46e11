package placement

import (
	"go/token"
	"slices"
)

// Rules are the names of the rules.
func Rules() (names []string) {
	for _, r := range rules {
		names = append(names, r.name)
	}
	return names
}

// ProveEach is Prove with all rules but one, for each; the first is with all.
func ProveEach(p *Program) (out []map[token.Pos]*Finding) {
	v := newProver(p)
	for n := -1; n < len(rules); n++ {
		if v.rules = rules; n >= 0 {
			v.rules = slices.Delete(slices.Clone(rules), n, n+1)
		}
		found := map[token.Pos]*Finding{}
		v.findings(func(token.Pos) bool { return true }, found)
		out = append(out, found)
	}
	return out
}
