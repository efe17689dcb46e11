package lambdahost

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// This file defines the requests to the queue of wake-ups.

type queue struct {
	client *sqs.Client
	url    string
}

// send sends a wake-up that arrives after the delay, or after SQS's maximum: the receiver then sends
// it on.
func (q *queue) send(ctx context.Context, w wakeUp, delay time.Duration) error {
	body, err := json.Marshal(w)
	if err != nil {
		return err
	}
	_, err = q.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:     aws.String(q.url),
		MessageBody:  aws.String(string(body)),
		DelaySeconds: delaySeconds(delay),
	})
	if err != nil {
		return fmt.Errorf("send a wake-up: %w", err)
	}
	return nil
}

// again makes a message that will be reported as failed visible after the delay, instead
// of after the visibility timeout of the queue.
func (q *queue) again(ctx context.Context, receipt string, delay time.Duration) error {
	_, err := q.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl:          aws.String(q.url),
		ReceiptHandle:     aws.String(receipt),
		VisibilityTimeout: delaySeconds(delay),
	})
	return err
}
