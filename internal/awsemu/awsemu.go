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
package awsemu

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/api"
	"github.com/harkgen/harkgen/internal/awsemu/dynamodb"
	"github.com/harkgen/harkgen/internal/awsemu/s3"
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

	// Fault is asked before each request; op is as "dynamodb.PutItem", "s3.PUT", "lambda.POST".
	Fault func(op string) Fault

	// Lambda serves the API of Lambda.
	Lambda http.Handler
}

// Emulator is the services. It is an [http.Handler]. Its methods are safe for concurrent use.
type Emulator struct {
	DynamoDB *dynamodb.Service
	SQS      *sqs.Service
	S3       *s3.Service

	json   map[string]service // those that are told by X-Amz-Target, by what it begins with
	lambda http.Handler

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

// New returns the services, with nothing in them.
func New(opts Options) (*Emulator, error) {
	e := &Emulator{
		DynamoDB: dynamodb.New(opts.Clock),
		SQS:      sqs.New(opts.Clock),
		S3:       s3.New(opts.Clock),
		lambda:   opts.Lambda,
		fault:    opts.Fault,
		counts:   map[string]int{},
	}
	e.json = map[string]service{
		"DynamoDB_20120810": {"dynamodb", e.DynamoDB.Ops(), "1.0", api.Errorf("ProvisionedThroughputExceededException", "made to be throttled")},
		"AmazonSQS":         {"sqs", e.SQS.Ops(), "1.0", &api.Error{Status: 403, Code: "RequestThrottled", Message: "made to be throttled", Query: "RequestThrottled"}},
	}
	return e, nil
}

// Close ends what the services do by themselves.
func (e *Emulator) Close() {
}

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
		return request{r, "s3." + r.Method,
			func(w http.ResponseWriter, _ *api.Call) { e.S3.ServeHTTP(w, r) },
			e.S3.Throttle}
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
	return &api.Error{Status: http.StatusTooManyRequests, Code: code, Message: "made to be throttled"}
}

func (s service) call(w http.ResponseWriter, c *api.Call, name string, body []byte) {
	op := s.ops[name]
	if op == nil {
		writeError(w, api.Errorf("UnknownOperationException", "the emulator does not know %s of %s", name, s.name), s.version)
		return
	}
	out, err := op(c, body)
	if err != nil {
		writeError(w, err, s.version)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-"+s.version)
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
