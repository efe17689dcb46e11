package plan

import (
	"fmt"
	"strings"
	"unicode"
)

// This file defines the logical ids: what a template calls the resources of a plan.

// MaxID leaves room for the suffixes within CloudFormation's 255.
const MaxID = 200

// ID is the stem of the entry's logical ids. "order-saga" is OrderSaga.
func (e *Entry) ID() string { return stem(e.Name) }

// stem returns the parts of a name, joined in camel case, since only ASCII letters and
// digits are allowed. Other letters are written as U and their code.
func stem(name string) string {
	var b strings.Builder
	up := true
	for _, r := range name {
		switch {
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			if up {
				r = unicode.ToUpper(r)
			}
			b.WriteRune(r)
			up = unicode.IsDigit(r)
		case r < 0x80:
			up = true
		default:
			fmt.Fprintf(&b, "U%04X", r)
			up = true
		}
	}
	return b.String()
}

// Logical ids of an entry's resources. No suffix is the end of another, so two
// ids are equal only if their stems are; and what SAM appends to a function's id for the
// version, the alias and the event source ends with none of them.
func (e *Entry) FunctionID() string        { return e.ID() + "Function" }
func (e *Entry) WorkerID(c *Class) string  { return e.ID() + stem(c.Name) + "Worker" } // the function of a class
func (e *Entry) RoleID() string            { return e.ID() + "Role" }
func (e *Entry) CallsID() string           { return e.ID() + "Calls" } // the policy with what depends on the function
func (e *Entry) QueueID() string           { return e.ID() + "Queue" }
func (e *Entry) DeadLettersID() string     { return e.ID() + "DeadLetters" }
func (e *Entry) WakerID() string           { return e.ID() + "Waker" } // the role of schedules that send to the queue
func (e *Entry) LogsID() string            { return e.ID() + "Logs" }
func (e *Entry) APIID() string             { return e.ID() + "Api" } // of a Server
func (e *Entry) DeadLettersAlarm() string  { return e.ID() + "DeadLettersAlarm" }
func (e *Entry) OldestWakeUpAlarm() string { return e.ID() + "OldestWakeUpAlarm" }
func (e *Entry) ErrorsAlarm() string       { return e.ID() + "ErrorsAlarm" }
func (e *Entry) ThrottlesAlarm() string    { return e.ID() + "ThrottlesAlarm" }

// Logical ids of the resources that all entries share. They end with none of the suffixes.
const (
	TableID        = "HarkTable"
	BucketID       = "HarkBucket"
	BucketPolicyID = "HarkBucketPolicy"
	SchedulesID    = "HarkSchedules" // the group of one-time schedules
	APIID          = "HarkHttp"      // the API of all http triggers
)

// MadeID returns the logical id of the queue, bucket, topic or table that the stack makes for the trigger, or "".
func (t *Trigger) MadeID() string {
	s, ok := sources[t.Type]
	if !ok || isARN(s.name(t)) {
		return ""
	}
	return stem(s.name(t)) + s.suffix
}

// BucketPolicyOf returns the logical id of the policy of a bucket that the stack makes for a trigger.
func (t *Trigger) BucketPolicyOf() string { return t.MadeID() + "Policy" }

// A source is where events of a type come from, if it is a resource with a name.
type source struct {
	what    string // it is
	suffix  string // of its logical id
	service string // in its ARN
	name    func(*Trigger) string
}

var sources = map[string]source{
	"sqs":             {"queue", "Events", "sqs", func(t *Trigger) string { return t.Queue }},
	"s3":              {"bucket", "Objects", "s3", func(t *Trigger) string { return t.Bucket }},
	"sns":             {"topic", "Topic", "sns", func(t *Trigger) string { return t.Topic }},
	"dynamodb-stream": {"table", "Items", "dynamodb", func(t *Trigger) string { return t.Table }},
}

// A Resource is one of the template.
type Resource struct {
	ID    string
	Entry string // "" if several may use it
	What  string // in words
	Count int    // what SAM makes of it
	pos   string
}

// Resources returns the resources of a checked plan, each once, in the order of the template.
func (p *Plan) Resources() []Resource {
	out := []Resource{
		{ID: TableID, What: "the table of records, mailboxes and small blobs", Count: 1},
		{ID: BucketID, What: "the bucket of large blobs", Count: 1},
		{ID: BucketPolicyID, What: "the policy of that bucket", Count: 1},
		{ID: SchedulesID, What: "the group of one-time schedules", Count: 1},
	}
	if p.HasRoutes() {
		out = append(out, Resource{ID: APIID, What: "the HTTP API", Count: 2})
	}
	seen := map[Resource]bool{}
	for i := range p.Entries {
		for _, t := range p.Entries[i].Triggers {
			for _, r := range t.resources() {
				key := Resource{ID: r.ID, What: r.What}
				if !seen[key] {
					seen[key] = true
					out = append(out, r)
				}
			}
		}
	}
	for i := range p.Entries {
		out = append(out, p.Entries[i].resources()...)
	}
	return out
}

// HasRoutes reports whether there are http triggers.
func (p *Plan) HasRoutes() bool {
	for i := range p.Entries {
		if p.Entries[i].hasRoutes() {
			return true
		}
	}
	return false
}

func (e *Entry) hasRoutes() bool {
	for _, t := range e.Triggers {
		if t.Type == "http" {
			return true
		}
	}
	return false
}

// resources returns what the stack makes for the trigger, besides what SAM makes with the function.
func (t *Trigger) resources() []Resource {
	id := t.MadeID()
	if id == "" {
		return nil
	}
	s := sources[t.Type]
	what := fmt.Sprintf("the %s %s", s.what, s.name(t))
	out := []Resource{{ID: id, What: what, Count: 1, pos: t.Pos}}
	if t.Type == "s3" {
		out = append(out, Resource{ID: t.BucketPolicyOf(), What: "the policy of " + what, Count: 1, pos: t.Pos})
	}
	return out
}

// counts are what SAM makes of an event: subscriptions, rules, permissions.
var counts = map[string]int{"http": 1, "schedule": 2, "sqs": 1, "s3": 1, "sns": 2, "dynamodb-stream": 1, "eventbridge": 2}

func (e *Entry) resources() []Resource {
	// The function, its version, alias and settings for asynchronous calls; the source of wake-ups, the rule that sweeps and its permission.
	function := 7
	for _, t := range e.Triggers {
		function += counts[t.Type]
	}
	if e.hasRoutes() {
		function++ // the route for signed calls
	}
	if e.Kind == Server {
		function += 2 // that, and the one for all the others
	}
	var out []Resource
	add := func(id string, count int, what string) {
		out = append(out, Resource{ID: id, Entry: e.Name, What: what, Count: count, pos: e.Pos})
	}
	add(e.FunctionID(), function, "the function")
	for i := range e.Goroutines {
		c := &e.Goroutines[i]
		add(e.WorkerID(c), 3, "the function of goroutines "+c.Name)
	}
	add(e.RoleID(), 1, "its role")
	add(e.CallsID(), 1, "the policy of its role")
	add(e.QueueID(), 1, "the queue of wake-ups")
	add(e.DeadLettersID(), 1, "the queue of dead letters")
	add(e.WakerID(), 1, "the role of its schedules")
	add(e.LogsID(), 1, "the log group")
	if e.Kind == Server {
		add(e.APIID(), 2, "the HTTP API")
	}
	add(e.DeadLettersAlarm(), 1, "the alarm about dead letters")
	add(e.OldestWakeUpAlarm(), 1, "the alarm about old wake-ups")
	add(e.ErrorsAlarm(), 1, "the alarm about errors")
	add(e.ThrottlesAlarm(), 1, "the alarm about throttles")
	return out
}
