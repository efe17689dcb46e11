package deployed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// This file defines what is done about dead letters.

// What a dead letter is.
const (
	WakeUp  = "wake-up"      // of a run
	Message = "message"      // of a queue that starts the entry
	Event   = "event"        // asynchronous: of a topic, a bucket, a rule, a schedule
	Batch   = "stream batch" // where records are in a stream
)

// A DeadLetter is one message in a queue of dead letters.
type DeadLetter struct {
	Entry string    `json:"entry"` // as the outputs name it
	ID    string    `json:"id"`
	Kind  string    `json:"kind"`
	Run   string    `json:"run,omitempty"` // of a wake-up
	Sent  time.Time `json:"sent"`
	Body  string    `json:"body"`

	source  string // ARN of the queue that it was in
	receipt string
}

// show is how long a message is out of sight while it is looked at, in seconds.
const show = 60

// DeadLetters returns all that can be received, of all entries. They stay in their queues.
func (d *Deployment) DeadLetters(ctx context.Context) ([]DeadLetter, error) {
	list, err := d.receive(ctx)
	for i := range list {
		err = errors.Join(err, d.giveBack(ctx, &list[i]))
	}
	return list, err
}

func (d *Deployment) receive(ctx context.Context) ([]DeadLetter, error) {
	var list []DeadLetter
	for _, entry := range plan.EntryIDs(d.outputs) {
		url := d.outputs[entry+(&plan.Entry{}).DeadLettersID()]
		seen := map[string]bool{}
		for {
			out, err := d.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
				QueueUrl: aws.String(url), MaxNumberOfMessages: 10, VisibilityTimeout: show, WaitTimeSeconds: 1,
				MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
			})
			if err != nil {
				return list, fmt.Errorf("the dead letters of %s: %w", entry, err)
			}
			if len(out.Messages) == 0 {
				break
			}
			for i := range out.Messages {
				if m := d.letter(entry, &out.Messages[i]); !seen[m.ID] {
					seen[m.ID] = true
					list = append(list, m)
				}
			}
		}
	}
	return list, nil
}

// letter says what a message is.
func (d *Deployment) letter(entry string, m *types.Message) DeadLetter {
	l := DeadLetter{
		Entry: entry, ID: aws.ToString(m.MessageId), Body: aws.ToString(m.Body), receipt: aws.ToString(m.ReceiptHandle),
		source: m.Attributes[string(types.MessageSystemAttributeNameDeadLetterQueueSourceArn)],
		Kind:   Message,
	}
	if ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64); err == nil {
		l.Sent = time.UnixMilli(ms).UTC()
	}
	var form struct {
		Run                string          `json:"run"`
		RequestPayload     json.RawMessage `json:"requestPayload"`
		DDBStreamBatchInfo json.RawMessage
	}
	if json.Unmarshal([]byte(l.Body), &form) != nil {
		return l
	}
	switch {
	case form.DDBStreamBatchInfo != nil:
		l.Kind = Batch
	case form.RequestPayload != nil:
		l.Kind = Event
	case form.Run != "" && (l.source == "" || queueName(l.source) == path.Base(d.outputs[entry+(&plan.Entry{}).QueueID()])):
		l.Kind, l.Run = WakeUp, form.Run
	}
	return l
}

// queueName returns the last part of the ARN of a queue.
func queueName(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

func (d *Deployment) giveBack(ctx context.Context, l *DeadLetter) error {
	_, err := d.sqs.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: aws.String(d.deadLetters(l)), ReceiptHandle: aws.String(l.receipt), VisibilityTimeout: 0,
	})
	return err
}

func (d *Deployment) deadLetters(l *DeadLetter) string {
	return d.outputs[l.Entry+(&plan.Entry{}).DeadLettersID()]
}

// Replay sends dead letters to where they came from, those with the ids, or all if there are none. It returns the ones that were sent; an error tells of the others, which stay.
func (d *Deployment) Replay(ctx context.Context, ids ...string) ([]DeadLetter, error) {
	list, err := d.receive(ctx)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	var sent []DeadLetter
	var errs []error
	for i := range list {
		l := &list[i]
		if len(ids) > 0 && !wanted[l.ID] {
			errs = append(errs, d.giveBack(ctx, l))
			continue
		}
		delete(wanted, l.ID)
		if err := d.replay(ctx, l); err != nil {
			errs = append(errs, fmt.Errorf("dead letter %s: %w", l.ID, err), d.giveBack(ctx, l))
			continue
		}
		sent = append(sent, *l)
	}
	for id := range wanted {
		errs = append(errs, fmt.Errorf("there is no dead letter %s at present", id))
	}
	return sent, errors.Join(errs...)
}

// replay sends one and deletes it. If it cannot be deleted it will be sent again, as events may be.
func (d *Deployment) replay(ctx context.Context, l *DeadLetter) error {
	var err error
	switch l.Kind {
	case Batch:
		return errors.New("it says only where records are in a stream, which cannot be delivered again; read them there")
	case Event:
		err = d.invokeAgain(ctx, l)
	default:
		err = d.sendAgain(ctx, l)
	}
	if err != nil {
		return err
	}
	_, err = d.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: aws.String(d.deadLetters(l)), ReceiptHandle: aws.String(l.receipt)})
	return err
}

func (d *Deployment) sendAgain(ctx context.Context, l *DeadLetter) error {
	url := d.outputs[l.Entry+(&plan.Entry{}).QueueID()]
	if l.source != "" {
		out, err := d.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(queueName(l.source))})
		if err != nil {
			return err
		}
		url = aws.ToString(out.QueueUrl)
	} else if l.Kind != WakeUp {
		return errors.New("it does not say which queue it was in")
	}
	body := l.Body
	if l.Kind == WakeUp { // without the step, as by hand: a run that has failed is tried again
		text, err := json.Marshal(map[string]string{"run": l.Run})
		if err != nil {
			return err
		}
		body = string(text)
	}
	_, err := d.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(url), MessageBody: aws.String(body)})
	return err
}

func (d *Deployment) invokeAgain(ctx context.Context, l *DeadLetter) error {
	var form struct {
		RequestPayload json.RawMessage `json:"requestPayload"`
	}
	if err := json.Unmarshal([]byte(l.Body), &form); err != nil {
		return err
	}
	_, err := d.lambda.Invoke(ctx, &lambda.InvokeInput{
		FunctionName:   aws.String(d.outputs[l.Entry+(&plan.Entry{}).FunctionID()]),
		InvocationType: lambdatypes.InvocationTypeEvent, Payload: form.RequestPayload,
	})
	return err
}
