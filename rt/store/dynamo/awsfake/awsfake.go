// Package awsfake answers the few requests that harkgen's AWS packages make, from
// memory: DynamoDB, S3 and SQS, spoken to over HTTP by the unmodified SDK clients.
// Only tests import it.
//
// It refuses what the services refuse, as far as those requests can meet it
// (sizes, empty keys, a key twice in a batch, unused values, delays over 900
// seconds), and it refuses every operation, parameter and expression that it does not
// know, so that new code cannot pass here by being ignored. It does not check
// signatures, has no tables to create, and is always consistent.
//
// [Fake.Fault] makes it misbehave: throttle, fail, answer late, or lose the answer of
// a request that took effect.
package awsfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Names of the resources that exist.
const (
	Table  = "hark-table"
	Bucket = "hark-bucket"
	Region = "eu-central-1"
)

// Fault says how one request goes wrong. The zero value: it does not.
type Fault struct {
	Delay  time.Duration // before anything else
	Status int           // answered instead of doing anything: 400 is a throttle, 5xx a failure
	Lose   bool          // the request takes effect, then the connection breaks
}

// Fake is the services. Its methods are safe for concurrent use.
type Fake struct {
	// Fault, when set, is asked before each request; op is as "dynamodb.PutItem", "s3.PUT".
	// It is called by one goroutine at a time. Set it before the first request.
	Fault func(op string) Fault

	server *httptest.Server

	mu         sync.Mutex
	items      map[string]map[string]item // by pk, sk
	objects    map[string][]byte
	queue      []Message
	visibility map[string]time.Duration // by receipt handle
	counts     map[string]int
}

// New starts a fake.
func New() *Fake {
	f := &Fake{
		items:      map[string]map[string]item{},
		objects:    map[string][]byte{},
		visibility: map[string]time.Duration{},
		counts:     map[string]int{},
	}
	f.server = httptest.NewServer(f)
	return f
}

// Close stops the fake.
func (f *Fake) Close() { f.server.Close() }

// URL is the endpoint of all services.
func (f *Fake) URL() string { return f.server.URL }

// QueueURL is the address of the queue.
func (f *Fake) QueueURL() string { return f.server.URL + "/123456789012/hark-queue" }

// Config is a configuration with made-up credentials, whose clients retry often, but without waiting long.
func (f *Fake) Config() aws.Config {
	return aws.Config{
		Region:       Region,
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDFAKE", "fake", ""),
		BaseEndpoint: aws.String(f.URL()),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = 20
				o.MaxBackoff = time.Millisecond
				o.RateLimiter = ratelimit.None
			})
		},
	}
}

// DynamoDB, S3 and SQS are the SDK's clients for this fake.
func (f *Fake) DynamoDB() *dynamodb.Client { return dynamodb.NewFromConfig(f.Config()) }

func (f *Fake) S3() *s3.Client {
	return s3.NewFromConfig(f.Config(), func(o *s3.Options) { o.UsePathStyle = true })
}

func (f *Fake) SQS() *sqs.Client { return sqs.NewFromConfig(f.Config()) }

// Count returns how many requests of an operation arrived, or of all, "".
func (f *Fake) Count(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[op]
}

// apiError is an error as the JSON protocols send it.
type apiError struct {
	status int
	code   string
	msg    string
	item   item // of a failed condition
}

func (e *apiError) Error() string { return e.code + ": " + e.msg }

func invalid(format string, args ...any) *apiError {
	return &apiError{status: 400, code: "ValidationException", msg: fmt.Sprintf(format, args...)}
}

func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	target := r.Header.Get("X-Amz-Target")
	service, op, json := strings.Cut(target, ".")
	switch {
	case strings.HasPrefix(service, "DynamoDB_"):
		op = "dynamodb." + op
	case service == "AmazonSQS":
		op = "sqs." + op
	default:
		op = "s3." + r.Method
	}
	fault := f.arrive(op)
	time.Sleep(fault.Delay)
	answer := httptest.NewRecorder()
	switch {
	case r.Header.Get("Authorization") == "":
		answer.WriteHeader(http.StatusForbidden)
	case fault.Status == 400:
		f.writeError(answer, &apiError{status: 400, code: "ThrottlingException", msg: "Rate exceeded"})
	case fault.Status != 0:
		f.writeError(answer, &apiError{status: fault.Status, code: "InternalServerError", msg: "made to fail"})
	case json:
		f.serveJSON(answer, op, body)
	default:
		f.serveS3(answer, r, body)
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

func (f *Fake) arrive(op string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts[op]++
	f.counts[""]++
	if f.Fault == nil {
		return Fault{}
	}
	return f.Fault(op)
}

func (f *Fake) serveJSON(w http.ResponseWriter, op string, body []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out any
	var err *apiError
	switch op {
	case "dynamodb.PutItem":
		out, err = handle(body, f.putItem)
	case "dynamodb.GetItem":
		out, err = handle(body, f.getItem)
	case "dynamodb.DeleteItem":
		out, err = handle(body, f.deleteItem)
	case "dynamodb.Query":
		out, err = handle(body, f.query)
	case "dynamodb.BatchWriteItem":
		out, err = handle(body, f.batchWriteItem)
	case "sqs.SendMessage":
		out, err = handle(body, f.sendMessage)
	case "sqs.ChangeMessageVisibility":
		out, err = handle(body, f.changeVisibility)
	default:
		err = &apiError{status: 400, code: "UnknownOperationException", msg: op}
	}
	if err != nil {
		f.writeError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	json.NewEncoder(w).Encode(out)
}

// handle decodes a request strictly: a parameter that In does not have is an error.
func handle[In, Out any](body []byte, do func(*In) (Out, *apiError)) (any, *apiError) {
	in := new(In)
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		return nil, &apiError{status: 400, code: "SerializationException", msg: err.Error()}
	}
	return do(in)
}

func (f *Fake) writeError(w http.ResponseWriter, e *apiError) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amzn-ErrorType", e.code)
	w.WriteHeader(e.status)
	m := map[string]any{"__type": "com.amazonaws.dynamodb.v20120810#" + e.code, "message": e.msg}
	if e.item != nil {
		m["Item"] = e.item
	}
	json.NewEncoder(w).Encode(m)
}
