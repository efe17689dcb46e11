package plan

import (
	"errors"
	"strings"
	"testing"
)

// TestTrigger tries each type; want is part of the error, or "" for none.
func TestTrigger(t *testing.T) {
	arn := func(service string) string { return "arn:aws:" + service + ":eu-central-1:123456789012:x" }
	for _, test := range []struct {
		t    Trigger
		want string
	}{
		{Trigger{Type: "http", Path: "/"}, ""},
		{Trigger{Type: "http", Method: "get", Path: "/orders/{id}/items/{rest+}"}, ""},
		{Trigger{Type: "http", Path: "/orders/"}, ""},
		{Trigger{Type: "http", Path: "/a-b/c.d_e~f"}, ""},
		{Trigger{Type: "http", Method: "TRACE", Path: "/"}, `no HTTP method "TRACE"`},
		{Trigger{Type: "http"}, "does not begin with /"},
		{Trigger{Type: "http", Path: "/a//b"}, `"" is neither a name`},
		{Trigger{Type: "http", Path: "/{id...}"}, "{name+} at the end"},
		{Trigger{Type: "http", Path: "/x{id}"}, "neither a name"},
		{Trigger{Type: "http", Path: "/a b"}, "neither a name"},
		{Trigger{Type: "http", Path: "/{a+}/b"}, "must be at the end"},
		{Trigger{Type: "http", Path: "/{a}/{a}"}, "has a twice"},
		{Trigger{Type: "http", Path: "/_hark/x"}, "reserved"},
		{Trigger{Type: "http", Path: "/_harken"}, ""},
		{Trigger{Type: "http", Path: "/", Queue: "q"}, "has no queue"},
		{Trigger{Type: "http", Path: "/", Batch: true}, "has no batch"},
		{Trigger{Type: "sqs", Queue: "orders-in_1", Batch: true}, ""},
		{Trigger{Type: "sqs", Queue: arn("sqs")}, ""},
		{Trigger{Type: "sqs", Queue: arn("sqs") + ".fifo"}, ""},
		{Trigger{Type: "sqs", Queue: "orders.fifo"}, "no FIFO queues"},
		{Trigger{Type: "sqs", Queue: arn("sns")}, "not the ARN of a queue"},
		{Trigger{Type: "sqs", Queue: "arn:aws:sqs"}, "not the ARN of a queue"},
		{Trigger{Type: "sqs"}, `"" cannot be the name of a queue`},
		{Trigger{Type: "sqs", Queue: "--"}, "cannot be the name of a queue"},
		{Trigger{Type: "s3", Bucket: "uploads", Event: "ObjectCreated"}, ""},
		{Trigger{Type: "s3", Bucket: "uploads", Event: "s3:ObjectCreated:Put", Suffix: ".csv"}, ""},
		{Trigger{Type: "s3", Bucket: "uploads", Event: "ObjectMade"}, `no event "ObjectMade"`},
		{Trigger{Type: "s3", Bucket: "uploads", Event: "ObjectAcl:*"}, "no event"},
		{Trigger{Type: "s3", Bucket: "uploads"}, `no event ""`},
		{Trigger{Type: "s3", Bucket: "Uploads", Event: "ObjectCreated"}, "cannot be the name of a bucket"},
		{Trigger{Type: "s3", Bucket: "arn:aws:s3:::x", Event: "ObjectCreated"}, "a bucket that it makes"},
		{Trigger{Type: "sns", Topic: "news"}, ""},
		{Trigger{Type: "sns", Topic: arn("sns")}, ""},
		{Trigger{Type: "sns", Topic: "a b"}, "name of a topic"},
		{Trigger{Type: "dynamodb-stream", Table: "stock", Batch: true}, ""},
		{Trigger{Type: "dynamodb-stream", Table: "arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/2026-01-01T00:00:00.000"}, ""},
		{Trigger{Type: "dynamodb-stream", Table: "arn:aws:dynamodb:eu-central-1:123456789012:table/t"}, "not the ARN of a stream"},
		{Trigger{Type: "dynamodb-stream", Table: "t"}, "name of a table"},
		{Trigger{Type: "kafka"}, `no event type "kafka"`},
	} {
		if got := test.t.Check(); test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%+v: %q, want %q", test.t, got, test.want)
		}
	}
}

// TestSchedule tries some; package schedule has the others.
func TestSchedule(t *testing.T) {
	for s, want := range map[string]string{
		"rate(1 minute)":                      "",
		"rate(5 minutes)":                     "",
		"cron(0/15 8-18 ? JAN-JUN mon-FRI *)": "",
		"rate(1 minutes)":                     "the unit of 1 is minute",
		"rate(5 seconds)":                     "unknown unit",
		"cron(0 8 * * * *)":                   "only one",
		"cron(60 8 * * ? *)":                  `minutes: "60" is not allowed`,
		"at(2026-11-20T13:00:00)":             "due only once",
		"":                                    "want at",
	} {
		if got := checkSchedule(s); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
}

func TestPattern(t *testing.T) {
	for s, want := range map[string]string{
		`{"source":["my.app"]}`: "",
		`{"detail":{"n":[{"numeric":[">",1]}],"s":[null,true,"x",{"exists":false}]}}`: "",
		`{"$or":[{"source":["a"]},{"source":["b"]}],"detail-type":["x"]}`:             "",
		`{"$or":[{"source":["a"]}]}`:      "two patterns or more",
		`{"$or":[{"source":["a"]},1]}`:    "something else",
		`{"source":"my.app"}`:             "no list in source",
		`{"source":[]}`:                   "empty list in source",
		`{"detail":{"a":{}}}`:             "nothing in detail.a",
		`{"detail":{"a":[["x"]]}}`:        "list in a list in detail.a",
		`{"detail":{"a":[{"like":"x"}]}}`: `no such filter: "like", in detail.a`,
		`{}`:                              "must name a field",
		`[]`:                              "not a JSON object",
		`{`:                               "not a JSON object",
		``:                                "not a JSON object",
	} {
		if got := checkPattern(s); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
}

// TestClash tries what two triggers cannot both have: in one entry, and in two.
func TestClash(t *testing.T) {
	for _, test := range []struct {
		a, b Trigger
		want string
	}{
		{Trigger{Type: "http", Method: "GET", Path: "/a/{x}"}, Trigger{Type: "http", Method: "GET", Path: "/a/{y}"}, "the route GET /a/{y}"},
		{Trigger{Type: "http", Method: "GET", Path: "/a/{x}"}, Trigger{Type: "http", Method: "POST", Path: "/a/{x}"}, ""},
		{Trigger{Type: "http", Path: "/a/{x}"}, Trigger{Type: "http", Path: "/a/{x+}"}, ""},
		{Trigger{Type: "sqs", Queue: "q"}, Trigger{Type: "sqs", Queue: "q", Batch: true}, "q"},
		{Trigger{Type: "sqs", Queue: "q"}, Trigger{Type: "sqs", Queue: "r"}, ""},
		{Trigger{Type: "sqs", Queue: "q-r"}, Trigger{Type: "sqs", Queue: "q_r"}, "the queue q-r and the queue q_r would both be QREvents"},
		{Trigger{Type: "s3", Bucket: "bbb", Event: "ObjectCreated"}, Trigger{Type: "s3", Bucket: "bbb", Event: "ObjectCreated:Put", Suffix: ".csv"}, "one function only"},
		{Trigger{Type: "s3", Bucket: "bbb", Event: "ObjectCreated", Suffix: ".txt"}, Trigger{Type: "s3", Bucket: "bbb", Event: "ObjectCreated", Suffix: ".csv"}, ""},
		{Trigger{Type: "s3", Bucket: "bbb", Event: "ObjectCreated"}, Trigger{Type: "s3", Bucket: "bbb", Event: "ObjectRemoved"}, ""},
	} {
		for _, entries := range [][]Entry{
			{{Name: "a", Kind: Func, Triggers: []Trigger{test.a, test.b}}},
			{{Name: "a", Kind: Func, Triggers: []Trigger{test.a}}, {Name: "b", Kind: Func, Triggers: []Trigger{test.b}}},
		} {
			_, err := (&Plan{Entries: entries}).Check()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%d entries with %+v and %+v: %v, want %q", len(entries), test.a, test.b, err, test.want)
			}
		}
	}
	two := []Entry{{Name: "a", Kind: Func, Triggers: []Trigger{{Type: "sns", Topic: "t"}}}, {Name: "b", Kind: Func, Triggers: []Trigger{{Type: "sns", Topic: "t"}}}}
	if _, err := (&Plan{Entries: two}).Check(); err != nil {
		t.Errorf("two functions with one topic: %v", err)
	}
}

func TestKinds(t *testing.T) {
	for _, test := range []struct {
		kind Kind
		typ  Trigger
		ok   bool
	}{
		{Main, Trigger{Type: "schedule", Schedule: "rate(1 day)"}, true},
		{Main, Trigger{Type: "sqs", Queue: "q"}, false},
		{Server, Trigger{Type: "http", Path: "/"}, false},
		{Lambda, Trigger{Type: "sqs", Queue: "q"}, true},
	} {
		if _, err := (&Plan{Entries: []Entry{{Name: "a", Kind: test.kind, Triggers: []Trigger{test.typ}}}}).Check(); (err == nil) != test.ok {
			t.Errorf("%s with %s: %v", test.kind, test.typ.Type, err)
		}
	}
}

// FuzzCheck looks for a plan that Check, or what relies on it, cannot bear; and for plans whose text does not read as themselves.
func FuzzCheck(f *testing.F) {
	f.Add("a", "http", "/a/{b}", "cron(0 8 ? * MON *)")
	f.Add("a-b", "schedule", "", "rate(5 minutes)")
	f.Add("é", "eventbridge", "", `{"$or":[{"a":[1]},{"b":[{"prefix":"x"}]}]}`)
	f.Add("x", "s3", "bucket", "ObjectCreated")
	f.Fuzz(func(t *testing.T, name, typ, a, b string) {
		tr := Trigger{Type: typ}
		switch typ {
		case "http":
			tr.Path, tr.Method = a, b
		case "schedule":
			tr.Schedule = b
		case "eventbridge":
			tr.Pattern = b
		case "s3":
			tr.Bucket, tr.Event = a, b
		case "sqs":
			tr.Queue = a
		}
		p, err := (&Plan{Program: a, Entries: []Entry{{Name: name, Kind: Func, Pos: "x.go:1:2", Triggers: []Trigger{tr}}}}).Check()
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("%v is not an Error", err)
			}
			return
		}
		text, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		twice, err := again.Check()
		if err != nil {
			t.Fatalf("a checked plan is not right: %v\n%s", err, text)
		}
		if text2, _ := twice.Encode(); string(text2) != string(text) && strings.ToValidUTF8(a+b+name, "") == a+b+name {
			t.Errorf("read again it is\n%s\nwas\n%s", text2, text)
		}
	})
}
