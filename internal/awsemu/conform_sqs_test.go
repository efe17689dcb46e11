package awsemu_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// This file defines the checks of SQS. They really wait a second here and there, for the clocks of peers are the machine's.

type attrs = map[string]string

// queue makes a queue and returns its URL.
func (e *env) queue(suffix string, a attrs) *string {
	e.t.Helper()
	out, err := e.sqs.CreateQueue(e.ctx, &sqs.CreateQueueInput{QueueName: aws.String(e.name + suffix), Attributes: a})
	e.ok(err)
	return out.QueueUrl
}

func (e *env) send(q *string, body string, delay int32) string {
	_, err := e.sqs.SendMessage(e.ctx, &sqs.SendMessageInput{QueueUrl: q, MessageBody: &body, DelaySeconds: delay})
	return code(err)
}

// receive returns the messages, and their bodies, sorted.
func (e *env) receive(q *string, in sqs.ReceiveMessageInput) ([]types.Message, string) {
	e.t.Helper()
	in.QueueUrl = q
	if in.MaxNumberOfMessages == 0 {
		in.MaxNumberOfMessages = 10
	}
	out, err := e.sqs.ReceiveMessage(e.ctx, &in)
	if err != nil {
		return nil, code(err)
	}
	var bodies []string
	for _, m := range out.Messages {
		bodies = append(bodies, *m.Body)
	}
	slices.Sort(bodies)
	return out.Messages, strings.Join(bodies, " ")
}

func (e *env) bodies(q *string) string {
	_, b := e.receive(q, sqs.ReceiveMessageInput{})
	return b
}

func (e *env) delete(q *string, m types.Message) string {
	_, err := e.sqs.DeleteMessage(e.ctx, &sqs.DeleteMessageInput{QueueUrl: q, ReceiptHandle: m.ReceiptHandle})
	return code(err)
}

func (e *env) visibility(q *string, m types.Message, seconds int32) string {
	_, err := e.sqs.ChangeMessageVisibility(e.ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: q, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds})
	return code(err)
}

func (e *env) counts(q *string) string {
	out, err := e.sqs.GetQueueAttributes(e.ctx, &sqs.GetQueueAttributesInput{QueueUrl: q, AttributeNames: []types.QueueAttributeName{"All"}})
	e.ok(err)
	a := out.Attributes
	return fmt.Sprint(a["ApproximateNumberOfMessages"], " ", a["ApproximateNumberOfMessagesNotVisible"], " ", a["ApproximateNumberOfMessagesDelayed"])
}

// deadLetters makes a queue and its dead-letter queue.
func (e *env) deadLetters(max int) (q, dead *string) {
	dead = e.queue("-dead", nil)
	policy := fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:%s-dead","maxReceiveCount":%d}`, e.name, max)
	return e.queue("", attrs{"RedrivePolicy": policy, "VisibilityTimeout": "0"}), dead
}

var sqsChecks = []check{
	{"send, receive, delete", func(e *env) string {
		q := e.queue("", nil)
		sent, err := e.sqs.SendMessage(e.ctx, &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String("hello")})
		e.ok(err)
		ms, got := e.receive(q, sqs.ReceiveMessageInput{})
		hidden := e.bodies(q)
		return lines(*sent.MD5OfMessageBody, got, *ms[0].MessageId == *sent.MessageId, *ms[0].MD5OfBody, "hidden:"+hidden, e.delete(q, ms[0]), e.delete(q, ms[0]), e.counts(q))
	}, "5d41402abc4b2a76b9719d911017c592; hello; true; 5d41402abc4b2a76b9719d911017c592; hidden:; ok; ok; 0 0 0", elasticmq("5d41402abc4b2a76b9719d911017c592; hello; true; 5d41402abc4b2a76b9719d911017c592; hidden:; ok; ReceiptHandleIsInvalid; 0 0 0")},
	{"visibility timeout", func(e *env) string {
		q := e.queue("", attrs{"VisibilityTimeout": "1"})
		e.send(q, "m", 0)
		first := e.bodies(q)
		again := ""
		soon(func() bool { again = e.bodies(q); return again != "" })
		return lines(first, again)
	}, "m; m", nil},
	{"visibility timeout of a receive", func(e *env) string {
		q := e.queue("", attrs{"VisibilityTimeout": "0"})
		e.send(q, "m", 0)
		_, first := e.receive(q, sqs.ReceiveMessageInput{VisibilityTimeout: 100})
		return lines(first, e.bodies(q), e.counts(q))
	}, "m; ; 0 1 0", nil},
	{"change of visibility", func(e *env) string {
		q := e.queue("", attrs{"VisibilityTimeout": "100"})
		e.send(q, "m", 0)
		ms, _ := e.receive(q, sqs.ReceiveMessageInput{})
		now := e.visibility(q, ms[0], 0)
		again, got := e.receive(q, sqs.ReceiveMessageInput{})
		more := e.visibility(q, again[0], 1000)
		return lines(now, got, more, e.visibility(q, again[0], 43201), e.visibility(q, types.Message{ReceiptHandle: aws.String("made up")}, 1), e.bodies(q))
	}, "ok; m; ok; InvalidParameterValue; ReceiptHandleIsInvalid; ", elasticmq("ok; m; ok; ok; ReceiptHandleIsInvalid; ")},
	{"visibility of what is gone", func(e *env) string {
		q := e.queue("", nil)
		e.send(q, "m", 0)
		ms, _ := e.receive(q, sqs.ReceiveMessageInput{})
		e.delete(q, ms[0])
		return e.visibility(q, ms[0], 10)
	}, "InvalidParameterValue", both("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid")},
	{"delay", func(e *env) string {
		q := e.queue("", nil)
		e.send(q, "late", 1)
		early, counts := e.bodies(q), e.counts(q)
		late := ""
		soon(func() bool { late = e.bodies(q); return late != "" })
		return lines(early, counts, late)
	}, "; 0 0 1; late", nil},
	{"delay of the queue", func(e *env) string {
		q := e.queue("", attrs{"DelaySeconds": "100"})
		_, err := e.sqs.SendMessage(e.ctx, &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String("m")})
		return lines(code(err), e.bodies(q), e.counts(q))
	}, "ok; ; 0 0 1", nil},
	{"long poll", func(e *env) string {
		q := e.queue("", nil)
		done := make(chan string)
		go func() {
			_, got := e.receive(q, sqs.ReceiveMessageInput{WaitTimeSeconds: 20})
			done <- got
		}()
		time.Sleep(200 * time.Millisecond) // it is most likely waiting by then
		e.send(q, "m", 0)
		return <-done
	}, "m", nil},
	{"long poll that ends", func(e *env) string {
		q := e.queue("", nil)
		start := time.Now()
		_, got := e.receive(q, sqs.ReceiveMessageInput{WaitTimeSeconds: 1})
		return lines(got, time.Since(start) >= 900*time.Millisecond)
	}, "; true", nil},
	{"long poll until a message becomes visible", func(e *env) string {
		q := e.queue("", nil)
		e.send(q, "m", 1)
		_, got := e.receive(q, sqs.ReceiveMessageInput{WaitTimeSeconds: 20})
		return got
	}, "m", nil},
	{"attributes of a message", func(e *env) string {
		q := e.queue("", attrs{"VisibilityTimeout": "0"})
		sent, err := e.sqs.SendMessage(e.ctx, &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String("m"), MessageAttributes: map[string]types.MessageAttributeValue{
			"kind.a": {DataType: aws.String("String"), StringValue: aws.String("test")},
			"n":      {DataType: aws.String("Number"), StringValue: aws.String("12")},
			"raw":    {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1}},
		}})
		e.ok(err)
		e.bodies(q)
		ms, _ := e.receive(q, sqs.ReceiveMessageInput{MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})
		some, _ := e.receive(q, sqs.ReceiveMessageInput{MessageAttributeNames: []string{"kind.*", "n"}})
		m := ms[0]
		return lines(*sent.MD5OfMessageAttributes, *m.MD5OfMessageAttributes, len(m.MessageAttributes), *m.MessageAttributes["kind.a"].StringValue, m.MessageAttributes["raw"].BinaryValue,
			m.Attributes["ApproximateReceiveCount"], m.Attributes["SentTimestamp"] != "", m.Attributes["ApproximateFirstReceiveTimestamp"] != "", len(some[0].MessageAttributes))
	}, "96c1b8ca6ced1ef73922ce7d3702efd1; 96c1b8ca6ced1ef73922ce7d3702efd1; 3; test; [0 1]; 2; true; true; 2",
		elasticmq("96c1b8ca6ced1ef73922ce7d3702efd1; 96c1b8ca6ced1ef73922ce7d3702efd1; 3; test; [0 1]; 2; true; true; 1")},
	{"batch", func(e *env) string {
		q := e.queue("", nil)
		send := func(es ...types.SendMessageBatchRequestEntry) string {
			es = append([]types.SendMessageBatchRequestEntry{}, es...) // the SDK refuses nil itself
			out, err := e.sqs.SendMessageBatch(e.ctx, &sqs.SendMessageBatchInput{QueueUrl: q, Entries: es})
			if err != nil {
				return code(err)
			}
			return fmt.Sprint(len(out.Successful), " ", len(out.Failed))
		}
		entry := func(id, body string) types.SendMessageBatchRequestEntry {
			return types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body}
		}
		bad := entry("c", "late")
		bad.DelaySeconds = 901
		var many []types.SendMessageBatchRequestEntry
		for i := range 11 {
			many = append(many, entry(fmt.Sprint(i), "x"))
		}
		outs := []any{send(entry("a", "1"), entry("b", "2")), send(entry("a", "3"), bad), send(), send(entry("a", "1"), entry("a", "2")),
			send(many...), send(entry("a b", "1"))}
		ms, got := e.receive(q, sqs.ReceiveMessageInput{})
		var es []types.DeleteMessageBatchRequestEntry
		for i, m := range ms {
			es = append(es, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
		}
		es = append(es, types.DeleteMessageBatchRequestEntry{Id: aws.String("x"), ReceiptHandle: aws.String("made up")})
		del, err := e.sqs.DeleteMessageBatch(e.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: q, Entries: es})
		e.ok(err)
		return lines(append(outs, got, len(del.Successful), len(del.Failed), e.counts(q))...)
	}, "2 0; 1 1; EmptyBatchRequest; BatchEntryIdsNotDistinct; TooManyEntriesInBatchRequest; InvalidBatchEntryId; 1 2 3; 3; 1; 0 0 0",
		elasticmq("2 0; 1 1; 0 0; BatchEntryIdsNotDistinct; TooManyEntriesInBatchRequest; 1 0; 1 1 2 3; 4; 1; 0 0 0")},
	{"batch of visibilities", func(e *env) string {
		q := e.queue("", nil)
		e.send(q, "1", 0)
		e.send(q, "2", 0)
		var es []types.ChangeMessageVisibilityBatchRequestEntry
		ms := []types.Message{}
		soon(func() bool {
			more, _ := e.receive(q, sqs.ReceiveMessageInput{})
			ms = append(ms, more...)
			return len(ms) == 2
		})
		for i, m := range ms {
			es = append(es, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 0})
		}
		out, err := e.sqs.ChangeMessageVisibilityBatch(e.ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: q, Entries: es})
		e.ok(err)
		return lines(len(out.Successful), e.bodies(q))
	}, "2; 1 2", nil},
	{"dead letters", func(e *env) string {
		q, dead := e.deadLetters(2)
		e.send(q, "m", 0)
		outs := []any{e.bodies(q), e.bodies(q), e.bodies(q)}
		ms, got := e.receive(dead, sqs.ReceiveMessageInput{MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})
		outs = append(outs, got, e.counts(q))
		if len(ms) > 0 {
			outs = append(outs, strings.HasSuffix(ms[0].Attributes["DeadLetterQueueSourceArn"], e.name))
		}
		sources, err := e.sqs.ListDeadLetterSourceQueues(e.ctx, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: dead})
		e.ok(err)
		return lines(append(outs, len(sources.QueueUrls))...)
	}, "m; m; ; m; 0 0 0; true; 1", moto("m; m; ; m; 0 0 0; false; 1")},
	{"dead letters go back", func(e *env) string {
		q, dead := e.deadLetters(1)
		e.send(q, "m", 0)
		e.bodies(q)
		e.bodies(q)
		before := e.counts(dead)
		_, err := e.sqs.StartMessageMoveTask(e.ctx, &sqs.StartMessageMoveTaskInput{SourceArn: aws.String("arn:aws:sqs:eu-central-1:123456789012:" + e.name + "-dead")})
		got := ""
		soon(func() bool { got = e.bodies(q); return got != "" })
		return lines(before, code(err), got, e.counts(dead))
	}, "1 0 0; ok; m; 0 0 0", moto("-")}, // it moves nothing, and fails
	{"a move from a queue without dead letters", func(e *env) string {
		e.queue("", nil)
		_, err := e.sqs.StartMessageMoveTask(e.ctx, &sqs.StartMessageMoveTaskInput{SourceArn: aws.String("arn:aws:sqs:eu-central-1:123456789012:" + e.name)})
		return code(err)
	}, "InvalidParameterValue", both("500", "-")}, // ElasticMQ does not answer
	{"queues", func(e *env) string {
		q := e.queue("", attrs{"DelaySeconds": "7"})
		again := e.queue("", attrs{"DelaySeconds": "7"})
		_, other := e.sqs.CreateQueue(e.ctx, &sqs.CreateQueueInput{QueueName: &e.name, Attributes: attrs{"DelaySeconds": "8"}})
		url, err := e.sqs.GetQueueUrl(e.ctx, &sqs.GetQueueUrlInput{QueueName: &e.name})
		e.ok(err)
		_, none := e.sqs.GetQueueUrl(e.ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("missing")})
		list, err := e.sqs.ListQueues(e.ctx, &sqs.ListQueuesInput{QueueNamePrefix: &e.name})
		e.ok(err)
		_, set := e.sqs.SetQueueAttributes(e.ctx, &sqs.SetQueueAttributesInput{QueueUrl: q, Attributes: attrs{"DelaySeconds": "9"}})
		get, err := e.sqs.GetQueueAttributes(e.ctx, &sqs.GetQueueAttributesInput{QueueUrl: q, AttributeNames: []types.QueueAttributeName{"DelaySeconds", "VisibilityTimeout", "QueueArn"}})
		e.ok(err)
		return lines(*q == *again, code(other), *url.QueueUrl == *q, code(none), len(list.QueueUrls), code(set), get.Attributes["DelaySeconds"], get.Attributes["VisibilityTimeout"], get.Attributes["QueueArn"])
	}, "true; QueueNameExists; true; QueueDoesNotExist; 1; ok; 9; 30; arn:aws:sqs:eu-central-1:123456789012:NAME", nil},
	{"the other form of URL", func(e *env) string {
		e.queue("", nil)
		q := aws.String("https://sqs.eu-central-1.amazonaws.com/123456789012/" + e.name)
		return lines(e.send(q, "m", 0), e.bodies(q))
	}, "ok; m", nil},
	{"purge and delete", func(e *env) string {
		q := e.queue("", nil)
		e.send(q, "m", 0)
		_, purge := e.sqs.PurgeQueue(e.ctx, &sqs.PurgeQueueInput{QueueUrl: q})
		empty := e.bodies(q)
		_, del := e.sqs.DeleteQueue(e.ctx, &sqs.DeleteQueueInput{QueueUrl: q})
		return lines(code(purge), empty, code(del), e.send(q, "m", 0), e.bodies(q))
	}, "ok; ; ok; QueueDoesNotExist; QueueDoesNotExist", nil},
	{"messages that are refused", func(e *env) string {
		q := e.queue("", nil)
		return lines(e.send(q, "", 0), e.send(q, "m", 901), e.send(q, "m", -1), e.send(q, strings.Repeat("x", 1<<20+1), 0), e.send(q, "\x00", 0), e.send(q, strings.Repeat("x", 1<<20), 0))
	}, "MissingParameter; InvalidParameterValue; InvalidParameterValue; InvalidParameterValue; InvalidMessageContents; ok",
		both("ok; InvalidParameterValue; ok; InvalidParameterValue; ok; ok", "InvalidAttributeValue; InvalidParameterValue; InvalidParameterValue; InvalidAttributeValue; InvalidAttributeValue; InvalidAttributeValue")},
	{"receives that are refused", func(e *env) string {
		q := e.queue("", nil)
		var outs []any
		for _, in := range []sqs.ReceiveMessageInput{{MaxNumberOfMessages: 11}, {MaxNumberOfMessages: -1}, {WaitTimeSeconds: 21}, {VisibilityTimeout: 43201}} {
			_, got := e.receive(q, in)
			outs = append(outs, got)
		}
		return lines(append(outs, e.delete(q, types.Message{ReceiptHandle: aws.String("made up")}))...)
	}, "InvalidParameterValue; InvalidParameterValue; InvalidParameterValue; InvalidParameterValue; ReceiptHandleIsInvalid",
		elasticmq("InvalidAttributeValue; InvalidAttributeValue; InvalidAttributeValue; ; ReceiptHandleIsInvalid")},
	{"queues that are refused", func(e *env) string {
		create := func(name string, a attrs) string {
			_, err := e.sqs.CreateQueue(e.ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: a})
			return code(err)
		}
		return lines(create("with space", nil), create(strings.Repeat("x", 81), nil), create(e.name, attrs{"DelaySeconds": "901"}), create(e.name, attrs{"Unknown": "1"}),
			create(e.name, attrs{"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:missing","maxReceiveCount":1}`}))
	}, "InvalidParameterValue; InvalidParameterValue; InvalidAttributeValue; InvalidAttributeName; InvalidParameterValue",
		both("InvalidParameterValue; InvalidParameterValue; ok; ok; QueueDoesNotExist", "InvalidAttributeName; InvalidAttributeName; ok; ok; QueueDoesNotExist")},
}
