package sam_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harkgen/harkgen/deploygen"
	"github.com/harkgen/harkgen/deploygen/plan"
)

var update = flag.Bool("update", false, "write the golden files")

// plans are the goldens: testdata/NAME/template.yaml, Makefile and plan.json.
var plans = map[string]*deploygen.Plan{
	"one": {Program: "example.com/wordcount", Entries: []deploygen.Entry{{Name: "wordcount"}}},
	"two": {
		Program:             "example.com/shop",
		LogRetention:        365,
		RunRetention:        30,
		PointInTimeRecovery: true,
		Tags:                map[string]string{"team": "shop", "cost centre": "42"},
		AlarmTopic:          "arn:aws:sns:eu-central-1:123456789012:alarms",
		Tracing:             "https://otel.example.com:4318",
		Entries: []deploygen.Entry{
			{Name: "web.front", Target: "./cmd/web.front", Kind: plan.Server, Resources: plan.Resources{Timeout: 60}, Concurrency: 2},
			{
				Name: "order-saga", Tags: "hark_order", Kind: plan.Main, Args: []string{"-v", `a "b"`},
				Triggers:  []plan.Trigger{{Type: "schedule", Schedule: "cron(0 8 ? * MON-FRI *)"}},
				Resources: plan.Resources{Memory: 512, Storage: 2048}, Spread: true,
				Goroutines: []plan.Class{
					{Name: "m2048", Resources: plan.Resources{Memory: 2048}},
					{Name: "t60-s1024", Resources: plan.Resources{Timeout: 60, Storage: 1024}},
				},
				Env:      []plan.EnvVar{{Name: "STAGE", Value: "prod"}, {Name: "EMPTY"}},
				Policies: []plan.Policy{{Actions: []string{"ses:SendEmail"}, Resources: []string{"arn:aws:ses:eu-central-1:123456789012:identity/example.com"}}},
			},
		},
	},
	"events": {
		Program: "example.com/events",
		Entries: []deploygen.Entry{
			{Name: "events-http", Kind: plan.Func, Tags: "hark_entry_http", Target: "./cmd/events-http", Triggers: []plan.Trigger{
				{Type: "http", Method: "GET", Path: "/orders/{id}"},
				{Type: "http", Method: "post", Path: "/orders"},
				{Type: "http", Path: "/files/{path+}"},
			}},
			{Name: "events-rates", Kind: plan.Func, Triggers: []plan.Trigger{{Type: "schedule", Schedule: "rate(5 minutes)"}}},
			{Name: "events-queues", Kind: plan.Lambda, Triggers: []plan.Trigger{
				{Type: "sqs", Queue: "orders", Batch: true},
				{Type: "sqs", Queue: "arn:aws:sqs:eu-central-1:123456789012:elsewhere"},
			}},
			{Name: "events-objects", Kind: plan.Func, Triggers: []plan.Trigger{
				{Type: "s3", Bucket: "uploads", Event: "ObjectCreated", Suffix: ".csv"},
				{Type: "s3", Bucket: "uploads", Event: "ObjectRemoved:Delete"},
			}},
			{Name: "events-topics", Kind: plan.Func, Triggers: []plan.Trigger{
				{Type: "sns", Topic: "news"},
				{Type: "sns", Topic: "arn:aws:sns:eu-central-1:123456789012:elsewhere"},
			}},
			{Name: "events-more-topics", Kind: plan.Func, Triggers: []plan.Trigger{{Type: "sns", Topic: "news"}}},
			{Name: "events-streams", Kind: plan.Func, Triggers: []plan.Trigger{
				{Type: "dynamodb-stream", Table: "stock"},
				{Type: "dynamodb-stream", Table: "arn:aws:dynamodb:eu-central-1:123456789012:table/there/stream/2026-01-01T00:00:00.000", Batch: true},
			}},
			{Name: "events-bus", Kind: plan.Func, Triggers: []plan.Trigger{
				{Type: "eventbridge", Pattern: `{"source":["my.app"],"detail":{"total":[{"numeric":[">",100]}],"kind":["yes",null,true]}}`},
			}},
		},
	},
}

func files(t *testing.T, p *deploygen.Plan) []deploygen.File {
	t.Helper()
	fs, err := deploygen.Files(p)
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

func TestGolden(t *testing.T) {
	for name, p := range plans {
		again := files(t, p)
		for i, f := range files(t, p) {
			if !bytes.Equal(f.Data, again[i].Data) {
				t.Errorf("%s/%s differs when made twice", name, f.Path)
			}
			golden := filepath.Join("testdata", name, f.Path)
			if *update {
				if err := os.MkdirAll(filepath.Dir(golden), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, f.Data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(f.Data, want) {
				t.Errorf("%s differs; if that is right, run go test ./deploygen/sam -update and read the diff", golden)
			}
		}
	}
}

// odd are texts that YAML could take for something else.
var odd = []string{"yes", "1.0", "0x1F", "a: b # c", "- x", "{x}", "'", `"`, "é", "", "null", "~", " x ", "x\ny", "x\n", "\t", "a\\b", "2026-01-01", "!Ref x", "&a", "*a", "${x}", "\u0085", "😀", "\x01"}

// TestOdd checks that they survive.
func TestOdd(t *testing.T) {
	for _, text := range odd {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		p := &deploygen.Plan{Program: text, Entries: []deploygen.Entry{{
			Name: "a", Kind: plan.Func, Env: []plan.EnvVar{{Name: "TEXT", Value: text}},
			Triggers: []plan.Trigger{{Type: "eventbridge", Pattern: `{"x":[` + string(quoted) + `, 1, 1.5, null]}`}},
		}}}
		doc := parse(t, files(t, p)[0].Data)
		if want := text + ", made durable by harkgen"; doc["Description"] != want {
			t.Errorf("description %q, want %q", doc["Description"], want)
		}
		found := 0
		walk(doc, "", func(path string, m tree) {
			if v, ok := m["TEXT"]; ok {
				found++
				if v != text {
					t.Errorf("variable %q, want %q", v, text)
				}
			}
			if v, ok := m["Pattern"]; ok {
				found++
				if got, _ := json.Marshal(v); string(got) != `{"x":[`+string(quoted)+`,1,1.5,null]}` {
					t.Errorf("pattern %s, want %s", got, quoted)
				}
			}
		})
		if found != 2 {
			t.Errorf("%q: found %d of 2", text, found)
		}
	}
}

// tool returns a command that is installed from PyPI; where it is missing, the test is skipped, but in
// CI it fails.
func tool(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("long")
	}
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed: pip install cfn-lint aws-sam-cli", name)
		}
		t.Skipf("%s is not installed (pip install cfn-lint aws-sam-cli)", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0", "AWS_DEFAULT_REGION=eu-central-1", "AWS_REGION=eu-central-1")
	return cmd
}

func TestCfnLint(t *testing.T) {
	t.Parallel()
	for name := range plans {
		cmd := tool(t, filepath.Join("testdata", name), "cfn-lint", "--include-checks", "I", "--", "template.yaml")
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestSamValidate(t *testing.T) {
	t.Parallel()
	for name := range plans {
		out, err := tool(t, filepath.Join("testdata", name), "sam", "validate", "--lint", "--template", "template.yaml").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "is a valid SAM Template") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// TestSamBuild lets sam build a small output module in its scratch directories, without Docker.
func TestSamBuild(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, data string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/shop\n\ngo 1.26\n")
	entries := []string{"web.front", "order-saga"}
	for _, e := range entries {
		write("cmd/"+e+"/main.go", "package main\n")
		write("cmd/"+e+"/harkmain.go", "//go:build !hark_lambda\n\npackage main\n\nfunc main() { println(\"worker\") }\n")
		write("cmd/"+e+"/harkmain_lambda.go", "//go:build hark_lambda\n\npackage main\n\nfunc main() { println(\"handler of "+e+"\", extra) }\n")
	}
	write("cmd/order-saga/extra.go", "//go:build hark_order\n\npackage main\n\nconst extra = \"with the tag\"\n")
	write("cmd/web.front/extra.go", "package main\n\nconst extra = \"\"\n")
	for _, f := range files(t, plans["two"]) {
		write(f.Path, string(f.Data))
	}
	if out, err := tool(t, dir, "sam", "build").CombinedOutput(); err != nil {
		t.Fatalf("sam build: %v\n%s", err, out)
	}
	for id, want := range map[string]string{
		"WebFrontFunction":        "handler of web.front",
		"OrderSagaFunction":       "handler of order-saga with the tag",
		"OrderSagaM2048Worker":    "handler of order-saga with the tag",
		"OrderSagaT60S1024Worker": "handler of order-saga with the tag",
	} {
		data, err := os.ReadFile(filepath.Join(dir, ".aws-sam", "build", id, "bootstrap"))
		if err != nil {
			t.Fatal(err)
		}
		const arm64 = "\xb7\x00" // e_machine, at byte 18
		if !bytes.HasPrefix(data, []byte("\x7fELF")) || string(data[18:20]) != arm64 {
			t.Errorf("bootstrap of %s is not an ELF binary for arm64", id)
		}
		for _, part := range strings.SplitAfter(want, "saga") {
			if !bytes.Contains(data, []byte(strings.TrimSpace(part))) {
				t.Errorf("bootstrap of %s is not a %s", id, want)
			}
		}
	}
	if out, err := tool(t, dir, "make", "run", "ENTRY=web.front").CombinedOutput(); err != nil || !strings.HasSuffix(string(out), "worker\n") {
		t.Errorf("make run: %v\n%s", err, out)
	}
}
