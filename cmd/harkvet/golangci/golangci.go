// Package golangci is the module plugin of golangci-lint with the checks of harkvet. It is a module of its own, so that harkgen does not need
// golangci-lint's. See docs/vet.md.
package golangci

import (
	"fmt"
	"slices"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/harkgen/harkgen/analyzer/suite"
)

func init() { register.Plugin("harkvet", New) }

// Settings are those of the linter in .golangci.yml.
type Settings struct {
	Checks []string `json:"checks"` // none: all
}

type plugin struct{ analyzers []*analysis.Analyzer }

// New makes the plugin. Its error names a check that there is not.
func New(settings any) (register.LinterPlugin, error) {
	s, err := register.DecodeSettings[Settings](settings)
	if err != nil {
		return nil, err
	}
	if len(s.Checks) == 0 {
		return plugin{suite.Analyzers}, nil
	}
	var p plugin
	for _, name := range s.Checks {
		i := slices.IndexFunc(suite.Analyzers, func(a *analysis.Analyzer) bool { return a.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("harkvet has no check %q", name)
		}
		p.analyzers = append(p.analyzers, suite.Analyzers[i])
	}
	return p, nil
}

func (p plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) { return p.analyzers, nil }

func (plugin) GetLoadMode() string { return register.LoadModeTypesInfo }
