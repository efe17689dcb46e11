package diag

import (
	"errors"
	"go/token"
	"testing"
)

func at(file string, line, col int) token.Position {
	return token.Position{Filename: file, Line: line, Column: col}
}

func TestDiagnostic(t *testing.T) {
	t.Parallel()
	pos := at("a.go", 3, 7)
	tests := []struct {
		d    Diagnostic
		want string
	}{
		{Diagnostic{Pos: pos, What: "cannot keep x", Why: "it is open", Do: "close it"}, "a.go:3:7: cannot keep x; it is open; close it"},
		{Diagnostic{Pos: pos, What: "cannot keep x", Do: "close it"}, "a.go:3:7: cannot keep x; close it"},
		{Diagnostic{Pos: pos, What: "cannot keep x", Why: "it is open"}, "a.go:3:7: cannot keep x; it is open"},
		{Diagnostic{Pos: pos, What: "cannot keep x"}, "a.go:3:7: cannot keep x"},
		{Diagnostic{Pos: at("a.go", 3, 0), What: "cannot keep x"}, "a.go:3: cannot keep x"},
		{Diagnostic{Pos: at("go.mod", 0, 0), What: "bad module"}, "go.mod: bad module"},
		{Diagnostic{What: "nothing to compile", Why: "no packages"}, "nothing to compile; no packages"},
	}
	for _, tt := range tests {
		if got := tt.d.Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestListAdd(t *testing.T) {
	t.Parallel()
	var l List
	d := Diagnostic{Pos: at("a.go", 1, 1), What: "x"}
	l.Add(d)
	l.Add(d)
	l.Add(Diagnostic{Pos: at("a.go", 1, 2), What: "x"})
	l.Add(Diagnostic{Pos: at("a.go", 1, 1), What: "x", Why: "y"})
	l.Add(d)
	if len(l) != 3 {
		t.Errorf("%d diagnostics, want 3: %v", len(l), l)
	}
}

func TestListErr(t *testing.T) {
	t.Parallel()
	if err := (List{}).Err(); err != nil {
		t.Errorf("empty list: %v", err)
	}
	if err := List(nil).Err(); err != nil {
		t.Errorf("nil list: %v", err)
	}
	l := List{
		{Pos: at("b.go", 1, 1), What: "six"},
		{Pos: at("a.go", 10, 1), What: "four"},
		{Pos: at("a.go", 10, 2), What: "five"},
		{Pos: at("a.go", 9, 30), What: "two"},
		{Pos: at("a.go", 9, 30), What: "three"}, // the same place: in the order they were found
		{What: "one"},
	}
	const want = "one\na.go:9:30: two\na.go:9:30: three\na.go:10:1: four\na.go:10:2: five\nb.go:1:1: six"
	err := l.Err()
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	var back List
	if !errors.As(err, &back) || len(back) != len(l) {
		t.Errorf("errors.As gives %v", back)
	}
}
