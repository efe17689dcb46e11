package model

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	inDocs = regexp.MustCompile(`(?m)^- \*\*([a-z]+(?:-[a-z]+)*)\*\*: `)
	inCode = regexp.MustCompile(`// rule: ([a-z-]+)`)
)

// TestRules: each rule of docs/processes.md has its name at the code that implements it, and each name in the code, also of the model, is that of a rule.
func TestRules(t *testing.T) {
	docs, err := os.ReadFile("../../docs/processes.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	for _, m := range inDocs.FindAllStringSubmatch(string(docs), -1) {
		if rules[m[1]] {
			t.Errorf("docs/processes.md: rule %s stands twice", m[1])
		}
		rules[m[1]] = true
	}
	found := map[string]bool{}
	for _, dir := range []string{"../../rt/exchange", "../../rt/engine", "."} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			code, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range inCode.FindAllStringSubmatch(string(code), -1) {
				found[m[1]] = found[m[1]] || dir != "."
				if !rules[m[1]] {
					t.Errorf("%s: rule %s is not in docs/processes.md", file, m[1])
				}
			}
		}
	}
	for rule := range rules {
		if !found[rule] {
			t.Errorf("docs/processes.md: no code is said to implement rule %s", rule)
		}
	}
	if len(rules) < 40 {
		t.Errorf("only %d rules were found", len(rules))
	}
}
