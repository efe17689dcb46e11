// Package plan describes a deployment of a compiled program as plain data. The
// compiler makes a [Plan], and each way to deploy it is a function of the plan:
// [github.com/harkgen/harkgen/deploygen/sam] writes the template for AWS.
//
// Invariants that [Plan.Check] establishes and every such function relies on:
//
//  1. Logical ids are a function of the entry's name alone, so that adding,
//     removing or reordering other entries never renames (that is, replaces) a resource.
//  2. No two resources of a plan have the same logical id, not even when case
//     is ignored: sam build makes a directory per id, and file systems differ.
//  3. Defaults are filled in, and everything is within the limits of the service.
package plan

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
)

// A Plan is what is to be deployed.
type Plan struct {
	Program string  `json:"program"` // what the whole is called, usually the module path
	Entries []Entry `json:"entries"` // in any order

	LogRetention        int               `json:"logRetention,omitempty"`        // days that logs are kept; 0 is DefaultLogRetention
	RunRetention        int               `json:"runRetention,omitempty"`        // days that finished runs are kept; 0 is DefaultRunRetention
	PointInTimeRecovery bool              `json:"pointInTimeRecovery,omitempty"` // continuous backups of the table, for a price
	Tags                map[string]string `json:"tags,omitempty"`                // of all resources that can have some
	AlarmTopic          string            `json:"alarmTopic,omitempty"`          // ARN of the topic that alarms are sent to
	Tracing             string            `json:"tracing,omitempty"`             // URL of an OTLP endpoint; "": no traces
}

// An Entry is an entry point with a handler of its own.
type Entry struct {
	Name   string `json:"name"`           // like "wordcount"; unique
	Target string `json:"target"`         // the package to build, relative to the output module; "" is ./cmd/Name
	Tags   string `json:"tags,omitempty"` // build tags besides Tag, with commas
	Pos    string `json:"pos,omitempty"`  // file:line:col of what makes it one, for errors

	Kind     Kind      `json:"kind"`               // "" is Main
	Triggers []Trigger `json:"triggers,omitempty"` // what starts it, besides an invocation
	Args     []string  `json:"args,omitempty"`     // of the command

	Resources
	Concurrency int      `json:"concurrency,omitempty"` // wake-ups handled at the same time; 0 is DefaultConcurrency
	Goroutines  []Class  `json:"goroutines,omitempty"`  // remote go statements with resources of their own
	Spread      bool     `json:"spread,omitempty"`      // its runs may have several processes
	Env         []EnvVar `json:"env,omitempty"`         // more environment variables
	Policies    []Policy `json:"policies,omitempty"`    // what the user's code may do, from hark.toml
}

// Resources are what an invocation has.
type Resources struct {
	Memory  int `json:"memory,omitempty"`  // in MB; 0 is DefaultMemory
	Timeout int `json:"timeout,omitempty"` // of one invocation, in seconds; 0 is MaxTimeout
	Storage int `json:"storage,omitempty"` // of /tmp, in MB; 0 is DefaultStorage
}

// A Class is the goroutines of remote go statements that share a function of their own, since they need other resources than the entry.
type Class struct {
	Name string `json:"name"` // unique in the entry, like "m2048"
	Resources
}

// An EnvVar is an environment variable.
type EnvVar struct{ Name, Value string }

// A Policy allows actions on resources, ARNs.
type Policy struct{ Actions, Resources []string }

// A Kind is what an entry point is in the source.
type Kind string

// The kinds. Func is a function with directives; its Triggers say what starts it.
const (
	Main   Kind = "main"
	Lambda Kind = "lambda" // lambda.Start: any event
	Server Kind = "server" // an HTTP server: one run for all requests
	Func   Kind = "func"
)

// A Trigger is an event that starts an entry point. Which fields are set follows from Type.
type Trigger struct {
	Type string `json:"type"` // "http", "schedule", "sqs", "s3", "sns", "dynamodb-stream", "eventbridge"
	Pos  string `json:"pos,omitempty"`

	Method   string `json:"method,omitempty"`   // http; "" is any
	Path     string `json:"path,omitempty"`     // http: as API Gateway writes it, "/orders/{id}", "/{proxy+}"
	Schedule string `json:"schedule,omitempty"` // schedule: rate(...) or cron(...)
	Queue    string `json:"queue,omitempty"`    // sqs: name of a queue that the stack makes, or ARN of one that is there
	Bucket   string `json:"bucket,omitempty"`   // s3: name in the stack
	Event    string `json:"event,omitempty"`    // s3: "ObjectCreated:*"
	Suffix   string `json:"suffix,omitempty"`   // s3
	Topic    string `json:"topic,omitempty"`    // sns: name in the stack, or ARN
	Table    string `json:"table,omitempty"`    // dynamodb-stream: name in the stack, or ARN of the stream
	Pattern  string `json:"pattern,omitempty"`  // eventbridge: JSON
	Batch    bool   `json:"batch,omitempty"`    // the handler takes a whole batch of records, not one
}

// Defaults and limits. The limits are those of AWS Lambda and CloudWatch Logs.
const (
	DefaultMemory       = 1024
	DefaultStorage      = 512
	DefaultRunRetention = 14
	DefaultConcurrency  = 100
	DefaultLogRetention = 30

	MinMemory, MaxMemory           = 128, 10240
	MinTimeout, MaxTimeout         = 30, 900 // below, too little is left after the margin for commits
	MinConcurrency, MaxConcurrency = 2, 1000
	MinStorage, MaxStorage         = 512, 10240
)

// retentions are the days that CloudWatch Logs accepts.
var retentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// Check returns a copy of the plan with its defaults filled in and its entries
// in the order of their names, or an error that joins all that is wrong with it.
func (p *Plan) Check() (*Plan, error) {
	c := *p
	c.Entries = slices.Clone(p.Entries)
	slices.SortStableFunc(c.Entries, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	c.LogRetention = cmp.Or(c.LogRetention, DefaultLogRetention)
	var errs []error
	if len(c.Entries) == 0 {
		errs = append(errs, errors.New("deploy: the program has no entry points"))
	}
	if !slices.Contains(retentions, c.LogRetention) {
		errs = append(errs, fmt.Errorf("deploy: logs cannot be kept for %d days; possible are %v", c.LogRetention, retentions))
	}
	names := map[string]string{} // lower-case logical id -> entry
	for i := range c.Entries {
		e := &c.Entries[i]
		if err := e.check(); err != nil {
			errs = append(errs, err)
			continue
		}
		id := strings.ToLower(e.ID())
		if other, clash := names[id]; clash {
			errs = append(errs, fmt.Errorf("deploy: the entry points %q and %q would both be %s in the template; rename one", other, e.Name, e.ID()))
		}
		names[id] = e.Name
	}
	return &c, errors.Join(errs...)
}

func (e *Entry) check() error {
	if e.Name == "" || e.ID() == "" || len(e.ID()) > MaxID {
		return fmt.Errorf("deploy: %q cannot be the name of an entry point", e.Name)
	}
	e.Target = cmp.Or(e.Target, "./cmd/"+e.Name)
	if !strings.HasPrefix(e.Target, "./") || path.Clean(e.Target) != e.Target[2:] || !plainPath(e.Target) {
		return fmt.Errorf("deploy: entry point %s: the package %q is not a plain path within the output module", e.Name, e.Target)
	}
	e.Memory = cmp.Or(e.Memory, DefaultMemory)
	e.Timeout = cmp.Or(e.Timeout, MaxTimeout)
	e.Concurrency = cmp.Or(e.Concurrency, DefaultConcurrency)
	for _, l := range []struct {
		what         string
		v, low, high int
	}{
		{"memory (MB)", e.Memory, MinMemory, MaxMemory},
		{"timeout (s)", e.Timeout, MinTimeout, MaxTimeout},
		{"concurrency", e.Concurrency, MinConcurrency, MaxConcurrency},
	} {
		if l.v < l.low || l.v > l.high {
			return fmt.Errorf("deploy: entry point %s: %s is %d, must be %d to %d", e.Name, l.what, l.v, l.low, l.high)
		}
	}
	return nil
}

// plainPath reports whether p means itself to make and to the shell.
func plainPath(p string) bool {
	return !strings.ContainsFunc(p, func(r rune) bool {
		return r != '.' && r != '/' && r != '-' && r != '_' && r != '+' && r != '~' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// MaxID leaves room for the suffixes within CloudFormation's 255.
const MaxID = 200

// ID is the stem of the entry's logical ids: the parts of its name, joined in camel
// case, since only ASCII letters and digits are allowed. Other letters are
// written as U and their code. "order-saga" is OrderSaga.
func (e *Entry) ID() string {
	var b strings.Builder
	up := true
	for _, r := range e.Name {
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
func (e *Entry) FunctionID() string    { return e.ID() + "Function" }
func (e *Entry) RoleID() string        { return e.ID() + "Role" }
func (e *Entry) QueueID() string       { return e.ID() + "Queue" }
func (e *Entry) DeadLettersID() string { return e.ID() + "DeadLetters" }
func (e *Entry) LogsID() string        { return e.ID() + "Logs" }

// Logical ids of the resources that all entries share. They end with none of the suffixes.
const (
	TableID        = "HarkTable"
	BucketID       = "HarkBucket"
	BucketPolicyID = "HarkBucketPolicy"
)

// Names of the environment variables through which a handler finds its resources. The runtime
// (rt/lambdahost) has the same ones; a test compares them.
const (
	EnvTable  = "HARK_TABLE"
	EnvBucket = "HARK_BUCKET"
	EnvQueue  = "HARK_QUEUE" // URL

	EnvEntry       = "HARK_ENTRY"       // name of the entry
	EnvKind        = "HARK_KIND"        // Kind of the entry
	EnvDeadLetters = "HARK_DEADLETTERS" // URL of the queue of dead letters
	EnvSchedules   = "HARK_SCHEDULES"   // group of one-time schedules
	EnvQueueARN    = "HARK_QUEUE_ARN"   // ARN of the queue, the target of schedules
	EnvScheduler   = "HARK_SCHEDULER"   // ARN of the role with which schedules send to the queue
	EnvRetention   = "HARK_RETENTION"   // days that finished runs are kept
	EnvTracing     = "HARK_TRACING"     // URL of the OTLP endpoint
)

// Tag is the build constraint under which an entry's package is a Lambda handler.
const Tag = "hark_lambda"
