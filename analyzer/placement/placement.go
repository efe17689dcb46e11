// Package placement decides which go statements start goroutines in processes of their own.
//
// A go statement is remote when the default is, or is Auto and it is proved that its goroutines share no memory with others without order (prove.go), or when a
// comment says so, on its line or the line before:
//
//	go worker(jobs, results) //hark:go remote
//
//	//hark:go local
//	go watch(&counter)
//
// A call of (*sync.WaitGroup).Go is a go statement, too. A program with a remote one is distributed.
package placement

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/harkgen/harkgen/analyzer/directive"
)

// What the default can be: one of the words of directives, or Auto.
const (
	Local  = directive.Local
	Remote = directive.Remote
	Auto   = "auto"
)

// A Package is one with compiled go statements.
type Package struct {
	Files []*ast.File
	Info  *types.Info
}

// A Statement is a go statement, or a call of (*sync.WaitGroup).Go.
type Statement struct {
	Pos    token.Pos // as in go/ssa: of the keyword, or of the call's left parenthesis
	Group  bool      // it is a call of (*sync.WaitGroup).Go
	Remote bool
	Said   *directive.Go // what says so; nil: the default does
	Found  *Finding      // about what its goroutines share, nil if nobody asked
}

// Result is what was decided.
type Result struct {
	Statements []*Statement        // in the order of the packages and files
	Problems   []directive.Problem // directives that place nothing, or contradict one another
	auto       bool
	at         map[token.Pos]*Statement
}

// Unproved reports whether the placement depends on a proof, or may be found to be wrong by one.
func (r *Result) Unproved() bool {
	return slices.ContainsFunc(r.Statements, r.asks)
}

func (r *Result) asks(s *Statement) bool {
	return r.auto && s.Said == nil || s.Said != nil && s.Remote
}

// Asks reports whether a proof about the go statement at pos is wanted.
func (r *Result) Asks(pos token.Pos) bool {
	s := r.at[pos]
	return s != nil && r.asks(s)
}

// Use places the go statements that no comment does as found says, what Prove has found about the program.
func (r *Result) Use(found map[token.Pos]*Finding) {
	for _, s := range r.Statements {
		if !r.asks(s) {
			continue
		}
		if s.Found = found[s.Pos]; s.Found == nil {
			s.Found = &Finding{TooLarge: true}
		}
		if s.Said == nil {
			s.Remote = s.Found.OK()
		}
	}
}

// Remote reports whether the go statement at pos, as in go/ssa, is remote. One that was not asked about is not.
func (r *Result) Remote(pos token.Pos) bool {
	s := r.at[pos]
	return s != nil && s.Remote
}

// Class is the class of the goroutines of the go statement at pos, which is remote: "" if they need nothing but what the entry has.
func (r *Result) Class(pos token.Pos) string {
	if s := r.at[pos]; s.Said != nil {
		return s.Said.Resources.Class()
	}
	return ""
}

// Distributed reports whether some go statement is remote.
func (r *Result) Distributed() bool {
	return slices.ContainsFunc(r.Statements, func(s *Statement) bool { return s.Remote })
}

// Decide decides about all go statements of pkgs. Without a comment they are where the default says; with Auto they are local until Use.
func Decide(fset *token.FileSet, pkgs []Package, def string) *Result {
	r := &Result{at: map[token.Pos]*Statement{}, auto: def == Auto}
	for _, p := range pkgs {
		for _, f := range p.Files {
			lines := map[int][]*Statement{}
			for _, s := range statements(f, p.Info) {
				s.Remote = def == Remote
				r.Statements = append(r.Statements, s)
				r.at[s.Pos] = s
				n := lineOf(fset, s.Pos)
				lines[n] = append(lines[n], s)
			}
			r.comments(fset, f, lines)
		}
	}
	return r
}

// statements lists the go statements of f.
func statements(f *ast.File, info *types.Info) []*Statement {
	var out []*Statement
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			out = append(out, &Statement{Pos: n.Go})
		case *ast.CallExpr:
			if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok && isGroupGo(info, sel) {
				out = append(out, &Statement{Pos: n.Lparen, Group: true})
			}
		}
		return true
	})
	return out
}

func isGroupGo(info *types.Info, sel *ast.SelectorExpr) bool {
	s := info.Selections[sel]
	if s == nil || s.Kind() != types.MethodVal {
		return false
	}
	fn, ok := s.Obj().(*types.Func)
	return ok && fn.FullName() == "(*sync.WaitGroup).Go"
}

// comments obeys the directives of f, whose go statements are on lines. What is wrong with one by itself is for who parses them to say.
func (r *Result) comments(fset *token.FileSet, f *ast.File, lines map[int][]*Statement) {
	for _, d := range directive.Parse(fset, f).Go {
		text := directive.GoName + " " + d.Word()
		n := lineOf(fset, d.Pos)
		on := lines[n]
		if len(on) == 0 {
			on = lines[n+1]
		}
		if len(on) == 0 {
			r.problem(d, text+" places nothing", "there is no go statement on its line or the next", "move it to one")
		}
		for _, s := range on {
			if s.Said != nil && s.Remote != d.Remote {
				r.problem(d, text, "another comment says the opposite of the same go statement", "remove one")
			}
			s.Remote, s.Said = d.Remote, d
		}
	}
}

func (r *Result) problem(d *directive.Go, what, why, do string) {
	r.Problems = append(r.Problems, directive.Problem{Pos: d.Pos, What: what, Why: why, Do: do})
}

// lineOf is the line in the file itself, whatever //line comments say.
func lineOf(fset *token.FileSet, pos token.Pos) int { return fset.PositionFor(pos, false).Line }
