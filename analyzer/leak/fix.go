package leak

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"
)

// buffer is the fix that gives a channel made by make(chan T) a buffer of one.
func (p *pass) buffer(m *ssa.MakeChan) (fix analysis.SuggestedFix, ok bool) {
	for _, f := range p.Files {
		if f.FileStart > m.Pos() || m.Pos() > f.FileEnd {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			c, is := n.(*ast.CallExpr)
			if is && c.Lparen == m.Pos() && len(c.Args) == 1 {
				fix, ok = insert(c.Args[0].End(), ", 1"), true
			}
			return !ok
		})
	}
	return fix, ok
}

func insert(at token.Pos, text string) analysis.SuggestedFix {
	return analysis.SuggestedFix{
		Message:   "Give the channel a buffer of one",
		TextEdits: []analysis.TextEdit{{Pos: at, End: at, NewText: []byte(text)}},
	}
}
