package golangci_test

import (
	"slices"
	"testing"

	"github.com/golangci/plugin-module-register/register"

	_ "github.com/harkgen/harkgen/cmd/harkvet/golangci"

	"github.com/harkgen/harkgen/analyzer/suite"
)

// TestPlugin: golangci-lint finds the plugin by its name, and gets the checks that the other drivers run.
func TestPlugin(t *testing.T) {
	newPlugin, err := register.GetPlugin("harkvet")
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlugin(nil)
	if err != nil {
		t.Fatal(err)
	}
	if all, err := p.BuildAnalyzers(); err != nil || !slices.Equal(all, suite.Analyzers) || p.GetLoadMode() != register.LoadModeTypesInfo {
		t.Errorf("%v, %v", all, err)
	}
	p, err = newPlugin(map[string]any{"checks": []string{"pinned"}})
	if err != nil {
		t.Fatal(err)
	}
	if one, _ := p.BuildAnalyzers(); len(one) != 1 || one[0].Name != "pinned" {
		t.Errorf("%v", one)
	}
	if _, err := newPlugin(map[string]any{"checks": []string{"nothing"}}); err == nil {
		t.Error("no error for a check that there is not")
	}
}
