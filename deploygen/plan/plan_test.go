package plan

import (
	"strings"
	"testing"
)

func TestID(t *testing.T) {
	for name, want := range map[string]string{
		"wordcount":     "Wordcount",
		"order-saga":    "OrderSaga",
		"order_saga2go": "OrderSaga2Go",
		"a.b":           "AB",
		"9to5":          "9To5",
		"café":          "CafU00E9",
		"HTTPServer":    "HTTPServer",
		"---":           "",
	} {
		if got := (&Entry{Name: name}).ID(); got != want {
			t.Errorf("ID of %q = %q, want %q", name, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	ok := func(names ...string) *Plan {
		p := &Plan{Program: "example.com/m"}
		for _, n := range names {
			p.Entries = append(p.Entries, Entry{Name: n})
		}
		return p
	}
	with := func(e Entry) *Plan { return &Plan{Entries: []Entry{e}} }
	for _, test := range []struct {
		plan *Plan
		want string // part of the error; "": none
	}{
		{ok("a"), ""},
		{ok("b", "a", "a-queue", "a-function"), ""},
		{ok(), "no entry points"},
		{ok("order-saga", "order_saga"), `"order-saga" and "order_saga" would both be OrderSaga`},
		{ok("ab", "aB"), "rename one"}, // Ab and AB are one directory on some systems
		{ok("a", "a"), "rename one"},
		{ok(""), "cannot be the name"},
		{ok("-"), "cannot be the name"},
		{ok(strings.Repeat("a", 201)), "cannot be the name"},
		{with(Entry{Name: "a", Resources: Resources{Memory: 64}}), "memory (MB) is 64"},
		{with(Entry{Name: "a", Resources: Resources{Timeout: 901}}), "timeout (s) is 901"},
		{with(Entry{Name: "a", Concurrency: 1}), "concurrency is 1"},
		{with(Entry{Name: "a", Target: "../x"}), "not a plain path"},
		{with(Entry{Name: "a", Target: "./x/../y"}), "not a plain path"},
		{with(Entry{Name: "a", Target: "./x $(y)"}), "not a plain path"},
		{with(Entry{Name: "a b"}), "not a plain path"},
		{&Plan{Entries: []Entry{{Name: "a"}}, LogRetention: 2}, "2 days"},
		{&Plan{Entries: []Entry{{Name: "a"}}, RunRetention: -1}, "finished runs are kept is -1"},
		{&Plan{Entries: []Entry{{Name: "a"}}, AlarmTopic: "arn:aws:sqs:eu-central-1:123456789012:q"}, "must be the ARN of an SNS topic"},
		{&Plan{Entries: []Entry{{Name: "a"}}, AlarmTopic: "arn:aws-cn:sns:cn-north-1:123456789012:q"}, ""},
		{&Plan{Entries: []Entry{{Name: "a"}}, Tracing: "localhost:4318"}, "must be an http or https URL"},
		{&Plan{Entries: []Entry{{Name: "a"}}, Tags: map[string]string{"AWS:x": "y"}}, "AWS's own"},
		{&Plan{Entries: []Entry{{Name: "a"}}, Tags: map[string]string{"x": "<y>"}}, "only letters"},
		{&Plan{Entries: []Entry{{Name: "a"}}, Tags: map[string]string{"x": strings.Repeat("y", 257)}}, "at most 256"},
		{with(Entry{Name: "a", Resources: Resources{Storage: 100}}), "storage (MB) is 100"},
		{with(Entry{Name: "a", Kind: "http"}), `there is no kind "http"`},
		{with(Entry{Name: "a", Tags: "x y"}), "not build tags"},
		{with(Entry{Name: "a", Kind: Server, Target: "./cmd/x"}), ""},
		{with(Entry{Name: "a{}", Kind: Server, Target: "./cmd/x"}), "cannot be part of a path"},
		{with(Entry{Name: "a", Spread: true, Goroutines: []Class{{Name: "m2048"}, {Name: "m4096"}}}), ""},
		{with(Entry{Name: "a", Goroutines: []Class{{Name: "m2048"}}}), "its runs have one process"},
		{with(Entry{Name: "a", Spread: true, Goroutines: []Class{{Name: "m"}, {Name: "m"}}}), "name of a class"},
		{with(Entry{Name: "a", Spread: true, Goroutines: []Class{{Name: "m", Resources: Resources{Memory: 20000}}}}), "goroutines m: memory (MB) is 20000"},
		{&Plan{Entries: []Entry{{Name: "a", Spread: true, Goroutines: []Class{{Name: "b-c"}}}, {Name: "a-b", Spread: true, Goroutines: []Class{{Name: "c"}}}}}, "would both be ABCWorker"},
		{with(Entry{Name: "a", Env: []EnvVar{{Name: "STAGE"}, {Name: "AWS_MAX_ATTEMPTS"}}}), ""},
		{with(Entry{Name: "a", Env: []EnvVar{{Name: "HARK_TABLE"}}}), "HARK_TABLE is reserved"},
		{with(Entry{Name: "a", Env: []EnvVar{{Name: "AWS_REGION"}}}), "AWS_REGION is reserved"},
		{with(Entry{Name: "a", Env: []EnvVar{{Name: "A-B"}}}), "cannot be the name of an environment variable"},
		{with(Entry{Name: "a", Env: []EnvVar{{Name: "AB"}, {Name: "AB"}}}), "there twice"},
		{with(Entry{Name: "a", Env: []EnvVar{{Name: "AB", Value: strings.Repeat("x", 4000)}}}), "at most 3072"},
		{with(Entry{Name: "a", Policies: []Policy{{[]string{"s3:Get*"}, []string{"arn:aws:s3:::b/*", "*"}}}}), ""},
		{with(Entry{Name: "a", Policies: []Policy{{[]string{"*"}, []string{"*"}}}}), `"*" is not an action`},
		{with(Entry{Name: "a", Policies: []Policy{{[]string{"s3:GetObject"}, []string{"bucket"}}}}), `"bucket" is not a resource`},
		{with(Entry{Name: "a", Policies: []Policy{{[]string{"s3:GetObject"}, nil}}}), "needs actions and resources"},
		{&Plan{Entries: many(40)}, "CloudFormation takes 500"},
	} {
		got, err := test.plan.Check()
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%+v: %v", test.plan, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%+v: error %v, want one with %q", test.plan, err, test.want)
		case err == nil && got.Entries[0].Name != "a":
			t.Errorf("entries are not sorted: %+v", got.Entries)
		}
	}
}

func TestCheckCopies(t *testing.T) {
	p := &Plan{Entries: []Entry{{Name: "b"}, {Name: "a"}}}
	c, err := p.Check()
	if err != nil || c.Entries[0].Memory != DefaultMemory || c.Entries[1].Target != "./cmd/b" {
		t.Errorf("%+v, %v", c, err)
	}
	if p.Entries[0].Name != "b" || p.Entries[0].Memory != 0 {
		t.Error("Check changed the plan it was given")
	}
}

// many are so many entries, the first of which is a.
func many(n int) []Entry {
	out := make([]Entry, n)
	for i := range out {
		out[i].Name = "a" + strings.Repeat("a", i)
	}
	return out
}

// TestAllErrors checks that each is told, at its place.
func TestAllErrors(t *testing.T) {
	_, err := (&Plan{Entries: []Entry{
		{Name: "b", Pos: "b.go:3:1", Kind: Func, Resources: Resources{Memory: 1, Timeout: 1}, Triggers: []Trigger{
			{Type: "http", Path: "x", Pos: "b.go:4:2"},
			{Type: "kafka"},
		}},
		{Name: "c"}, {Name: "C"},
	}}).Check()
	want := `b.go:3:1: entry point b: memory (MB) is 1, must be 128 to 10240
b.go:3:1: entry point b: timeout (s) is 1, must be 30 to 900
b.go:4:2: entry point b: the path "x" does not begin with /
b.go:3:1: entry point b: there is no event type "kafka"; there are http, schedule, sqs, s3, sns, dynamodb-stream, eventbridge
deploy: the entry points "C" and "c" would both be C in the template; rename one`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// TestSuffixes checks what the comment at FunctionID says.
func TestSuffixes(t *testing.T) {
	e := &Entry{Name: "x"}
	ids := []string{
		e.FunctionID(), e.WorkerID(&Class{}), e.RoleID(), e.CallsID(), e.QueueID(), e.DeadLettersID(), e.WakerID(), e.LogsID(), e.APIID(),
		e.DeadLettersAlarm(), e.OldestWakeUpAlarm(), e.ErrorsAlarm(), e.ThrottlesAlarm(), "XObjectsPolicy",
	}
	for _, s := range sources {
		ids = append(ids, "X"+s.suffix)
	}
	for i, a := range ids {
		for j, b := range ids {
			if i != j && strings.HasSuffix(a[1:], b[1:]) {
				t.Errorf("%s ends with %s", a[1:], b[1:])
			}
		}
		for _, shared := range []string{TableID, BucketID, BucketPolicyID, SchedulesID, APIID} {
			if strings.HasSuffix(shared, a[1:]) {
				t.Errorf("%s ends with %s", shared, a[1:])
			}
		}
	}
}
