package suite_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/harkgen/harkgen/analyzer/directive"
	"github.com/harkgen/harkgen/analyzer/suite"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// TestSuite: the checks are valid, can be acknowledged, and docs/vet.md has a section about each, in their order, which begins as the help text does.
func TestSuite(t *testing.T) {
	t.Parallel()
	if err := analysis.Validate(suite.Analyzers); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/vet.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	rest := string(page)
	for _, a := range suite.Analyzers {
		names = append(names, a.Name)
		title, _, _ := strings.Cut(a.Doc, "\n")
		_, after, ok := strings.Cut(rest, "\n### "+a.Name+"\n")
		if !ok {
			t.Errorf("docs/vet.md has no section ### %s, or not in this order", a.Name)
			continue
		}
		rest = after
		if want := strings.ToUpper(title[:1]) + title[1:] + "."; !strings.HasPrefix(strings.TrimSpace(rest), want) {
			t.Errorf("docs/vet.md: the section about %s does not begin with %q", a.Name, want)
		}
		if a.URL != vet.URL(a.Name) {
			t.Errorf("%s has the URL %s", a.Name, a.URL)
		}
	}
	if !slices.Equal(names, directive.Checks) {
		t.Errorf("the checks are %v, those of directives %v", names, directive.Checks)
	}
}
