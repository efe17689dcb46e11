package plan

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/harkgen/harkgen/internal/lazyre"
)

// This file defines the checks of triggers.

// triggerTypes are the types of events.
var triggerTypes = []string{"http", "schedule", "sqs", "s3", "sns", "dynamodb-stream", "eventbridge"}

// triggers checks each, fills in its defaults, and refuses what is there twice.
func (c *checker) triggers(e *Entry) {
	for i := range e.Triggers {
		t := &e.Triggers[i]
		pos := cmp.Or(t.Pos, e.Pos)
		if e.Kind == Server || e.Kind == Main && t.Type != "schedule" {
			c.errorf(pos, "entry point %s is of kind %s, which %s does not start", e.Name, e.Kind, t.Type)
			continue
		}
		if msg := t.Check(); msg != "" {
			c.errorf(pos, "entry point %s: %s", e.Name, msg)
		} else if slices.ContainsFunc(e.Triggers[:i], func(o Trigger) bool { return o.Key() == t.Key() }) {
			c.errorf(pos, "entry point %s: the same %s event is there twice", e.Name, t.Type)
		}
	}
}

// Check fills in the defaults, and returns what is wrong, or "".
func (t *Trigger) Check() string {
	if !slices.Contains(triggerTypes, t.Type) {
		return "there is no event type " + quote(t.Type) + "; there are " + strings.Join(triggerTypes, ", ")
	}
	if other := t.foreign(); other != "" {
		return "an event of type " + t.Type + " has no " + other
	}
	switch t.Type {
	case "http":
		t.Method = cmp.Or(strings.ToUpper(t.Method), "ANY")
		return checkRoute(t.Method, t.Path)
	case "schedule":
		return checkSchedule(t.Schedule)
	case "eventbridge":
		return checkPattern(t.Pattern)
	case "s3":
		event, msg := s3Event(t.Event)
		t.Event = event
		if msg != "" {
			return msg
		}
	}
	return t.checkName()
}

// foreign returns the name of a field that is set but does not belong to the type.
func (t *Trigger) foreign() string {
	for _, f := range []struct{ name, value, types string }{
		{"method", t.Method, "http"}, {"path", t.Path, "http"},
		{"schedule", t.Schedule, "schedule"}, {"pattern", t.Pattern, "eventbridge"},
		{"queue", t.Queue, "sqs"}, {"bucket", t.Bucket, "s3"}, {"event", t.Event, "s3"}, {"suffix", t.Suffix, "s3"},
		{"topic", t.Topic, "sns"}, {"table", t.Table, "dynamodb-stream"},
	} {
		if f.value != "" && f.types != t.Type {
			return f.name
		}
	}
	if t.Batch && sources[t.Type].what == "" {
		return "batch"
	}
	return ""
}

// names are what the services allow.
var names = map[string]func() *regexp.Regexp{
	"sqs":             lazyre.New(`^[A-Za-z0-9_-]{1,80}$`),
	"s3":              lazyre.New(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`),
	"sns":             lazyre.New(`^[A-Za-z0-9_-]{1,256}$`),
	"dynamodb-stream": lazyre.New(`^[A-Za-z0-9_.-]{3,255}$`),
}

// checkName checks the name or ARN of what the events come from.
func (t *Trigger) checkName() string {
	s := sources[t.Type]
	name := s.name(t)
	switch {
	case t.Type == "s3" && strings.HasPrefix(name, "arn:"):
		return "the bucket is " + quote(name) + "; the stack can only have the events of a bucket that it makes: give it a name, or have the other bucket's events sent to EventBridge and use eventbridge"
	case strings.HasPrefix(name, "arn:") && !isARNOf(s.service, name):
		return quote(name) + " is not the ARN of a " + s.what
	case t.Type == "dynamodb-stream" && isARN(name) && !strings.Contains(name, "/stream/"):
		return quote(name) + " is not the ARN of a stream; that has /stream/ in it"
	case strings.HasSuffix(name, ".fifo") && !isARN(name):
		return "the stack makes no FIFO " + s.what + "s; give the ARN of one, or leave .fifo out of " + quote(name)
	case isARN(name):
		return ""
	case !names[t.Type]().MatchString(name) || stem(name) == "" || len(stem(name)) > MaxID:
		return quote(name) + " cannot be the name of a " + s.what
	}
	return ""
}

var methods = strings.Fields("ANY GET HEAD POST PUT PATCH DELETE OPTIONS")

var (
	pathVariable = lazyre.New(`^\{([A-Za-z_][A-Za-z0-9_]*)(\+?)\}$`)
	pathLiteral  = lazyre.New(`^[A-Za-z0-9._~!$&'()*,;=:@%-]+$`)
)

// checkRoute checks a route as API Gateway has it.
func checkRoute(method, path string) string {
	if !slices.Contains(methods, method) {
		return "there is no HTTP method " + quote(method) + "; there are " + strings.Join(methods, ", ")
	}
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return "the path " + quote(path) + " does not begin with /"
	}
	if rest == "" {
		return ""
	}
	if rest == "_hark" || strings.HasPrefix(rest, "_hark/") {
		return "the path " + quote(path) + " is reserved: /_hark is for signed calls"
	}
	seen := map[string]bool{}
	parts := strings.Split(rest, "/")
	for i, part := range parts {
		m := pathVariable().FindStringSubmatch(part)
		switch {
		case m == nil && !pathLiteral().MatchString(part):
			if part == "" && i == len(parts)-1 {
				continue // /orders/ is a path of its own
			}
			return "the path " + quote(path) + ": " + quote(part) + " is neither a name nor {name}, nor {name+} at the end for all that follows"
		case m != nil && m[2] == "+" && i < len(parts)-1:
			return "the path " + quote(path) + ": " + part + " must be at the end"
		case m != nil && seen[m[1]]:
			return "the path " + quote(path) + " has " + m[1] + " twice"
		case m != nil:
			seen[m[1]] = true
		}
	}
	return ""
}

// route is what API Gateway tells routes apart by: the names of variables do not count.
func (t *Trigger) route() string {
	parts := strings.Split(t.Path, "/")
	for i, part := range parts {
		if m := pathVariable().FindStringSubmatch(part); m != nil {
			parts[i] = "{" + m[2] + "}"
		}
	}
	return t.Method + " " + strings.Join(parts, "/")
}

// s3Events are the categories with what may come after the colon.
var s3Events = map[string][]string{
	"ObjectCreated":               {"*", "Put", "Post", "Copy", "CompleteMultipartUpload"},
	"ObjectRemoved":               {"*", "Delete", "DeleteMarkerCreated"},
	"ObjectRestore":               {"*", "Post", "Completed", "Delete"},
	"Replication":                 {"*", "OperationFailedReplication", "OperationMissedThreshold", "OperationReplicatedAfterThreshold", "OperationNotTracked"},
	"LifecycleExpiration":         {"*", "Delete", "DeleteMarkerCreated"},
	"ObjectTagging":               {"*", "Put", "Delete"},
	"ObjectAcl":                   {"Put"},
	"ReducedRedundancyLostObject": nil,
	"LifecycleTransition":         nil,
	"IntelligentTiering":          nil,
}

// s3Event returns the event with its default, or what is wrong with it.
func s3Event(event string) (full, msg string) {
	event = strings.TrimPrefix(event, "s3:")
	category, kind, has := strings.Cut(event, ":")
	kinds, ok := s3Events[category]
	switch {
	case ok && has && slices.Contains(kinds, kind), ok && !has && kinds == nil:
		return event, ""
	case ok && !has:
		return category + ":" + kinds[0], ""
	}
	return event, "S3 has no event " + quote(event) + "; there are ObjectCreated:*, ObjectCreated:Put, ObjectRemoved:*, ..."
}

// sources checks what entries may not share.
func (c *checker) sources(p *Plan) {
	type seen struct {
		entry string
		t     *Trigger
	}
	var before []seen
	for i := range p.Entries {
		e := &p.Entries[i]
		for j := range e.Triggers {
			t := &e.Triggers[j]
			for _, b := range before {
				if msg := clash(b.t, t); msg != "" && b.t.Key() != t.Key() || msg != "" && b.entry != e.Name {
					c.errorf(cmp.Or(t.Pos, e.Pos), "entry point %s: %s: %s has it too", e.Name, msg, b.entry)
				}
			}
			before = append(before, seen{e.Name, t})
		}
	}
}

// clash returns what two triggers cannot both have.
func clash(a, b *Trigger) string {
	if a.Type != b.Type {
		return ""
	}
	switch {
	case a.Type == "http" && a.route() == b.route():
		return "the route " + b.Method + " " + b.Path
	case a.Type == "sqs" && a.Queue == b.Queue:
		return "each message of the queue " + b.Queue + " goes to one function only"
	case a.Type == "s3" && a.Bucket == b.Bucket && eventsOverlap(a.Event, b.Event) &&
		(strings.HasSuffix(a.Suffix, b.Suffix) || strings.HasSuffix(b.Suffix, a.Suffix)):
		return "an object of the bucket " + b.Bucket + " can start one function only; event " + b.Event + " with suffix " + quote(b.Suffix)
	}
	return ""
}

func eventsOverlap(a, b string) bool {
	ca, ka, _ := strings.Cut(a, ":")
	cb, kb, _ := strings.Cut(b, ":")
	return ca == cb && (ka == kb || ka == "*" || kb == "*")
}
