package source

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/internal/awsemu"
	"github.com/harkgen/harkgen/rt/clock"
)

// A fixture is a queue that is polled, and its queue of dead letters.
type fixture struct {
	t         *testing.T
	clock     *clock.Clock
	client    *sqs.Client
	url, dead string
}

// poll lets a function handle what comes, until the test ends.
func poll(t *testing.T, q Queue, f func(events.SQSEvent) (*lambda.Result, error)) *fixture {
	t.Helper()
	c, err := clock.New("", 1)
	if err != nil {
		t.Fatal(err)
	}
	emu, err := awsemu.Serve(awsemu.Options{Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(emu.Close)
	x := &fixture{t: t, clock: c, client: sqs.NewFromConfig(emu.Config())}
	x.dead = x.queue("dead", nil)
	const arn = "arn:aws:sqs:eu-central-1:123456789012:"
	x.url = x.queue("q", map[string]string{"VisibilityTimeout": "60", "RedrivePolicy": `{"deadLetterTargetArn":"` + arn + `dead","maxReceiveCount":3}`})
	q.Client, q.URL, q.ARN, q.Function, q.Clock = x.client, x.url, arn+"q", "f:live", c
	q.Invoke = func(_ context.Context, in lambda.Invocation) (*lambda.Result, error) {
		var e events.SQSEvent
		if err := json.Unmarshal(in.Payload, &e); err != nil || in.Function != "f:live" {
			t.Errorf("%s: %v", in.Payload, err)
		}
		return f(e)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { q.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return x
}

func (x *fixture) queue(name string, attrs map[string]string) string {
	x.t.Helper()
	out, err := x.client.CreateQueue(context.Background(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attrs})
	if err != nil {
		x.t.Fatal(err)
	}
	return *out.QueueUrl
}

func (x *fixture) send(bodies ...string) {
	x.t.Helper()
	for _, b := range bodies {
		if _, err := x.client.SendMessage(x.t.Context(), &sqs.SendMessageInput{QueueUrl: &x.url, MessageBody: aws.String(b)}); err != nil {
			x.t.Fatal(err)
		}
	}
}

// left returns how many messages a queue has.
func (x *fixture) left(url string) string {
	x.t.Helper()
	out, err := x.client.GetQueueAttributes(x.t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil {
		x.t.Fatal(err)
	}
	a := out.Attributes
	return a["ApproximateNumberOfMessages"] + "+" + a["ApproximateNumberOfMessagesNotVisible"]
}

// until waits for what is sure to come.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in a minute: %s", what)
		}
	}
}

// TestFailures lets one message of a batch fail, until it is a dead letter.
func TestFailures(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	x := poll(t, Queue{Batch: 10}, func(e events.SQSEvent) (*lambda.Result, error) {
		mu.Lock()
		defer mu.Unlock()
		res := events.SQSEventResponse{}
		for _, m := range e.Records {
			seen[m.Body]++
			if m.Body == "bad" {
				res.BatchItemFailures = append(res.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			}
		}
		data, _ := json.Marshal(res)
		return &lambda.Result{Payload: data}, nil
	})
	x.send("a", "bad", "b")
	count := func(body string) int {
		mu.Lock()
		defer mu.Unlock()
		return seen[body]
	}
	for n := 1; n <= 3; n++ {
		until(t, fmt.Sprint("delivery ", n), func() bool { return count("bad") == n && x.left(x.url) == "0+1" })
		x.clock.Advance(time.Minute)
	}
	until(t, "it is a dead letter", func() bool { return x.left(x.url) == "0+0" && x.left(x.dead) == "1+0" })
	if count("a") != 1 || count("b") != 1 || count("bad") != 3 {
		t.Errorf("deliveries: %v", seen)
	}
}

// TestFunctionFails checks that all messages of a batch come again.
func TestFunctionFails(t *testing.T) {
	var mu sync.Mutex
	tries := 0
	x := poll(t, Queue{}, func(e events.SQSEvent) (*lambda.Result, error) {
		mu.Lock()
		defer mu.Unlock()
		tries++
		switch tries {
		case 1:
			return &lambda.Result{Failed: true, Payload: []byte(`{}`)}, nil
		case 2:
			return &lambda.Result{Payload: []byte(`{"batchItemFailures":[{"itemIdentifier":"nobody"}]}`)}, nil
		}
		return &lambda.Result{Payload: []byte(`null`)}, nil
	})
	x.send("a")
	for n := 1; n <= 2; n++ {
		until(t, "a delivery", func() bool { mu.Lock(); defer mu.Unlock(); return tries == n })
		x.clock.Advance(time.Minute)
	}
	until(t, "success", func() bool { return x.left(x.url) == "0+0" })
}

// TestConcurrency checks the limit, and that it is reached.
func TestConcurrency(t *testing.T) {
	const limit = 3
	var mu sync.Mutex
	running, most, done := 0, 0, 0
	full := make(chan struct{})
	x := poll(t, Queue{Concurrency: limit}, func(e events.SQSEvent) (*lambda.Result, error) {
		mu.Lock()
		running++
		if most = max(most, running); running == limit && done == 0 {
			close(full)
		}
		mu.Unlock()
		<-full
		mu.Lock()
		running--
		done++
		mu.Unlock()
		return &lambda.Result{Payload: []byte(`null`)}, nil
	})
	x.send("1", "2", "3", "4", "5", "6", "7", "8", "9")
	until(t, "all are done", func() bool { mu.Lock(); defer mu.Unlock(); return done == 9 })
	if most > limit {
		t.Errorf("%d at the same time", most)
	}
}

// TestThrottled checks that a throttled batch is not lost, nor counted as a delivery.
func TestThrottled(t *testing.T) {
	var mu sync.Mutex
	tries := 0
	x := poll(t, Queue{}, func(e events.SQSEvent) (*lambda.Result, error) {
		mu.Lock()
		defer mu.Unlock()
		if tries++; tries == 1 {
			return nil, &lambda.Error{Code: "TooManyRequestsException"}
		}
		if n := e.Records[0].Attributes["ApproximateReceiveCount"]; n != "1" {
			t.Errorf("delivery %s", n)
		}
		return &lambda.Result{Payload: []byte(`null`)}, nil
	})
	x.send("a")
	until(t, "throttled", func() bool { mu.Lock(); defer mu.Unlock(); return tries == 1 })
	x.clock.Advance(time.Second)
	until(t, "success", func() bool { return x.left(x.url) == "0+0" })
}

// TestWindow checks that a batch is gathered.
func TestWindow(t *testing.T) {
	batches := make(chan int, 10)
	x := poll(t, Queue{Batch: 3, Window: 30 * time.Second, Concurrency: 1}, func(e events.SQSEvent) (*lambda.Result, error) {
		batches <- len(e.Records)
		return &lambda.Result{Payload: []byte(`null`)}, nil
	})
	// A message must not come again while the clock is set forward.
	if _, err := x.client.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &x.url, Attributes: map[string]string{"VisibilityTimeout": "43200"}}); err != nil {
		t.Fatal(err)
	}
	x.send("1", "2", "3", "4")
	if n := <-batches; n != 3 {
		t.Errorf("the batch has %d", n)
	}
	until(t, "the fourth was received", func() bool { return x.left(x.url) == "0+1" })
	for n := 0; n == 0; {
		x.clock.Advance(30 * time.Second)
		select {
		case n = <-batches:
			if n != 1 {
				t.Errorf("the batch has %d", n)
			}
		case <-time.After(100 * time.Millisecond): // the window began after the clock was set forward
		}
	}
}
