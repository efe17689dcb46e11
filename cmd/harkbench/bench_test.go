package main

import (
	"strings"
	"testing"
)

func TestResult(t *testing.T) {
	out := "matrix 12.5 ns/op 11.25 user-ns/op\n"
	for unit, want := range map[string]float64{"ns/op": 12.5, "user-ns/op": 11.25} {
		if got, err := result(out, unit); got != want || err != nil {
			t.Errorf("%s: %v, %v; want %v", unit, got, err, want)
		}
	}
	if _, err := result("panic", "ns/op"); err == nil {
		t.Error("no error for output without a number")
	}
}

func TestMedian(t *testing.T) {
	if m := median([]float64{5, 1, 3}); m != 3 {
		t.Error(m)
	}
	if m := median([]float64{4, 1, 3, 100}); m != 3.5 {
		t.Error(m)
	}
}

func TestTable(t *testing.T) {
	yes := true
	var b strings.Builder
	err := printTable(&b, []row{
		{Name: "matrix", Unit: "user ns/op", Native: 100, Compiled: 105, Ratio: 1.05, Target: 1.1, Met: &yes},
		{Name: "steps", Unit: "steps/s", Compiled: 950.5, Comment: "what it is"},
		{Name: "text", Unit: "user ns/op", Failed: "why"},
	})
	want := `    what        unit  native  compiled  ratio  target  met
  matrix  user ns/op     100       105   1.05  <= 1.1  yes
   steps     steps/s               950                    
    text  user ns/op  failed                              
steps: what it is
text failed: why
`
	if err != nil || b.String() != want {
		t.Errorf("%v, got:\n%s\nwant:\n%s", err, b.String(), want)
	}
}
