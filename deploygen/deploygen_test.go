package deploygen

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/rt/lambdahost"
)

func TestFiles(t *testing.T) {
	if _, err := Files(&Plan{}); err == nil {
		t.Error("a plan without entries was accepted")
	}
	if _, err := Files(&Plan{Entries: []Entry{{Name: "a-b"}, {Name: "a_b"}}}); err == nil || !strings.Contains(err.Error(), "rename one") {
		t.Errorf("clash: %v", err)
	}
}

func TestLambdaMain(t *testing.T) {
	text, err := LambdaMain("harkgen.local/rt", &Entry{Name: "wordcount", Kind: plan.Func, Triggers: []plan.Trigger{{Batch: true}}, Args: []string{"a\"b"}}, "a && !b", "&hark_program{}")
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), "x.go", text, parser.ParseComments)
	if err != nil || len(f.Imports) != 2 || f.Imports[1].Path.Value != `"harkgen.local/rt/lambdahost"` {
		t.Errorf("%v\n%s", err, text)
	}
	if !strings.Contains(string(text), "\n//go:build hark_lambda && a && !b\n") {
		t.Errorf("no build tag:\n%s", text)
	}
	if !strings.Contains(string(text), `hark_lambdahost.Entry{Kind: "func", Batch: true, Args: []string{"a\"b"}}`) {
		t.Errorf("the entry is missing:\n%s", text)
	}
}

// TestNames checks that the template and the handler mean the same variables.
func TestNames(t *testing.T) {
	for a, b := range map[string]string{
		plan.EnvTable:       lambdahost.EnvTable,
		plan.EnvBucket:      lambdahost.EnvBucket,
		plan.EnvQueue:       lambdahost.EnvQueue,
		plan.EnvQueueARN:    lambdahost.EnvQueueARN,
		plan.EnvSchedules:   lambdahost.EnvSchedules,
		plan.EnvScheduler:   lambdahost.EnvScheduler,
		plan.EnvRetention:   lambdahost.EnvRetention,
		plan.EnvDeadLetters: lambdahost.EnvDeadLetters,

		string(plan.Main): lambdahost.KindMain, string(plan.Lambda): lambdahost.KindLambda, string(plan.Server): lambdahost.KindServer, string(plan.Func): lambdahost.KindFunc,
	} {
		if a != b {
			t.Errorf("the template sets %s, the handler reads %s", a, b)
		}
	}
}
