package driver

import (
	"cmp"
	"encoding/json"
	"go/token"
	"io"

	"golang.org/x/tools/go/analysis"

	"github.com/harkgen/harkgen/analyzer/vet"
)

// This file prints findings in the shape of go vet -json: {"PACKAGE": {"CHECK": [diagnostic, ...]}}, with the severity and the page of the check besides.

type diagnostic struct {
	Category string       `json:"category"`
	Severity vet.Severity `json:"severity"`
	URL      string       `json:"url"`
	Posn     string       `json:"posn"` // file:line:col
	End      string       `json:"end"`
	Message  string       `json:"message"`
	Fixes    []fix        `json:"suggested_fixes,omitempty"`
	Related  []related    `json:"related,omitempty"`
}

type fix struct {
	Message string `json:"message"`
	Edits   []edit `json:"edits"`
}

type edit struct {
	Filename string `json:"filename"`
	Start    int    `json:"start"` // bytes from the beginning of the file
	End      int    `json:"end"`
	New      string `json:"new"`
}

type related struct {
	Posn    string `json:"posn"`
	End     string `json:"end"`
	Message string `json:"message"`
}

// JSON writes the findings.
func (r *Result) JSON(w io.Writer) error {
	out := map[string]map[string][]diagnostic{}
	for _, f := range r.Findings {
		if out[f.Package] == nil {
			out[f.Package] = map[string][]diagnostic{}
		}
		out[f.Package][f.Category] = append(out[f.Package][f.Category], r.diagnostic(f.Diagnostic))
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return e.Encode(out)
}

func (r *Result) diagnostic(d analysis.Diagnostic) diagnostic {
	at := func(p token.Pos) string { return r.Fset.Position(p).String() }
	out := diagnostic{
		Category: d.Category, Severity: vet.SeverityOf(d), URL: d.URL, Posn: at(d.Pos), End: at(cmp.Or(d.End, d.Pos)), Message: d.Message,
	}
	for _, f := range d.SuggestedFixes {
		x := fix{Message: f.Message}
		for _, e := range f.TextEdits {
			x.Edits = append(x.Edits, r.edit(e))
		}
		out.Fixes = append(out.Fixes, x)
	}
	for _, i := range d.Related {
		out.Related = append(out.Related, related{at(i.Pos), at(cmp.Or(i.End, i.Pos)), i.Message})
	}
	return out
}

func (r *Result) edit(e analysis.TextEdit) edit {
	p, q := r.Fset.PositionFor(e.Pos, false), r.Fset.PositionFor(cmp.Or(e.End, e.Pos), false)
	return edit{p.Filename, p.Offset, q.Offset, string(e.NewText)}
}
