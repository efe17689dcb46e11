// Package awsemu emulates the AWS services that a deployment needs, over HTTP, spoken to by the unmodified SDKs: one endpoint for all, told apart by the request.
// The local cloud and tests use it.
//
// It refuses what the services refuse, and every operation, parameter and expression that it does not
// know, so that nothing passes here by being ignored. State is in memory. It does not check signatures or
// permissions, and it is always consistent. Times go by [Options.Clock].
//
// Each service is a package; what the local cloud needs of one beyond its API is in the fields of [Emulator].
//
// [Options.Fault] makes it misbehave: throttle, fail, answer late, or lose the answer of
// a request that took effect.
//
// # Compared with others
//
// TestConformance is a table of calls and their outcomes, which is run against this emulator, moto 5.2.5 and ElasticMQ 1.6.11. They agree
// but for what the table says of each, which comes to this. Ours does what the manuals of AWS say.
//
// moto, DynamoDB: takes what the service refuses (unused values, an operand compared with itself, BETWEEN with its bounds swapped, keys in
// filters and of the wrong type, a key twice in a batch, projections that overlap, numbers out of range, index keys of the wrong type) and
// breaks with status 500 on expressions that cannot be parsed; keeps numbers as they were written, and computes with 28 digits; projects one
// element of a list at most; has no LastEvaluatedKey when a page ends with the last item; ignores tokens of transactions; counts capacity as 1.
// An unknown index is ResourceNotFoundException.
//
// moto, others: takes SQS messages that are empty or no XML, and unknown attributes of queues; does not say where a dead letter came from, and
// has no move tasks; invokes no schedules, and does not check their expressions; takes a schedule group twice, and an empty SNS message; ignores
// logStreamNamePrefix, and JSON patterns of logs; ignores wrong checksums of objects.
//
// ElasticMQ: deleting twice is an error; visibility timeouts have no limit; an empty batch and odd ids of entries are fine; a message of
// 1 MiB is too large; many errors have other codes. Both it and moto say ReceiptHandleIsInvalid where a deleted message's visibility is changed.
package awsemu

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/api"
	"github.com/harkgen/harkgen/internal/awsemu/dynamodb"
	"github.com/harkgen/harkgen/internal/awsemu/events"
	"github.com/harkgen/harkgen/internal/awsemu/logs"
	"github.com/harkgen/harkgen/internal/awsemu/s3"
	"github.com/harkgen/harkgen/internal/awsemu/scheduler"
	"github.com/harkgen/harkgen/internal/awsemu/sns"
	"github.com/harkgen/harkgen/internal/awsemu/sqs"
	"github.com/harkgen/harkgen/rt/clock"
)

// Region and Account are what all resources belong to.
const (
	Region  = api.Region
	Account = api.Account
)

// Options are for New. All are optional.
type Options struct {
	Clock *clock.Clock

	// Fault is asked before each request; op is as "dynamodb.PutItem", "s3.PUT" ("s3.LIST" of a GET that lists), "lambda.POST".
	Fault func(op string) Fault

	// Lambda serves the API of Lambda.
	Lambda http.Handler

	// Invoke starts a function, of an ARN, without waiting for it: for schedules and subscriptions. An error makes a schedule try again.
	Invoke func(function string, payload []byte) error
}

// Emulator is the services. It is an [http.Handler]. Its methods are safe for concurrent use.
type Emulator struct {
	DynamoDB  *dynamodb.Service
	SQS       *sqs.Service
	S3        *s3.Service
	SNS       *sns.Service
	Events    *events.Service
	Scheduler *scheduler.Service
	Logs      *logs.Service

	json   map[string]service // those that are told by X-Amz-Target, by what it begins with
	lambda http.Handler
	invoke func(function string, payload []byte) error

	mu     sync.Mutex
	fault  func(op string) Fault
	counts map[string]int
}

// A service is one that speaks JSON.
type service struct {
	name     string
	ops      api.Ops
	version  string // of JSON: "1.0" or "1.1"
	throttle *api.Error
}

// New returns the services, with nothing in them. It must be closed.
func New(opts Options) (*Emulator, error) {
	e := &Emulator{
		DynamoDB: dynamodb.New(opts.Clock),
		SQS:      sqs.New(opts.Clock),
		S3:       s3.New(opts.Clock),
		Events:   events.New(opts.Clock),
		Logs:     logs.New(opts.Clock),
		lambda:   opts.Lambda,
		invoke:   opts.Invoke,
		fault:    opts.Fault,
		counts:   map[string]int{},
	}
	e.SNS = sns.New(opts.Clock, e.notify)
	e.Scheduler = scheduler.New(opts.Clock, e.deliver, func(queue, body string) error { return e.SQS.Send(queue, body, nil) })
	throttled := &api.Error{Status: 403, Code: "RequestThrottled", Message: made, Query: "RequestThrottled"}
	e.json = map[string]service{
		"DynamoDB_20120810": {"dynamodb", e.DynamoDB.Ops(), "1.0", api.Errorf("ProvisionedThroughputExceededException", made)},
		"AmazonSQS":         {"sqs", e.SQS.Ops(), "1.0", throttled},
		"AWSEvents":         {"events", e.Events.Ops(), "1.1", api.Errorf("ThrottlingException", made)},
		"Logs_20140328":     {"logs", e.Logs.Ops(), "1.1", api.Errorf("ThrottlingException", made)},
	}
	return e, nil
}

const made = "made to be throttled"

// Close ends what the services do by themselves.
func (e *Emulator) Close() { e.Scheduler.Close() }

// SetFault replaces Options.Fault.
func (e *Emulator) SetFault(f func(op string) Fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fault = f
}

// Count returns how many requests of an operation arrived, or of all, "".
func (e *Emulator) Count(op string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.counts[op]
}

// Counts returns how many requests of each operation arrived.
func (e *Emulator) Counts() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	counts := maps.Clone(e.counts)
	delete(counts, "")
	return counts
}

// ResetCounts makes Count begin at 0 again.
func (e *Emulator) ResetCounts() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.counts)
}

// arrive counts a request and says what goes wrong with it.
func (e *Emulator) arrive(op string) Fault {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counts[op]++
	e.counts[""]++
	if e.fault == nil {
		return Fault{}
	}
	return e.fault(op)
}

// A request is one that has been told apart.
type request struct {
	*http.Request
	op       string // "sqs.SendMessage"
	serve    func(w http.ResponseWriter, c *api.Call)
	throttle func(w http.ResponseWriter)
}

// ServeHTTP implements [http.Handler].
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := scope(r)
	if name == "" {
		http.Error(w, "the request is not signed", http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	req := e.tell(r, name, body)
	fault := e.arrive(req.op)
	time.Sleep(fault.Delay)
	if fault.Before != nil {
		fault.Before()
	}
	answer := httptest.NewRecorder()
	switch {
	case fault.Throttle:
		req.throttle(answer)
	case fault.Status != 0:
		writeError(answer, &api.Error{Status: fault.Status, Code: "InternalServerError", Message: "made to fail"}, "1.0")
	default:
		req.serve(answer, &api.Call{Context: r.Context(), Endpoint: "http://" + r.Host, Fault: fault})
	}
	if fault.After != nil {
		fault.After()
	}
	if fault.Lose {
		panic(http.ErrAbortHandler)
	}
	for k, v := range answer.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes())
}

// scope returns the service that a request was signed for, "" if it was not.
func scope(r *http.Request) string {
	_, cred, ok := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if !ok {
		cred = r.URL.Query().Get("X-Amz-Credential") // a presigned URL
	}
	cred, _, _ = strings.Cut(cred, ",")
	parts := strings.Split(cred, "/") // key, date, region, service, aws4_request
	if len(parts) != 5 {
		return ""
	}
	return parts[3]
}

// tell finds the operation.
func (e *Emulator) tell(r *http.Request, name string, body []byte) request {
	target, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	s, isJSON := e.json[target]
	switch {
	case isJSON:
		return request{r, s.name + "." + op,
			func(w http.ResponseWriter, c *api.Call) { s.call(w, c, op, body) },
			func(w http.ResponseWriter) { writeError(w, s.throttle, s.version) }}
	case name == "s3":
		method := r.Method
		if r.URL.Query().Has("list-type") {
			method = "LIST"
		}
		return request{r, "s3." + method,
			func(w http.ResponseWriter, _ *api.Call) { e.S3.ServeHTTP(w, r) },
			e.S3.Throttle}
	case name == "sns":
		return e.tellSNS(r, body)
	case name == "scheduler":
		return request{r, "scheduler." + e.Scheduler.Op(r),
			func(w http.ResponseWriter, _ *api.Call) {
				out, err := e.Scheduler.Serve(r, body)
				write(w, out, err, "1.1")
			},
			func(w http.ResponseWriter) { writeError(w, tooMany("ThrottlingException"), "1.1") }}
	case name == "lambda" && e.lambda != nil:
		return request{r, "lambda." + r.Method,
			func(w http.ResponseWriter, _ *api.Call) { e.lambda.ServeHTTP(w, r) },
			func(w http.ResponseWriter) { writeError(w, tooMany("TooManyRequestsException"), "1.1") }}
	}
	refuse := func(w http.ResponseWriter) {
		writeError(w, api.Errorf("UnknownOperationException", "the emulator does not know %s %s of %s", r.Method, r.URL.Path, name), "1.0")
	}
	return request{r, name + "." + r.Method, func(w http.ResponseWriter, _ *api.Call) { refuse(w) }, refuse}
}

func tooMany(code string) *api.Error {
	return &api.Error{Status: http.StatusTooManyRequests, Code: code, Message: made}
}

// tellSNS finds the operation of a request in the query protocol.
func (e *Emulator) tellSNS(r *http.Request, body []byte) request {
	op, params, err := api.ParseQuery(body)
	return request{r, "sns." + op,
		func(w http.ResponseWriter, c *api.Call) {
			var out any
			if err == nil {
				out, err = call(e.SNS.Ops(), c, "sns", op, params)
			}
			if err != nil {
				api.WriteQueryError(w, err)
				return
			}
			api.WriteQuery(w, sns.Namespace, op, out)
		},
		func(w http.ResponseWriter) { api.WriteQueryError(w, tooMany("Throttled")) }}
}

func (s service) call(w http.ResponseWriter, c *api.Call, name string, body []byte) {
	out, err := call(s.ops, c, s.name, name, body)
	write(w, out, err, s.version)
}

// call calls an operation of a service.
func call(ops api.Ops, c *api.Call, service, name string, body []byte) (any, error) {
	op := ops[name]
	if op == nil {
		return nil, api.Errorf("UnknownOperationException", "the emulator does not know %s of %s", name, service)
	}
	return op(c, body)
}

// write writes an answer in JSON.
func write(w http.ResponseWriter, out any, err error, version string) {
	if err != nil {
		writeError(w, err, version)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-"+version)
	json.NewEncoder(w).Encode(out)
}

func writeError(w http.ResponseWriter, err error, version string) {
	var e *api.Error
	if !errors.As(err, &e) {
		e = &api.Error{Status: http.StatusInternalServerError, Code: "InternalServerError", Message: err.Error()}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-"+version)
	w.Header().Set("X-Amzn-ErrorType", e.Code)
	if e.Query != "" {
		w.Header().Set("X-Amzn-Query-Error", e.Query+";Sender")
	}
	w.WriteHeader(e.Status)
	m := map[string]any{"__type": e.Code, "message": e.Message}
	for k, v := range e.More {
		m[k] = v
	}
	json.NewEncoder(w).Encode(m)
}

// QueueURL returns the address of a queue at an endpoint.
func QueueURL(endpoint, name string) string {
	u, err := url.JoinPath(endpoint, Account, name)
	if err != nil {
		panic(err) // the caller's endpoint is no URL
	}
	return u
}
