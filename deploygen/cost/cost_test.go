package cost_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/harkgen/harkgen/deploygen/cost"
)

// TestDocs compares the constructs with the table "Counted" of docs/costs.md, cell by cell.
func TestDocs(t *testing.T) {
	rows := counted(t)
	if len(rows) != len(cost.Constructs) {
		t.Fatalf("docs/costs.md has %d rows, the package %d", len(rows), len(cost.Constructs))
	}
	for i, c := range cost.Constructs {
		row := rows[i]
		if row[0] != c.Name {
			t.Errorf("row %d of docs/costs.md is %q, not %q", i, row[0], c.Name)
			continue
		}
		for j, want := range map[int]float64{
			1: c.Invocations, 3: c.Put, 4: c.Transact, 5: c.Delete, 6: c.Get, 7: c.Query, 8: c.WriteUnits, 9: c.ReadUnits, 10: c.Messages, 11: c.Schedules,
		} {
			if got := number(t, row[j]); got != want {
				t.Errorf("%s, column %d: docs/costs.md says %v, the package %v", c.Name, j, got, want)
			}
		}
		low, high, ok := strings.Cut(row[12], " to ")
		if !ok {
			high = low
		}
		if number(t, low) != c.LowestPrice || number(t, high) != c.HighestPrice {
			t.Errorf("%s: docs/costs.md has the price %s, the package %v to %v", c.Name, row[12], c.LowestPrice, c.HighestPrice)
		}
	}
}

// counted are the cells of the table, without its head.
func counted(t *testing.T) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/costs.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## Counted\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) != 13 {
			t.Fatalf("a row of docs/costs.md has %d cells: %s", len(cells), line)
		}
		rows = append(rows, cells)
	}
	if len(rows) < 3 {
		t.Fatal("docs/costs.md has no table under Counted")
	}
	return rows[2:]
}

// number reads a cell; an empty one is 0.
func number(t *testing.T, cell string) float64 {
	t.Helper()
	if cell == "" {
		return 0
	}
	x, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		t.Error(err)
	}
	return x
}
