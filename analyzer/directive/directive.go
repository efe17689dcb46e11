// Package directive reads the comments by which a program tells harkgen something:
//
//	//hark:go local
//	//hark:go remote [memory=MB] [timeout=DURATION] [storage=MB]
//	//hark:entry KIND ... [memory=MB] [timeout=DURATION] [storage=MB] [concurrency=N] [name=NAME]
//	//hark:ok CHECK [reason]
//
// The first kind stands on the line of a go statement or the one before (package placement), the second in the doc comment of a function. The kinds of
// entries are in docs/deploy.md. The third acknowledges what a check of harkvet finds on its line or the next (docs/vet.md). After a directive there may
// be a comment in the comment.
package directive

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"

	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/internal/spell"
)

// Prefix begins every directive.
const Prefix = "//hark:"

// The names of the directives, with Prefix.
const (
	GoName    = Prefix + "go"
	EntryName = Prefix + "entry"
	OKName    = Prefix + "ok"
)

// The words that may follow GoName.
const (
	Local  = "local"
	Remote = "remote"
)

// A File is the directives of one file.
type File struct {
	Go       []*Go
	Entries  []*Entry
	OK       []*OK
	Problems []Problem // comments that mean nothing, or not what they seem to
}

// A Go places the goroutines of a go statement.
type Go struct {
	Pos       token.Pos
	Remote    bool
	Resources plan.Resources // zero: those of the entry
}

// Word is what follows GoName.
func (g *Go) Word() string {
	if g.Remote {
		return Remote
	}
	return Local
}

// An Entry makes a function an entry point.
type Entry struct {
	Pos     token.Pos
	Func    *ast.FuncDecl // not generic, no method
	Trigger plan.Trigger  // Pos is empty; Type is Main for an entry that only an invocation starts
	Setting
}

// Main is the Trigger.Type of an entry that only an invocation starts.
const Main = string(plan.Main)

// An OK acknowledges what a check finds on its line or the next.
type OK struct {
	Pos  token.Pos
	Name string // of the check
}

// Checks are the names of the checks, in the order in which docs/vet.md has them.
var Checks = []string{"refuse", "unmovable", "pinned", "placed", "apart", "repeat", "leak", "lifetime", "directives"}

// A Setting is what a directive says about an entry besides its trigger. What is zero is not said.
type Setting struct {
	plan.Resources
	Concurrency int
	Name        string
}

// A Problem is something wrong with a directive.
type Problem struct {
	Pos           token.Pos
	What, Why, Do string

	// If a word is misspelt: where it is, and what was meant.
	Word, WordEnd token.Pos
	Meant         string
}

// Parse reads the directives of f. The file must have been parsed with comments.
func Parse(fset *token.FileSet, f *ast.File) *File {
	p := &reader{test: strings.HasSuffix(fset.PositionFor(f.Package, false).Filename, "_test.go"), docs: map[*ast.CommentGroup]*ast.FuncDecl{}}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Doc != nil {
			p.docs[fn.Doc] = fn
		}
	}
	for _, group := range f.Comments {
		for _, c := range group.List {
			if name, ok := strings.CutPrefix(c.Text, Prefix); ok {
				p.directive(c, group, name)
			}
		}
	}
	return &p.out
}

type reader struct {
	out  File
	docs map[*ast.CommentGroup]*ast.FuncDecl
	test bool // it is a test file
}

func (p *reader) problem(pos token.Pos, what, why, do string) {
	p.out.Problems = append(p.out.Problems, Problem{Pos: pos, What: what, Why: why, Do: do})
}

// misspelt is a problem with the word at a place, which is to be one of words.
func (p *reader) misspelt(pos token.Pos, what, why string, word string, at token.Pos, words []string) {
	p.problem(pos, what, why, "write one of them")
	if meant := nearest(word, words); meant != "" {
		last := &p.out.Problems[len(p.out.Problems)-1]
		last.Word, last.WordEnd, last.Meant = at, at+token.Pos(len(word)), meant
	}
}

func (p *reader) directive(c *ast.Comment, group *ast.CommentGroup, text string) {
	s := &scanner{reader: p, begin: c.Pos() + token.Pos(len(Prefix)), text: text}
	switch name, at := s.word(); name {
	case "go":
		p.goes(c, s)
	case "entry":
		p.entry(c, p.docs[group], s)
	case "ok":
		p.ok(c, s)
	default:
		p.misspelt(c.Pos(), "unknown directive "+Prefix+name, "there are "+GoName+", "+EntryName+" and "+OKName, name, at, []string{"go", "entry", "ok"})
	}
}

func (p *reader) ok(c *ast.Comment, s *scanner) {
	name, pos := s.word()
	if !slices.Contains(Checks, name) {
		p.misspelt(pos, strings.TrimSpace(OKName+" "+name), "it acknowledges what a check finds, and these are "+strings.Join(Checks, ", "), name, pos, Checks)
		return
	}
	p.out.OK = append(p.out.OK, &OK{c.Pos(), name})
}

func (p *reader) goes(c *ast.Comment, s *scanner) {
	word, at := s.word()
	if word != Local && word != Remote {
		p.misspelt(c.Pos(), strings.TrimSpace(GoName+" "+word), "the words that may follow are "+Local+" and "+Remote, word, at, []string{Local, Remote})
		return
	}
	d := &Go{Pos: c.Pos(), Remote: word == Remote}
	var set Setting
	may := "memory timeout storage"
	if word == Local {
		may = ""
	}
	if s.settings(&set, may) {
		d.Resources = set.Resources
		p.out.Go = append(p.out.Go, d)
	}
}

func (p *reader) entry(c *ast.Comment, fn *ast.FuncDecl, s *scanner) {
	switch {
	case p.test:
		p.problem(c.Pos(), EntryName+" in a test file", "test files are not part of the program", "move the function to another file")
		return
	case fn == nil:
		p.problem(c.Pos(), EntryName+" is not in the doc comment of a function", "it makes the function below it an entry point", "move it to the lines just above a func")
		return
	case fn.Recv != nil:
		p.problem(c.Pos(), EntryName+" on the method "+fn.Name.Name, "an event has no receiver to call it with", "put it on a function that calls the method")
		return
	case fn.Type.TypeParams != nil:
		p.problem(c.Pos(), EntryName+" on the generic function "+fn.Name.Name, "an event has no type arguments to call it with", "put it on a function that calls an instance")
		return
	case fn.Body == nil || fn.Name.Name == "_" || fn.Name.Name == "init":
		p.problem(c.Pos(), EntryName+" on "+fn.Name.Name, "nothing can call it", "put it on a function with a name and a body")
		return
	}
	e := &Entry{Pos: c.Pos(), Func: fn}
	if s.trigger(&e.Trigger) && s.settings(&e.Setting, "memory timeout storage concurrency name") {
		p.out.Entries = append(p.out.Entries, e)
	}
}

// A scanner reads the text of one directive after Prefix.
type scanner struct {
	*reader
	begin token.Pos // of text
	text  string
	off   int
}

// at is the position of the next word, or of the end.
func (s *scanner) at() token.Pos {
	s.off += len(s.text[s.off:]) - len(strings.TrimLeft(s.text[s.off:], " \t"))
	return s.begin + token.Pos(s.off)
}

// word takes the next word, "" at the end.
func (s *scanner) word() (string, token.Pos) {
	pos := s.at()
	rest := s.text[s.off:]
	if strings.HasPrefix(rest, "//") {
		return "", pos
	}
	if i := strings.IndexAny(rest, " \t\r"); i >= 0 {
		rest = rest[:i]
	}
	s.off += len(rest)
	return rest, pos
}

// nearest is the one of words that word is likely meant to be, "" if none is.
func nearest(word string, words []string) string {
	best, least := "", 3
	for _, w := range words {
		if d := spell.Distance(word, w); d < least && d <= (len(w)-1)/2 {
			best, least = w, d
		}
	}
	return best
}
