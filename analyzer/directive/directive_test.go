package directive

import (
	"fmt"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// parse returns the directives of a file, and its problems as LINE:COL: WHAT; WHY.
func parse(t *testing.T, name, body string) (*File, []string) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, "package p\n"+body, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	d := Parse(fset, f)
	var problems []string
	for _, p := range d.Problems {
		at := fset.Position(p.Pos)
		problems = append(problems, fmt.Sprintf("%d:%d: %s; %s", at.Line, at.Column, p.What, p.Why))
	}
	return d, problems
}

// TestTriggers: each kind of entry is read, with settings, and a comment after it.
func TestTriggers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want plan.Trigger
	}{
		{"main", plan.Trigger{Type: "main"}},
		{"http GET /", plan.Trigger{Type: "http", Method: "GET", Path: "/"}},
		{"http ANY /orders/{id}/{rest+}", plan.Trigger{Type: "http", Method: "ANY", Path: "/orders/{id}/{rest+}"}},
		{"schedule rate(1 minute)", plan.Trigger{Type: "schedule", Schedule: "rate(1 minute)"}},
		{"schedule rate(5 minutes)", plan.Trigger{Type: "schedule", Schedule: "rate(5 minutes)"}},
		{"schedule cron(0 8 ? * MON-FRI *)", plan.Trigger{Type: "schedule", Schedule: "cron(0 8 ? * MON-FRI *)"}},
		{"schedule cron(0/15 8,20 L JAN ? 2026-2030)", plan.Trigger{Type: "schedule", Schedule: "cron(0/15 8,20 L JAN ? 2026-2030)"}},
		{"schedule cron(0 0 15W * ? *)", plan.Trigger{Type: "schedule", Schedule: "cron(0 0 15W * ? *)"}},
		{"schedule cron(0 0 ? * 6#3 *)", plan.Trigger{Type: "schedule", Schedule: "cron(0 0 ? * 6#3 *)"}},
		{"sqs orders", plan.Trigger{Type: "sqs", Queue: "orders"}},
		{"sqs arn:aws:sqs:eu-west-1:123456789012:orders", plan.Trigger{Type: "sqs", Queue: "arn:aws:sqs:eu-west-1:123456789012:orders"}},
		{"s3 uploads ObjectCreated", plan.Trigger{Type: "s3", Bucket: "uploads", Event: "ObjectCreated:*"}},
		{"s3 uploads ObjectRemoved:Delete .csv", plan.Trigger{Type: "s3", Bucket: "uploads", Event: "ObjectRemoved:Delete", Suffix: ".csv"}},
		{"sns alerts", plan.Trigger{Type: "sns", Topic: "alerts"}},
		{"dynamodb-stream orders", plan.Trigger{Type: "dynamodb-stream", Table: "orders"}},
		{`eventbridge {"source": ["https://x"], "detail": {"a b": [{"prefix": "c"}]}}`,
			plan.Trigger{Type: "eventbridge", Pattern: `{"source": ["https://x"], "detail": {"a b": [{"prefix": "c"}]}}`}},
	}
	for _, tt := range tests {
		for _, more := range []string{"", " memory=2048 timeout=5m storage=1024 concurrency=7 name=a-b2 // why"} {
			d, problems := parse(t, "x.go", "//hark:entry "+tt.text+more+"\nfunc F() {}\n")
			if len(problems) > 0 || len(d.Entries) != 1 {
				t.Errorf("%s%s: %q, %d entries", tt.text, more, problems, len(d.Entries))
				continue
			}
			e := d.Entries[0]
			want := Setting{}
			if more != "" {
				want = Setting{plan.Resources{Memory: 2048, Timeout: 300, Storage: 1024}, 7, "a-b2"}
			}
			if e.Trigger != tt.want || e.Setting != want || e.Func.Name.Name != "F" {
				t.Errorf("%s%s: %+v %+v", tt.text, more, e.Trigger, e.Setting)
			}
		}
	}
}

// TestProblems: each wrong directive is told at the word that is wrong, and none of it counts.
func TestProblems(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"", "2:14: //hark:entry without the type of an event; there are dynamodb-stream, eventbridge, http, main,"},
		{"kafka x", "2:14: event type unknown: kafka; there are"},
		{"http FETCH /x", `2:19: //hark:entry http; there is no HTTP method "FETCH"; there are`},
		{"http GET", `the path "" does not begin with /`},
		{"http GET /x{a}", `"x{a}" is neither a name nor {name}`},
		{"schedule daily", `2:23: //hark:entry schedule; the schedule expression "daily": want`},
		{"schedule rate(1 minutes)", "the unit of 1 is minute, hour or day"},
		{"schedule cron(0 25 ? * * *)", `hours: "25" is not allowed`},
		{"sqs", `"" cannot be the name of a queue`},
		{"sqs a/b", `2:18: //hark:entry sqs; "a/b" cannot be the name of a queue`},
		{"sqs arn:aws:sns:eu-west-1:123456789012:x", "is not the ARN of a queue"},
		{"s3 Up ObjectCreated", `"Up" cannot be the name of a bucket`},
		{"s3 uploads Created", `2:17: //hark:entry s3; S3 has no event "Created"; there are`},
		{"eventbridge", "is not a JSON object"},
		{`eventbridge ["a"]`, "is not a JSON object"},
		{`eventbridge {"source": "a"}`, "the pattern has no list in source; write [value]"},
		{"sqs orders 2048", "2:25: unexpected 2048; it is no setting of this directive"},
		{"sqs orders cpu=2", "2:25: unexpected cpu=2"},
		{"sqs orders memory=64", "2:25: memory=64; it must be a whole number from 128 to 10240 (MB)"},
		{"sqs orders storage=1", "it must be a whole number from 512 to 10240 (MB)"},
		{"sqs orders timeout=1h", `"1h" is not a time from 30s to 15m`},
		{"sqs orders concurrency=1", "it must be a whole number from 2 to 1000; "},
		{"sqs orders name=A_B", "a name is of small letters and digits"},
		{"sqs orders memory=256 memory=512", "2:36: memory is set twice"},
	}
	for _, tt := range tests {
		d, problems := parse(t, "x.go", "//hark:entry "+tt.text+"\nfunc F() {}\n")
		if len(problems) != 1 || !strings.Contains(problems[0]+"; ", tt.want) || len(d.Entries) != 0 {
			t.Errorf("%s: %q, want %q; %d entries", tt.text, problems, tt.want, len(d.Entries))
		}
	}
}

// TestPlaces: a directive is refused where it means nothing; all of a file are.
func TestPlaces(t *testing.T) {
	t.Parallel()
	body := `
//hark:nothing
type T struct{} //hark:entry main

//hark:entry main
func (T) M() {}

//hark:entry main
func G[X any]() {}

//hark:entry main

func F() {
	//hark:entry main
	go F() //hark:go local memory=512
	go F() //hark:go remote memory=512 timeout=60s // as it computes
	go F() //hark:go remote concurrency=3
	go F() //hark:go away
}

//hark:entry main
func init() {}

// hark:entry main is none, and neither is //hark:entry main here.
func H() {}
`
	d, got := parse(t, "x.go", body)
	want := []string{
		"3:1: unknown directive //hark:nothing", "4:17: //hark:entry is not in the doc comment", "6:1: //hark:entry on the method M",
		"9:1: //hark:entry on the generic function G", "12:1: //hark:entry is not in the doc comment", "15:2: //hark:entry is not in the doc comment",
		"16:25: unexpected memory=512", "18:26: unexpected concurrency=3", "19:9: //hark:go away; the words that may follow are local and remote", "22:1: //hark:entry on init",
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("problems:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(d.Entries) != 0 || len(d.Go) != 1 || !d.Go[0].Remote || d.Go[0].Resources != (plan.Resources{Memory: 512, Timeout: 60}) {
		t.Errorf("%d entries, go %+v", len(d.Entries), d.Go)
	}
	if _, got := parse(t, "x_test.go", "//hark:entry main\nfunc F() {}\n"); len(got) != 1 || !strings.HasPrefix(got[0], "2:1: //hark:entry in a test file") {
		t.Errorf("in a test file: %q", got)
	}
}
