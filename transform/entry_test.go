package transform_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/transform"
)

// entriesModule writes the module of testdata/entries.txtar, with other files in addition.
func entriesModule(t *testing.T, more string) string {
	t.Helper()
	ar := archive(t, "entries")
	sums, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	ar.Files = append(ar.Files, txtar.File{Name: "go.sum", Data: sums})
	ar.Files = append(ar.Files, text(more).Files...)
	return extract(t, ar)
}

// TestEntries: each entry point of a module has a handler that builds with its tags, and is in the plan with what the source and hark.toml say.
func TestEntries(t *testing.T) {
	t.Parallel()
	dir := entriesModule(t, "")
	res := compile(t, &transform.Options{Dir: dir, Out: filepath.Join(dir, "out"), Lambda: true})
	var got []string
	for _, e := range res.Plan.Entries {
		line := fmt.Sprintf("%s %s %s %s %v", e.Name, e.Kind, e.Target, e.Tags, e.Resources)
		for _, tr := range e.Triggers {
			line += fmt.Sprintf(" %s %s%s%s%s%s%s%s%s%s%v", tr.Type, tr.Method, tr.Path, tr.Schedule, tr.Queue, tr.Bucket, tr.Event, tr.Suffix, tr.Topic, tr.Pattern, tr.Batch)
		}
		got = append(got, line+fmt.Sprintf(" %d %v %v %v", e.Concurrency, e.Args, e.Spread, e.Goroutines))
	}
	want := []string{
		"shop-create-order func ./a/cmd/shop-create-order  {0 0 0} http POST/ordersfalse http PUT/orders/{id}false 0 [] false []",
		"shop-ship func ./a/cmd/shop-ship  {0 60 0} sqs ordersfalse 0 [] false []",
		"shop-batch func ./a/cmd/shop-batch  {0 0 0} sqs batchestrue 0 [] false []",
		"shop-upload func ./a/cmd/shop-upload  {0 0 0} s3 uploadsObjectCreated:*.csvfalse 0 [] false []",
		"shop-alert func ./a/cmd/shop-alert  {0 0 0} sns alertsfalse 0 [] false []",
		`empty-on-event func ./cmd/empty hark_entry_empty_on_event {0 0 0} eventbridge {"source": ["my.app"]}false 0 [] false []`,
		"fn lambda ./cmd/fn  {512 120 0} schedule rate(1 day)false 7 [] false []",
		"multi main ./cmd/multi  {0 0 0} 0 [-v] false []",
		"multi-tick func ./cmd/multi hark_entry_multi_tick {256 0 0} schedule rate(5 minutes)false 0 [] false []",
		"multi-once main ./cmd/multi hark_entry_multi_once {0 0 0} 0 [] false []",
		"pool main ./cmd/pool  {0 0 0} 0 [] true [{m2048t300 {2048 300 0}}]",
		"spread main ./cmd/pool hark_entry_spread {0 0 0} 0 [] true [{m2048t300 {2048 300 0}}]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("plan\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if res.Plan.LogRetention != 7 {
		t.Errorf("logs are kept for %d days", res.Plan.LogRetention)
	}
	if !slices.Contains(res.Inputs, filepath.Join(dir, "hark.toml")) || slices.ContainsFunc(res.Inputs, func(f string) bool { return strings.Contains(f, "hark_entr") }) {
		t.Errorf("inputs %v", res.Inputs)
	}
	t.Run("build", func(t *testing.T) {
		if testing.Short() {
			t.Skip("builds with the go command")
		}
		out := t.TempDir()
		save(t, res, out)
		goTool(t, out, "vet", "./cmd/...", "./a/...", "./internal/...")
		for _, e := range res.Plan.Entries {
			tags := strings.TrimSuffix(plan.Tag+",lambda.norpc,"+e.Tags, ",")
			if names := goTool(t, out, "list", "-export", "-trimpath", "-tags", tags, "-f", "{{.Name}}", e.Target); names != "main\n" {
				t.Errorf("%s: %q", e.Name, names)
			}
		}
	})
}

// TestEntryPrograms: a package main with several entry points is a program for each, by its tags; the empty main is one, too.
func TestEntryPrograms(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds with the go command")
	}
	dir := entriesModule(t, "")
	res := compile(t, &transform.Options{Dir: dir, Patterns: []string{"./cmd/multi", "./cmd/empty"}, Lambda: true})
	out := t.TempDir()
	save(t, res, out)
	for _, tt := range []struct{ dir, tags, want string }{
		{"cmd/multi", "", "main 1\n"}, {"cmd/multi", "hark_entry_multi_once", "once\n"},
		{"cmd/multi", "hark_entry_multi_tick", "this program handles an event, and was started without one"}, {"cmd/empty", "", ""},
	} {
		exe := filepath.Join(out, "program")
		goTool(t, out, "build", "-trimpath", "-tags", tt.tags, "-o", exe, "./"+tt.dir)
		cmd := exec.CommandContext(t.Context(), exe)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		if fails := strings.Contains(tt.want, "event"); fails != (err != nil) || !fails && stdout.String() != tt.want || fails && !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%s %s: %v, %q, %q", tt.dir, tt.tags, err, &stdout, &stderr)
		}
	}
}

// TestEntriesRefused: what is wrong with directives, handlers, placement and hark.toml is told together, each at its place.
func TestEntriesRefused(t *testing.T) {
	t.Parallel()
	const small = `-- go.mod --
module example.com/small

go 1.26
-- cmd/tool/main.go --
package main

func main() {}
-- shop/shop.go --
package shop

//hark:entry sqs orders
func Ship(int) {}
`
	tests := []struct {
		name, files string
		want        []string
	}{
		{"handlers", `-- cmd/bad/main.go --
package main

import "github.com/aws/aws-lambda-go/lambda"

//hark:entry sqs a b
func A(int) {}

func main() {
	lambda.Start(func() int { return 0 })
	//hark:go remote
}
`, []string{
			"cmd/bad/main.go:5:20: unexpected b; it is no setting of this directive; write memory=, timeout=, storage=, concurrency=, name=, or remove it",
			"cmd/bad/main.go:9:15: lambda.Start is given what it cannot call; its last result is int, not an error; write func(context.Context, TIn) (TOut, error); all four are optional, but error if there is TOut",
			"cmd/bad/main.go:10:2: //hark:go remote places nothing; there is no go statement on its line or the next; move it to one",
		}},
		{"names", small + `-- b/b.go --
package b

//hark:entry sqs q name=shop_ship
func Other() {}

//hark:entry sqs q name=tool
func Third() {}
-- cmd/bad/main.go --
package main

//hark:entry http POST /orders
//hark:entry sqs orders
func main() {}
`, []string{
			"b/b.go:3:20: name=shop_ship; a name is of small letters and digits, with single dashes between, at most 60 characters; write another value",
			"cmd/bad/main.go:3:1: //hark:entry http on func main; main takes no event; put it on a function that takes the event",
			"cmd/bad/main.go:4:1: //hark:entry sqs on func main; main takes no event; put it on a function that takes the event",
			"cmd/tool/main.go:3:6: two entry points are named tool; the other is example.com/small/b.Third (b.go:6:1); give one another name, or name=NAME in a directive; func main may have //hark:entry main",
		}},
		{"plan", small + `-- b/b.go --
package b

//hark:entry sqs orders
func Again() {}

//hark:entry sqs x name=a-b
func Dash() {}

//hark:entry sqs y name=ab
func None() {}
`, []string{
			`b/b.go:9:1: the entry points "a-b" and "ab" would both be Ab in the template; rename one`,
			"shop/shop.go:3:1: entry point shop-ship: each message of the queue orders goes to one function only: b-again has it too",
		}},
		{"unknown key", small + "-- hark.toml --\n[deploy]\nlog_retention = 8\ncolour = 1\n", []string{
			"hark.toml:3:1: unknown key deploy.colour; there are alarm_topic, log_retention, point_in_time_recovery, run_retention, tags, tracing; write one of them, or remove it",
		}},
		{"values", small + `-- hark.toml --
[deploy]
log_retention = 8
[entry.tool]
memory = 1
[entry.nobody]
memory = 256
`, []string{
			"hark.toml:2:1: log_retention; logs cannot be kept for 8 days; possible are [1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653]; write another value",
			"hark.toml:4:1: memory; entry point tool: memory (MB) is 1, must be 128 to 10240; write another value",
			"hark.toml:5:8: unknown entry point nobody; there are shop-ship, tool; write one of them, or remove it",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var dir string
			opt := transform.Options{Lambda: true}
			if strings.HasPrefix(tt.files, small) {
				dir = extract(t, text(tt.files))
			} else {
				dir, opt.Patterns = entriesModule(t, tt.files), []string{"./cmd/bad"}
			}
			opt.Dir = dir
			_, err := transform.Compile(t.Context(), &opt)
			var errs transform.Errors
			if !errors.As(err, &errs) {
				t.Fatalf("error %v", err)
			}
			var got []string
			for _, e := range errs {
				got = append(got, strings.TrimPrefix(e.Error(), dir+"/"))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}
