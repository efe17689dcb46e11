package source

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/rt/clock"
)

// A Queue is the event source mapping of a queue, with ReportBatchItemFailures. What is not deleted since it
// failed comes again when its visibility timeout is over, until the redrive policy of the queue makes it a dead letter.
type Queue struct {
	Client      *sqs.Client
	URL, ARN    string
	Function    string        // with qualifier
	Batch       int           // most records of an event; 0 is 1
	Window      time.Duration // for how long a batch is gathered, on the clock
	Concurrency int           // most invocations at the same time; 0 is 5
	Clock       *clock.Clock
	Invoke      Invoke
}

const (
	pollers    = 5  // that ask the queue at the same time
	maxReceive = 10 // messages that SQS gives at once
	longPoll   = 20 // seconds that SQS waits for one
)

// Run polls until the context ends, and then waits for the invocations that are running.
func (q *Queue) Run(ctx context.Context) {
	most := q.Concurrency
	if most == 0 {
		most = pollers
	}
	slots := make(chan struct{}, most)
	var tasks sync.WaitGroup
	for range min(pollers, most) {
		tasks.Go(func() {
			for {
				select {
				case slots <- struct{}{}:
				case <-ctx.Done():
					return
				}
				batch := q.gather(ctx)
				if len(batch) == 0 {
					<-slots
					continue
				}
				tasks.Go(func() {
					q.handle(ctx, batch)
					<-slots
				})
			}
		})
	}
	tasks.Wait()
}

// gather receives a batch: what is there once something is, and with a window what comes until it is over.
func (q *Queue) gather(ctx context.Context) []types.Message {
	batch := q.receive(ctx, q.batch(), longPoll)
	if len(batch) == 0 || q.Window == 0 {
		return batch
	}
	for end := q.Clock.Now().Add(q.Window); len(batch) < q.batch() && ctx.Err() == nil; {
		left := end.Sub(q.Clock.Now())
		if left <= 0 {
			break
		}
		batch = append(batch, q.receive(ctx, q.batch()-len(batch), int32((left+time.Second-1)/time.Second))...)
	}
	return batch
}

func (q *Queue) batch() int { return max(q.Batch, 1) }

func (q *Queue) receive(ctx context.Context, most int, wait int32) []types.Message {
	out, err := q.Client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:                    &q.URL,
		MaxNumberOfMessages:         int32(min(most, maxReceive)),
		WaitTimeSeconds:             min(wait, longPoll),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil {
		pause(ctx)
		return nil
	}
	return out.Messages
}

// pause keeps a service that fails from being asked all the time.
func pause(ctx context.Context) {
	select {
	case <-time.After(100 * time.Millisecond):
	case <-ctx.Done():
	}
}

// handle invokes the function for a batch, and deletes what has not failed. A throttled batch is tried again; on AWS until the visibility timeout is
// over, but then the messages come to another poller, so it is all the same.
func (q *Queue) handle(ctx context.Context, batch []types.Message) {
	in := lambda.Invocation{Function: q.Function, Payload: SQSEvent(q.ARN, batch)}
	const maxTries = 5
	for try := range maxTries {
		// The invocation goes on when polling has ended; so does its batch.
		res, err := q.Invoke(context.WithoutCancel(ctx), in)
		if e, ok := errors.AsType[*lambda.Error](err); ok && e.Throttled() {
			if !q.Clock.Sleep(ctx.Done(), q.Clock.Now().Add(time.Second<<try)) {
				return
			}
			continue
		}
		if err == nil {
			q.delete(context.WithoutCancel(ctx), batch, res)
		}
		return
	}
}

// delete deletes the messages that have not failed.
func (q *Queue) delete(ctx context.Context, batch []types.Message, res *lambda.Result) {
	failed, ok := failures(res, func(id string) bool {
		return slices.ContainsFunc(batch, func(m types.Message) bool { return *m.MessageId == id })
	})
	if !ok {
		return
	}
	var done []types.DeleteMessageBatchRequestEntry
	for i, m := range batch {
		if !failed[*m.MessageId] {
			done = append(done, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
		}
	}
	for part := range slices.Chunk(done, maxReceive) {
		// If it fails the messages come again, as they may anyway.
		q.Client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q.URL, Entries: part})
	}
}

// SQSEvent returns the event of a batch of a queue.
func SQSEvent(arn string, batch []types.Message) []byte {
	var e events.SQSEvent
	for _, m := range batch {
		r := events.SQSMessage{
			MessageId:              aws.ToString(m.MessageId),
			ReceiptHandle:          aws.ToString(m.ReceiptHandle),
			Body:                   aws.ToString(m.Body),
			Md5OfBody:              aws.ToString(m.MD5OfBody),
			Md5OfMessageAttributes: aws.ToString(m.MD5OfMessageAttributes),
			Attributes:             maps.Clone(m.Attributes),
			MessageAttributes:      map[string]events.SQSMessageAttribute{},
			EventSource:            "aws:sqs",
			EventSourceARN:         arn,
			AWSRegion:              lambda.DefaultRegion,
		}
		for name, a := range m.MessageAttributes {
			r.MessageAttributes[name] = events.SQSMessageAttribute{
				StringValue: a.StringValue, BinaryValue: a.BinaryValue, DataType: aws.ToString(a.DataType),
				StringListValues: []string{}, BinaryListValues: [][]byte{},
			}
		}
		e.Records = append(e.Records, r)
	}
	return mustJSON(e)
}
