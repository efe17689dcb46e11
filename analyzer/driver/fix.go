package driver

import (
	"cmp"
	"go/format"
	"os"
	"slices"
)

// Fixed applies the first fix of each finding and returns the texts of the files that change. A fix that overlaps one before it is left out: it
// applies when the checks run again.
func (r *Result) Fixed() (map[string][]byte, error) {
	edits := map[string][]edit{}
	for _, f := range r.Findings {
		if len(f.SuggestedFixes) == 0 {
			continue
		}
		var own []edit
		for _, e := range f.SuggestedFixes[0].TextEdits {
			own = append(own, r.edit(e))
		}
		if !slices.ContainsFunc(own, func(e edit) bool { return overlaps(e, edits[e.Filename]) }) {
			for _, e := range own {
				edits[e.Filename] = append(edits[e.Filename], e)
			}
		}
	}
	out := map[string][]byte{}
	for name, list := range edits {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		out[name] = apply(text, list)
	}
	return out, nil
}

// overlaps reports whether e changes what one of list does, and differs from it.
func overlaps(e edit, list []edit) bool {
	return slices.ContainsFunc(list, func(o edit) bool { return e != o && e.Start <= o.End && o.Start <= e.End })
}

// apply returns text with edits made, formatted if it is Go.
func apply(text []byte, edits []edit) []byte {
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(b.Start, a.Start) })
	for _, e := range slices.Compact(edits) {
		text = slices.Concat(text[:e.Start], []byte(e.New), text[e.End:])
	}
	if f, err := format.Source(text); err == nil {
		return f
	}
	return text
}
