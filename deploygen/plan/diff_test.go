package plan

import (
	"fmt"
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	before := &Plan{
		Program: "m", Tags: map[string]string{"a": "1", "b": "2"},
		Entries: []Entry{
			{Name: "gone"},
			{Name: "saga", Env: []EnvVar{{"KEY", "secret1"}, {"OLD", "x"}}, Policies: []Policy{{[]string{"s3:GetObject"}, []string{"*"}}}},
			{Name: "same", Kind: Func, Triggers: []Trigger{{Type: "sns", Topic: "news"}}},
			{Name: "web", Kind: Func, Triggers: []Trigger{{Type: "http", Path: "/a"}, {Type: "s3", Bucket: "uploads", Event: "ObjectCreated", Suffix: ".csv"}}},
		},
	}
	now := &Plan{
		Program: "m", LogRetention: 7, Tags: map[string]string{"a": "1", "b": "3"},
		Entries: []Entry{
			{Name: "new", Kind: Func, Triggers: []Trigger{{Type: "sqs", Queue: "orders", Batch: true}}},
			{Name: "saga", Resources: Resources{Memory: 2048}, Spread: true, Goroutines: []Class{{Name: "m512", Resources: Resources{Memory: 512}}}, Env: []EnvVar{{"KEY", "secret2"}, {"NEW", ""}}, Args: []string{"-v"}},
			{Name: "same", Kind: Func, Triggers: []Trigger{{Type: "sns", Topic: "news"}}},
			{Name: "web", Kind: Server},
		},
	}
	want := `~ days that logs are kept: 7, was 30
- the tag b=2
+ the tag b=3
- the HTTP API
- the bucket uploads; it is kept, outside the stack
- the policy of the bucket uploads
+ the queue orders
- gone: the entry point, with the function, its role, the policy of its role, the queue of wake-ups, the queue of dead letters, the role of its schedules, the log group, the alarm about dead letters, the alarm about old wake-ups, the alarm about errors, the alarm about throttles; wake-ups and dead letters in them are lost, the state of runs stays in the table
+ new: an entry point of kind func, with the function, its role, the policy of its role, the queue of wake-ups, the queue of dead letters, the role of its schedules, the log group, the alarm about dead letters, the alarm about old wake-ups, the alarm about errors, the alarm about throttles
+ new: is started by sqs orders, in batches
~ saga: memory (MB): 2048, was 1024
~ saga: arguments: "-v", was none
~ saga: runs may have several processes
- saga: may do s3:GetObject on *
- saga: the environment variable OLD
+ saga: the environment variable NEW
~ saga: the value of the environment variable KEY
+ saga: the function of goroutines m512
~ web: kind: server, was func
- web: is started by http ANY /a
- web: is started by s3 uploads ObjectCreated:* .csv
+ web: the HTTP API`
	a, err := before.Check()
	if err != nil {
		t.Fatal(err)
	}
	b, err := now.Check()
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(Diff(a, b)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Diff(a, a); len(got) > 0 {
		t.Errorf("nothing has changed, but %v", got)
	}
}

func lines(list []Change) string {
	var out []string
	for _, c := range list {
		out = append(out, fmt.Sprint(c))
	}
	return strings.Join(out, "\n")
}
