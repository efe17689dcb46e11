package lambdahost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/harkgen/harkgen/internal/awsemu/emutest"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/dynamo"
)

// This file defines a function for tests: the handler, the fake services, the log.

// A function is one function with everything around it.
type function struct {
	*host
	t   *testing.T
	aws *emutest.AWS
	out bytes.Buffer // the log, stdout
	err bytes.Buffer // the log, stderr
	n   int          // invocations
}

func newFunction(t *testing.T) *function {
	t.Helper()
	f := emutest.New(t)
	s, err := dynamo.Open(t.Context(), dynamo.Options{Table: emutest.Table, Bucket: emutest.Bucket, DynamoDB: f.DynamoDBClient(), S3: f.S3Client()})
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l := &function{t: t, aws: f}
	l.host = &host{
		program:  "fake",
		version:  "3",
		build:    buildName("3", "aaaa"),
		exe:      exe,
		store:    s,
		queue:    &queue{client: f.SQSClient(), url: f.QueueURL()},
		stdout:   &l.out,
		stderr:   &l.err,
		patience: 100 * time.Millisecond,
		margin:   func(left time.Duration) time.Duration { return min(left*5/6, 5*time.Second) },
	}
	return l
}

// invoke is one invocation with so much time.
func (l *function) invoke(event any, timeout time.Duration) (string, error) {
	l.t.Helper()
	payload, err := json.Marshal(event)
	if err != nil {
		l.t.Fatal(err)
	}
	l.n++
	ctx, cancel := context.WithTimeout(l.t.Context(), timeout)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: fmt.Sprint("request-", l.n)})
	out, err := l.Invoke(ctx, payload)
	if ctx.Err() != nil {
		l.t.Errorf("invocation %d was killed at the deadline", l.n)
	}
	return string(out), err
}

func (l *function) start(timeout time.Duration, run string, args ...string) Result {
	l.t.Helper()
	out, err := l.invoke(StartEvent{Run: run, Args: args}, timeout)
	if err != nil {
		l.t.Fatal(err)
	}
	var res Result
	if err := json.Unmarshal([]byte(out), &res); err != nil {
		l.t.Fatal(err)
	}
	return res
}

// deliver invokes the function with messages and returns the ids of those that failed.
func (l *function) deliver(timeout time.Duration, ms ...emutest.Message) []string {
	l.t.Helper()
	var e events.SQSEvent
	for _, m := range ms {
		e.Records = append(e.Records, events.SQSMessage{
			MessageId:     m.ID,
			ReceiptHandle: m.Receipt,
			Body:          m.Body,
			EventSource:   "aws:sqs",
			Attributes:    map[string]string{"ApproximateReceiveCount": "2"},
		})
	}
	out, err := l.invoke(e, timeout)
	if err != nil {
		l.t.Fatal(err)
	}
	var res events.SQSEventResponse
	if err := json.Unmarshal([]byte(out), &res); err != nil {
		l.t.Fatal(err)
	}
	var failed []string
	for _, f := range res.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed
}

// record returns what is stored about the run.
func (l *function) record(run string) *store.Run {
	l.t.Helper()
	r, _, err := l.get(l.t.Context(), run)
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

// change changes the stored record.
func (l *function) change(run string, f func(*store.Run)) {
	l.t.Helper()
	r, version, err := l.get(l.t.Context(), run)
	if err != nil {
		l.t.Fatal(err)
	}
	f(r)
	data, err := r.Encode()
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := l.store.Put(l.t.Context(), store.Record{ID: run, Version: version, Data: data}); err != nil {
		l.t.Fatal(err)
	}
}

// elapse makes time pass until the run's Wake.
func (l *function) elapse(run string) {
	l.change(run, func(r *store.Run) { r.Wake = time.Now().Add(-time.Second) })
}

func (l *function) wantOut(want string) {
	l.t.Helper()
	if l.out.String() != want {
		l.t.Errorf("stdout %q, want %q; stderr %q", l.out.String(), want, l.err.String())
	}
}
