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

// TestSuffixes checks what the comment at FunctionID says.
func TestSuffixes(t *testing.T) {
	e := &Entry{Name: "x"}
	ids := []string{e.FunctionID(), e.RoleID(), e.QueueID(), e.DeadLettersID(), e.LogsID()}
	for i, a := range ids {
		for j, b := range ids {
			if i != j && strings.HasSuffix(a[1:], b[1:]) {
				t.Errorf("%s ends with %s", a[1:], b[1:])
			}
		}
		for _, shared := range []string{TableID, BucketID, BucketPolicyID} {
			if strings.HasSuffix(shared, a[1:]) {
				t.Errorf("%s ends with %s", shared, a[1:])
			}
		}
	}
}
