// Package vet reports findings of analyzers in one form, so that every check says what, why and what to do, with a severity, and can be
// acknowledged where it is wrong.
//
// A finding becomes one diagnostic:
//
//	WHAT; WHY; DO (SEVERITY: NAME)
//
// NAME is the analyzer's, and the diagnostic's category. The comment
//
//	//hark:ok NAME [reason]
//
// on its line or the line before acknowledges it. Nothing is reported in generated files and in tests.
package vet

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/harkgen/harkgen/analyzer/directive"
)

// A Severity says how sure it is that something must be done.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // harkgen refuses the program
	Warning Severity = "warning" // it will go wrong when the program is saved, moved or repeated
	Info    Severity = "info"    // what will happen
)

// A Finding is one thing to report.
type Finding struct {
	Pos, End      token.Pos // End may be NoPos
	What, Why, Do string    // each without an end; only What must be there
	Chain         []analysis.RelatedInformation
	Fixes         []analysis.SuggestedFix
}

// A Step is one reason of a chain of calls.
type Step struct {
	Pos   token.Pos // NoPos if it is in another package
	Where string    // file:line:col for a sentence; of another package with its path before
	What  string    // "calls b.F", "chan receive"
}

// Exported is steps as packages that import the one with a path see them: by their places, not their positions.
func Exported(path string, steps []Step) []Step {
	out := make([]Step, len(steps))
	for n, s := range steps {
		out[n] = Step{What: s.What, Where: s.Where}
		if s.Pos.IsValid() {
			out[n].Where = path + "/" + s.Where
		}
	}
	return out
}

// Report reports a finding, unless it is acknowledged or stands where nothing is reported.
func Report(pass *analysis.Pass, s Severity, f Finding) {
	file := fileOf(pass, f.Pos)
	if file == nil || generated(pass.Fset, file) || strings.HasSuffix(pass.Fset.PositionFor(f.Pos, false).Filename, "_test.go") {
		return
	}
	if acknowledged(pass, file, f.Pos) {
		return
	}
	pass.Report(analysis.Diagnostic{
		Pos: f.Pos, End: f.End, Category: pass.Analyzer.Name, URL: URL(pass.Analyzer.Name),
		Message: message(s, pass.Analyzer.Name, f), Related: f.Chain, SuggestedFixes: f.Fixes,
	})
}

// generated reports whether f is generated, and not by cgo from a file of the program.
func generated(fset *token.FileSet, f *ast.File) bool {
	from := fset.Position(f.Package).Filename
	return ast.IsGenerated(f) && (from == fset.PositionFor(f.Package, false).Filename || !strings.HasSuffix(from, ".go"))
}

func message(s Severity, name string, f Finding) string {
	parts := slices.DeleteFunc([]string{f.What, f.Why, f.Do}, func(s string) bool { return s == "" })
	return strings.Join(parts, "; ") + " (" + string(s) + ": " + name + ")"
}

// SeverityOf is the severity of a diagnostic that Report has made.
func SeverityOf(d analysis.Diagnostic) Severity {
	_, tail, _ := cutLast(d.Message, " (")
	s, _, _ := strings.Cut(tail, ": ")
	return Severity(s)
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// URL is the page about a check.
func URL(name string) string {
	return "https://github.com/harkgen/harkgen/blob/main/docs/vet.md#" + name
}

func fileOf(pass *analysis.Pass, pos token.Pos) *ast.File {
	for _, f := range pass.Files {
		if f.FileStart <= pos && pos <= f.FileEnd {
			return f
		}
	}
	return nil
}

// Acknowledged reports whether a comment says that what the analyzer finds at pos is as it should be: of checks that follow it from there to elsewhere.
func Acknowledged(pass *analysis.Pass, pos token.Pos) bool {
	file := fileOf(pass, pos)
	return file != nil && acknowledged(pass, file, pos)
}

// acknowledged reports whether a comment in file says that what the analyzer finds at pos is as it should be.
func acknowledged(pass *analysis.Pass, file *ast.File, pos token.Pos) bool {
	line := func(p token.Pos) int { return pass.Fset.PositionFor(p, false).Line }
	for _, ok := range directive.Parse(pass.Fset, file).OK {
		if ok.Name != pass.Analyzer.Name {
			continue
		}
		if at := line(ok.Pos); at == line(pos) || at == line(pos)-1 && !hasCode(file, func(p token.Pos) bool { return line(p) == at }) {
			return true
		}
	}
	return false
}

// hasCode reports whether something in file other than a comment begins or ends on a line.
func hasCode(file *ast.File, on func(token.Pos) bool) bool {
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		switch n.(type) {
		case nil, *ast.Comment, *ast.CommentGroup:
			return false
		}
		found = found || on(n.Pos()) || on(n.End())
		return !found
	})
	return found
}

// Related makes the steps of a chain related information. What is in another package is told where the chain leaves this one.
func Related(steps []Step) []analysis.RelatedInformation {
	var out []analysis.RelatedInformation
	last := token.NoPos
	for _, s := range steps {
		what := s.What
		if s.Pos.IsValid() {
			last = s.Pos
		} else if s.Where != "" {
			what += " (" + s.Where + ")"
		}
		if last.IsValid() {
			out = append(out, analysis.RelatedInformation{Pos: last, Message: what})
		}
	}
	return out
}

// Sentence puts a chain into words: "calls b.F (a.go:3:4), which waits: chan receive (b/b.go:5:6)".
func Sentence(steps []Step) string {
	var parts []string
	for _, s := range steps {
		text := s.What
		if !strings.HasPrefix(text, "calls ") {
			text = "waits: " + text
		}
		if s.Where != "" {
			text += " (" + s.Where + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", which ")
}

// Doc is the package comment of source, which an analyzer embeds from its doc.go: first its title, "name: what it does", then the rest. It
// panics if there is none, or another name.
func Doc(source, name string) string {
	f, err := parser.ParseFile(token.NewFileSet(), "doc.go", source, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		panic(err)
	}
	_, doc, ok := strings.Cut(f.Doc.Text(), "# Analyzer "+name+"\n\n")
	if !ok || !strings.HasPrefix(doc, name+": ") {
		panic("doc.go has no section # Analyzer " + name + ", or it does not begin with " + name + ":")
	}
	return strings.TrimPrefix(strings.TrimSpace(doc), name+": ")
}
