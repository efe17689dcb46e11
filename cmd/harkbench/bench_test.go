package main

import (
	"go/format"
	"math"
	"os"
	"path/filepath"
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

func TestMeans(t *testing.T) {
	got := means([]row{
		{Name: "fib", Ratio: 9, group: plain},
		{Name: "fib -all", Ratio: 1.2, group: forced},
		{Name: "sieve -all", Ratio: 0.9, group: forced},
		{Name: "json -all", Failed: "why", group: forced},
		{Name: "compile", Ratio: 7},
	})
	if len(got) != 1 || got[0].Name != "all -all" || math.Abs(got[0].Ratio-math.Sqrt(1.08)) > 1e-9 || !*got[0].Met {
		t.Errorf("%+v", got)
	}
}

func TestTable(t *testing.T) {
	yes := true
	var b strings.Builder
	err := printTable(&b, []row{
		{Name: "matrix", Unit: "user ns/op", Native: 100, Compiled: 105, Ratio: 1.05, Target: 1.1, Met: &yes},
		{Name: "steps", Unit: "steps/s", Compiled: 950.5, Comment: "what it is"},
		{Name: "text", Unit: "user ns/op", Failed: "why"},
		{Name: "save", Unit: "ns", Native: 9000, Compiled: 4000, Ratio: 0.5, AtMost: 5000, Met: &yes},
		{Name: "load", Unit: "GB/s", Compiled: 3, AtLeast: 2, Met: &yes},
		{Name: "all", Unit: "geometric mean", Ratio: 1.05},
	})
	want := `    what            unit  native  compiled  ratio   target  met
  matrix      user ns/op     100       105   1.05  <= 1.10  yes
   steps         steps/s               950                     
    text      user ns/op  failed                               
    save              ns    9000      4000   0.50  <= 5000  yes
    load            GB/s              3.00         >= 2.00  yes
     all  geometric mean                     1.05              
steps: what it is
text failed: why
`
	if err != nil || b.String() != want {
		t.Errorf("%v, got:\n%s\nwant:\n%s", err, b.String(), want)
	}
}

// TestBulk: the module is formatted Go of about 50,000 lines. That it builds is seen by running the benchmark.
func TestBulk(t *testing.T) {
	dir := t.TempDir()
	if err := writeBulk(dir, "example.com/bulk"); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, f := range append(files, filepath.Join(dir, "main.go")) {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if formatted, err := format.Source(src); err != nil || string(formatted) != string(src) {
			t.Errorf("%s is not formatted: %v", f, err)
		}
		lines += strings.Count(string(src), "\n")
	}
	if lines < 48_000 || lines > 52_000 {
		t.Errorf("%d lines", lines)
	}
}

func TestUses(t *testing.T) {
	many := &used{Requests: map[string]float64{"dynamodb.PutItem": 25, "sqs.SendMessage": 10}, WriteUnits: 45, ReadUnits: 10, Invocations: 11, Billed: 1100}
	few := &used{Requests: map[string]float64{"dynamodb.PutItem": 5}, WriteUnits: 5, Invocations: 1, Billed: 100}
	u := many.minus(few, 10)
	if u.Requests["dynamodb.PutItem"] != 2 || u.Requests["sqs.SendMessage"] != 1 || u.WriteUnits != 4 || u.ReadUnits != 1 || u.Invocations != 1 || u.Billed != 100 {
		t.Errorf("%+v", u)
	}
	// 4 units to write, 1 to read, 1 invocation of 0.1 GB-s, 3 requests to SQS
	if p := u.price() * million; math.Abs(p-(2.5+0.125+0.2+1.33334+1.2)) > 1e-9 {
		t.Errorf("$ %v", p)
	}
	var b strings.Builder
	if err := printTable(&b, []row{{Name: "spawn", Uses: u, Compiled: 1, elsewhere: 2}}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if got, want := strings.Join(strings.Fields(lines[5]), " "), "spawn 1 100 2 4 1 3 1.00 50.0 16.0"; got != want {
		t.Errorf("%q, want %q in\n%s", got, want, b.String())
	}
}
