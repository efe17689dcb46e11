// Package plan describes a deployment of a compiled program as plain data. The
// compiler makes a [Plan], and each way to deploy it is a function of the plan:
// [github.com/harkgen/harkgen/deploygen/sam] writes the template for AWS.
//
// Invariants that [Plan.Check] establishes and every such function relies on:
//
//  1. Logical ids are a function of the name of the entry, or of the queue, bucket, topic or table, alone, so that adding,
//     removing or reordering others never renames (that is, replaces) a resource.
//  2. No two resources of a plan have the same logical id, not even when case
//     is ignored: sam build makes a directory per id, and file systems differ.
//  3. Defaults are filled in, and everything is within the limits of the services.
package plan

// A Plan is what is to be deployed.
type Plan struct {
	Program string  `json:"program"` // what the whole is called, usually the module path
	Stack   string  `json:"stack"`   // name of the stack; "" is made of the last part of Program
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
	Name    string `json:"name"`              // like "wordcount"; unique
	Package string `json:"package,omitempty"` // its import path in the source
	Target  string `json:"target"`            // the package to build, relative to the output module; "" is ./cmd/Name
	Tags    string `json:"tags,omitempty"`    // build tags besides Tag, with commas
	Pos     string `json:"pos,omitempty"`     // file:line:col of what makes it one, for errors

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
type EnvVar struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Policy allows actions, like "s3:GetObject", on resources: ARNs, or "*".
type Policy struct {
	Actions   []string `json:"actions"`
	Resources []string `json:"resources"`
}

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

	Method   string `json:"method,omitempty"`   // http; "" is ANY
	Path     string `json:"path,omitempty"`     // http: as API Gateway writes it, "/orders/{id}", "/{proxy+}"
	Schedule string `json:"schedule,omitempty"` // schedule: rate(...) or cron(...)
	Queue    string `json:"queue,omitempty"`    // sqs: name of a queue that the stack makes, or ARN of one that is there
	Bucket   string `json:"bucket,omitempty"`   // s3: name of a bucket that the stack makes
	Event    string `json:"event,omitempty"`    // s3: "ObjectCreated:*"; without what comes after the colon, all of it
	Suffix   string `json:"suffix,omitempty"`   // s3
	Topic    string `json:"topic,omitempty"`    // sns: name of a topic that the stack makes, or ARN
	Table    string `json:"table,omitempty"`    // dynamodb-stream: name of a table that the stack makes, with keys pk and sk, both strings; or ARN of a stream
	Pattern  string `json:"pattern,omitempty"`  // eventbridge: JSON
	Batch    bool   `json:"batch,omitempty"`    // the handler takes a whole batch of records, not one
}

// Defaults and limits. The limits are those of the services.
const (
	DefaultMemory       = 1024
	DefaultStorage      = 512
	DefaultRunRetention = 14
	DefaultConcurrency  = 100
	DefaultLogRetention = 30

	MinMemory, MaxMemory           = 128, 10240
	MinTimeout, MaxTimeout         = 30, 900 // below, too little is left after the margin for commits
	MinStorage, MaxStorage         = 512, 10240
	MinConcurrency, MaxConcurrency = 2, 1000

	MaxResources = 500      // of a template
	maxRetention = 10 * 365 // days that finished runs are kept
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
	EnvTracing     = "HARK_TRACING"     // URL of the OTLP endpoint; not set without one
	EnvClasses     = "HARK_CLASSES"     // JSON: name of a Class -> ARN of its function, with the version of the same build; not set without classes
)

// Build constraints.
const (
	Tag        = "hark_lambda" // an entry's package is a Lambda handler
	TracingTag = "hark_otlp"   // a handler links what sends traces, 7 MB
)

// HandlerTags returns the build tags of an entry's handler, with commas.
func (p *Plan) HandlerTags(e *Entry) string {
	tags := Tag + ",lambda.norpc"
	if p.Tracing != "" {
		tags += "," + TracingTag
	}
	if e.Tags != "" {
		tags += "," + e.Tags
	}
	return tags
}
