package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// apply reads text and applies it to a plan with the entries shop (a main), my.app (a server) and hook (a lambda).
func apply(t *testing.T, text string) (*plan.Plan, []string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &plan.Plan{Entries: []plan.Entry{
		{Name: "shop", Resources: plan.Resources{Memory: 256, Storage: 600}}, {Name: "my.app", Kind: plan.Server}, {Name: "hook", Kind: plan.Lambda},
	}}
	c, errs, err := Read(name)
	if err != nil {
		t.Fatal(err)
	}
	if len(errs) == 0 {
		errs = c.Apply(p, true)
	}
	var got []string
	for _, e := range errs {
		if e.File != name {
			t.Errorf("file %s", e.File)
		}
		got = append(got, fmt.Sprintf("%d:%d: %s; %s; %s", e.Line, e.Col, e.What, e.Why, e.Do))
	}
	for i := range p.Entries {
		for j := range p.Entries[i].Triggers {
			tr := &p.Entries[i].Triggers[j]
			tr.Pos = strings.TrimPrefix(tr.Pos, name)
		}
	}
	return p, got
}

func TestApply(t *testing.T) {
	t.Parallel()
	got, errs := apply(t, `
[deploy]
log_retention = 7
run_retention = 30
point_in_time_recovery = true
alarm_topic = "arn:aws:sns:eu-west-1:123456789012:alarms"
tracing = "https://otel.example:4318"
tags = { team = "shop" }

[entry.shop]
memory = 2048
timeout = "5m"
concurrency = 10
schedule = ["rate(1 hour)", "cron(0 8 ? * MON *)"]
args = ["-v", "x"]
env = { LEVEL = "debug" }

[[entry.shop.policy]]
actions = ["s3:GetObject"]
resources = ["arn:aws:s3:::mine/*"]
[[entry.shop.policy]]
actions = ["sqs:SendMessage"]
resources = ["*"]

[entry."my.app".env]
MODE = "fast"

[entry.hook]
schedule = "rate(1 day)"
`)
	want := &plan.Plan{
		LogRetention: 7, RunRetention: 30, PointInTimeRecovery: true, AlarmTopic: "arn:aws:sns:eu-west-1:123456789012:alarms",
		Tracing: "https://otel.example:4318", Tags: map[string]string{"team": "shop"},
		Entries: []plan.Entry{
			{
				Name: "shop", Resources: plan.Resources{Memory: 2048, Timeout: 300, Storage: 600}, Concurrency: 10, Args: []string{"-v", "x"},
				Triggers: []plan.Trigger{{Type: "schedule", Schedule: "rate(1 hour)", Pos: ":14:1"}, {Type: "schedule", Schedule: "cron(0 8 ? * MON *)", Pos: ":14:1"}},
				Env:      []plan.EnvVar{{Name: "LEVEL", Value: "debug"}},
				Policies: []plan.Policy{
					{Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::mine/*"}},
					{Actions: []string{"sqs:SendMessage"}, Resources: []string{"*"}},
				},
			},
			{Name: "my.app", Kind: plan.Server, Env: []plan.EnvVar{{Name: "MODE", Value: "fast"}}},
			{Name: "hook", Kind: plan.Lambda, Triggers: []plan.Trigger{{Type: "schedule", Schedule: "rate(1 day)", Pos: ":29:1"}}},
		},
	}
	if len(errs) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("errors %q\ngot  %+v\nwant %+v", errs, got, want)
	}
	if c, errs, err := Read(filepath.Join(t.TempDir(), FileName)); c != nil || errs != nil || err != nil || c.Apply(want, true) != nil {
		t.Errorf("no file: %v %v %v", c, errs, err)
	}
}

// TestPart: a plan with some of the entries takes what is said of these.
func TestPart(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(name, []byte("[entry.other]\nmemory = 1\n[entry.shop]\nmemory = 256\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, _, err := Read(name)
	if err != nil {
		t.Fatal(err)
	}
	p := &plan.Plan{Entries: []plan.Entry{{Name: "shop"}}}
	if errs := c.Apply(p, false); len(errs) > 0 || p.Entries[0].Memory != 256 {
		t.Errorf("%v, %+v", errs, p)
	}
}

// TestErrors: all that is wrong is told, where it stands, with what is possible.
func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want []string
	}{
		{"[deploi]\nx = 1\n[deploy]\nlogs = 3\n[entry.shop]\ncpu = 2\nmemory = 5\n[[entry.shop.policy]]\naction = []\n", []string{
			"1:2: unknown key deploi; there are deploy and entry",
			"4:1: unknown key deploy.logs; there are alarm_topic, log_retention,",
			"6:1: unknown key entry.shop.cpu; there are args, concurrency, env, memory,",
			"9:1: unknown key entry.shop.policy.action; there are actions, resources",
		}},
		{"[entry.shop]\nmemory = \"big\"\n", []string{"2:10: this is not as it should be; "}},
		{"[entry.shop\n", []string{"1:"}},
		{`[deploy]
log_retention = 8
alarm_topic = "alarms"
tracing = "otel"
tags = { "aws:x" = "y" }

[entry.shop]
memory = 64
timeout = "1h"
concurrency = 1
schedule = ["daily", 3]
env = { A_B = "x", HARK_RUN = "y" }

[entry.my_app]
memory = 256

[entry."my.app"]
schedule = "rate(1 hour)"

[[entry.hook.policy]]
actions = ["s3:GetObject"]
resources = ["*"]
[[entry.hook.policy]]
actions = ["GetObject"]
resources = ["*"]
`, []string{
			"2:1: log_retention; logs cannot be kept for 8 days", "3:1: alarm_topic; ", "4:1: tracing; ", "5:1: tags; ",
			"8:1: memory; entry point shop: memory (MB) is 64, must be 128 to 10240", `9:1: timeout; "1h" is not a time from 30s to 15m`,
			"10:1: concurrency; ", "11:1: schedule; it is neither a string nor a list of strings", `11:1: schedule; entry point shop: the schedule expression "daily"`, "12:20: HARK_RUN; ",
			"14:8: unknown entry point my_app; there are hook, my.app, shop", "18:1: schedule; ", `23:14: policy; entry point hook: "GetObject" is not an action`,
		}},
	}
	for _, tt := range tests {
		_, got := apply(t, tt.text)
		if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
			t.Errorf("%s\ngot\n%s\nwant\n%s", tt.text, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
}
