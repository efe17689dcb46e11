package lambdahost

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/harkgen/harkgen/internal/awsemu/emutest"
	"github.com/harkgen/harkgen/rt/store"
)

// newHandler is a function whose program handles events.
func newHandler(t *testing.T, kind string) *tested {
	l := newFunction(t)
	l.entry = Entry{Kind: kind, Args: []string{"handler"}}
	l.queue.arn = "arn:wake-ups"
	l.queue.dead = l.queue.url // so that the test receives them
	return l
}

func sqsEvent(bodies ...string) []byte {
	var e events.SQSEvent
	for _, b := range bodies {
		e.Records = append(e.Records, events.SQSMessage{MessageId: "m-" + b, Body: b, EventSource: "aws:sqs", EventSourceARN: "arn:orders"})
	}
	return mustJSON(e)
}

// TestRecords delivers a batch twice: what has succeeded is found, what has failed is tried again.
func TestRecords(t *testing.T) {
	t.Parallel()
	l := newHandler(t, KindFunc)
	for i, want := range []int{4, 5} {
		out, err := l.invokeIn(t.Context(), json.RawMessage(sqsEvent("a", "fail", "later", "b")), 20*time.Second)
		if err != nil || out != `{"batchItemFailures":[{"itemIdentifier":"m-fail"}]}` {
			t.Errorf("%s, %v", out, err)
		}
		if n := strings.Count(l.out.String(), "handling\n"); n != want {
			t.Errorf("delivery %d: %d attempts, want %d", i+1, n, want)
		}
	}
	for run, want := range map[string]store.State{"fake-sqs-m-a": store.Done, "fake-sqs-m-fail": store.Failed, "fake-sqs-m-fail-2": store.Failed, "fake-sqs-m-later": store.Waiting} {
		if r := l.record(run); r.State != want || want == store.Failed && r.Error != "it has failed" {
			t.Errorf("%s: %s %q, want %s", run, r.State, r.Error, want)
		}
	}
}

// TestDeadLetter has a handler fail after it has waited: nobody has its event any more but the run.
func TestDeadLetter(t *testing.T) {
	t.Parallel()
	l := newHandler(t, KindFunc)
	if out, err := l.invokeIn(t.Context(), json.RawMessage(sqsEvent("later, fail")), 20*time.Second); err != nil || out != `{"batchItemFailures":[]}` {
		t.Errorf("%s, %v", out, err)
	}
	run := "fake-sqs-" + hash("m-later, fail")
	if r := l.record(run); r.State != store.Waiting || r.Origin == nil {
		t.Fatalf("%+v", r)
	}
	l.aws.Receive()
	l.elapse(run)
	wake := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "w", Body: `{"run":"` + run + `"}`, EventSource: "aws:sqs", EventSourceARN: l.queue.arn}}}
	if out, err := l.invoke(wake, 20*time.Second); err != nil || out != `{"batchItemFailures":[]}` {
		t.Errorf("%s, %v", out, err)
	}
	r := l.record(run)
	if r.State != store.Failed || r.Error != "it has failed" || r.Origin != nil {
		t.Errorf("%+v", r)
	}
	var letters []emutest.Message
	for _, m := range l.aws.Receive() {
		if strings.Contains(m.Body, "requestPayload") {
			letters = append(letters, m)
		}
	}
	var form struct{ RequestPayload json.RawMessage }
	if len(letters) != 1 || json.Unmarshal([]byte(letters[0].Body), &form) != nil {
		t.Fatalf("dead letters %+v", letters)
	}
	// What harkgen dead -replay sends starts another attempt.
	if out, err := l.invoke(form.RequestPayload, 20*time.Second); err != nil {
		t.Errorf("%s, %v", out, err)
	}
	if r := l.record(run + "-2"); r.State != store.Waiting {
		t.Errorf("%+v", r)
	}
}

// TestAnswers has an entry of kind lambda answer.
func TestAnswers(t *testing.T) {
	t.Parallel()
	l := newHandler(t, KindLambda)
	if out, err := l.invoke("hello", 20*time.Second); err != nil || out != `"hello"` {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := l.invoke("fail", 20*time.Second); err == nil || !strings.Contains(err.Error(), "it has failed") {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := l.invoke("later", 20*time.Second); err != nil || out != `{"run":"fake-request-request-3","state":"waiting"}` {
		t.Errorf("%s, %v", out, err)
	}
	l.n-- // Lambda tries again
	if out, err := l.invoke("later", 20*time.Second); err != nil || out != `{"run":"fake-request-request-3","state":"waiting"}` {
		t.Errorf("again: %s, %v", out, err)
	}
	l.elapse("fake-request-request-3")
	wake := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "w", Body: `{"run":"fake-request-request-3"}`, EventSource: "aws:sqs", EventSourceARN: l.queue.arn}}}
	if _, err := l.invoke(wake, 20*time.Second); err != nil {
		t.Error(err)
	}
	l.n = 2
	if out, err := l.invoke("later", 20*time.Second); err != nil || out != `"later"` {
		t.Errorf("in the end: %s, %v", out, err)
	}
}

// TestBatch hands a whole batch to one run.
func TestBatch(t *testing.T) {
	t.Parallel()
	l := newHandler(t, KindFunc)
	l.entry.Batch = true
	if out, err := l.invoke(json.RawMessage(sqsEvent("a", "b")), 20*time.Second); err != nil || !strings.Contains(out, `"m-b"`) {
		t.Errorf("%s, %v", out, err)
	}
	if n := strings.Count(l.out.String(), "handling\n"); n != 1 {
		t.Errorf("%d runs", n)
	}
}

// TestBatchFailures has the handler of a batch name a record that has failed: at once, so that the same batch is another attempt, and after a wait, so that the record is a dead letter.
func TestBatchFailures(t *testing.T) {
	t.Parallel()
	l := newHandler(t, KindFunc)
	l.entry.Batch = true
	batch := func(bodies ...string) json.RawMessage { // the handler answers with the event
		return append(sqsEvent(bodies...)[:len(sqsEvent(bodies...))-1], `,"batchItemFailures":[{"itemIdentifier":"m-b"}]}`...)
	}
	for n := 1; n <= 2; n++ {
		if out, err := l.invoke(batch("b"), 20*time.Second); err != nil || !strings.Contains(out, "batchItemFailures") {
			t.Errorf("%s, %v", out, err)
		}
		if k := strings.Count(l.out.String(), "handling\n"); k != n {
			t.Errorf("delivery %d: %d attempts", n, k)
		}
	}
	run := "fake-batch-" + hash("sqs-m-later", "sqs-m-b", "sqs-m-c")
	if out, err := l.invoke(batch("later", "b", "c"), 20*time.Second); err != nil || !strings.Contains(out, `"waiting"`) {
		t.Fatalf("%s, %v", out, err)
	}
	l.aws.Receive()
	l.elapse(run)
	wake := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "w", Body: `{"run":"` + run + `"}`, EventSource: "aws:sqs", EventSourceARN: l.queue.arn}}}
	if out, err := l.invoke(wake, 20*time.Second); err != nil || out != `{"batchItemFailures":[]}` {
		t.Errorf("%s, %v", out, err)
	}
	var letter struct{ RequestPayload events.SQSEvent }
	for _, m := range l.aws.Receive() {
		json.Unmarshal([]byte(m.Body), &letter)
	}
	if list := letter.RequestPayload.Records; len(list) != 1 || list[0].MessageId != "m-b" {
		t.Errorf("dead letter %+v", letter)
	}
	stream := []byte(`{"Records":[{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"1"}},{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"2"}},{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"3"}}]}`)
	if part := string(failedPart(stream, []string{"2"})); strings.Contains(part, `"1"`) || !strings.Contains(part, `"2"`) || !strings.Contains(part, `"3"`) {
		t.Errorf("of a stream: %s", part)
	}
	if part := failedPart(stream, []string{""}); string(part) != string(stream) {
		t.Errorf("without a name: %s", part)
	}
}

// TestSweepOthers sees to it that the table may be shared.
func TestSweepOthers(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	l.start(20*time.Second, "r", "sleep", "1h")
	l.change("r", func(r *store.Run) { r.Program.Package = "other" })
	if err := l.clock.Advance(3 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if res, err := l.sweep(t.Context()); err != nil || *res != (Swept{}) {
		t.Errorf("%+v, %v", res, err)
	}
}
