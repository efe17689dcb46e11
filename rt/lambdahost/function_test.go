package lambdahost

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/harkgen/harkgen/internal/awsemu/emutest"
	"github.com/harkgen/harkgen/rt/clock"
	"github.com/harkgen/harkgen/rt/lambdahost/awscall"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/dynamo"
)

// This file defines a function for tests: the handler, the fake services, the log.

// A tested is a function with everything around it.
type tested struct {
	*host
	t   *testing.T
	aws *emutest.AWS
	out buffer // the log, stdout
	err buffer // the log, stderr
	n   int    // invocations
	fns *versions

	received map[string]int // messages, by their ids: how often
}

// A buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newFunction(t *testing.T) *tested {
	t.Helper()
	f := emutest.New(t)
	s := open(t, f)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sqs, err := awscall.New(f.Config(), "sqs")
	if err != nil {
		t.Fatal(err)
	}
	ticks, err := clock.New("", 1)
	if err != nil {
		t.Fatal(err)
	}
	l := &tested{t: t, aws: f}
	l.host = &host{
		program:  "fake",
		entry:    Entry{Kind: KindMain},
		version:  "3",
		build:    buildName("3", "aaaa"),
		exe:      exe,
		meter:    &meter{},
		clock:    ticks,
		store:    s,
		queue:    &queue{client: sqs, url: f.QueueURL()},
		stdout:   &l.out,
		stderr:   &l.err,
		patience: 100 * time.Millisecond,
		linger:   20 * time.Millisecond,

		leaseTime: leaseTime,
		margin:    func(left time.Duration) time.Duration { return min(left*5/6, 5*time.Second) },
	}
	l.fns = newVersions(t, l.host)
	l.self = &function{client: l.fns, name: "f"}
	return l
}

func open(t *testing.T, f *emutest.AWS) store.Atomic {
	t.Helper()
	s, err := dynamo.Open(dynamo.Options{Table: emutest.Table, Bucket: emutest.Bucket, DynamoDB: f.DynamoDBClient(), S3: f.S3Client()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// invoke is one invocation with so much time.
func (l *tested) invoke(event any, timeout time.Duration) (string, error) {
	l.t.Helper()
	return l.invokeIn(l.t.Context(), event, timeout)
}

func (l *tested) invokeIn(ctx context.Context, event any, timeout time.Duration) (string, error) {
	l.t.Helper()
	payload, err := json.Marshal(event)
	if err != nil {
		l.t.Fatal(err)
	}
	l.n++
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: fmt.Sprint("request-", l.n)})
	out, err := l.Invoke(ctx, payload)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		l.t.Errorf("invocation %d was killed at the deadline", l.n)
	}
	return string(out), err
}

func (l *tested) start(timeout time.Duration, run string, args ...string) Result {
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
func (l *tested) deliver(timeout time.Duration, ms ...emutest.Message) []string {
	l.t.Helper()
	return l.deliverIn(l.t.Context(), timeout, ms...)
}

func (l *tested) deliverIn(ctx context.Context, timeout time.Duration, ms ...emutest.Message) []string {
	l.t.Helper()
	var e events.SQSEvent
	if l.received == nil {
		l.received = map[string]int{}
	}
	for _, m := range ms {
		l.received[m.ID]++
		e.Records = append(e.Records, events.SQSMessage{
			MessageId:     m.ID,
			ReceiptHandle: m.Receipt,
			Body:          m.Body,
			EventSource:   "aws:sqs",
			Attributes:    map[string]string{"ApproximateReceiveCount": strconv.Itoa(l.received[m.ID])},
		})
	}
	out, err := l.invokeIn(ctx, e, timeout)
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
func (l *tested) record(run string) *store.Run {
	l.t.Helper()
	r, _, err := l.get(l.t.Context(), run)
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

// change changes the stored record.
func (l *tested) change(run string, f func(*store.Run)) {
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

// elapse makes time pass until the run's Wake: by the clock, or, if an invocation may be executing it, in its record.
func (l *tested) elapse(run string) {
	l.t.Helper()
	if r := l.record(run); r.State == store.Waiting {
		if err := l.clock.Advance(max(l.left(r), 0)); err != nil {
			l.t.Fatal(err)
		}
		return
	}
	l.change(run, func(r *store.Run) { r.Wake = time.Now().Add(-time.Second) })
}

func (l *tested) wantOut(want string) {
	l.t.Helper()
	if l.out.String() != want {
		l.t.Errorf("stdout %q, want %q; stderr %q", l.out.String(), want, l.err.String())
	}
}
