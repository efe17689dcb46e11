package lambdahost

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines how wake-ups are sent: by SQS if that can hold them back for long enough, else by EventBridge Scheduler.

type queue struct {
	client *sqs.Client
	url    string
	dead   string // URL of the queue of dead letters

	scheduler schedules // nil: there is none
	group     string    // of schedules
	arn       string    // of the queue
	role      string    // ARN
}

// A schedules is what is used of *scheduler.Client.
type schedules interface {
	CreateSchedule(ctx context.Context, in *scheduler.CreateScheduleInput, opts ...func(*scheduler.Options)) (*scheduler.CreateScheduleOutput, error)
}

// newQueue returns the queue that the environment names.
func newQueue(cfg aws.Config) *queue {
	q := &queue{client: sqs.NewFromConfig(cfg), url: os.Getenv(EnvQueue), dead: os.Getenv(EnvDeadLetters), group: os.Getenv(EnvSchedules), arn: os.Getenv(EnvQueueARN), role: os.Getenv(EnvScheduler)}
	if q.group != "" && q.arn != "" && q.role != "" {
		q.scheduler = scheduler.NewFromConfig(cfg)
	}
	return q
}

const (
	// maxDelay is the longest that SQS holds a message back.
	maxDelay = 900 * time.Second
	// early is how long before its time a schedule sends a wake-up: it has a precision of a minute. SQS holds it back for the rest.
	early = 90 * time.Second
)

// wakeIn sends a wake-up that arrives after a time, by the clock, or, if there is no scheduler, after SQS's maximum: the receiver then sends it on.
func (h *host) wakeIn(ctx context.Context, w wakeUp, d time.Duration) error {
	body, err := json.Marshal(w)
	if err != nil {
		return err
	}
	if d > maxDelay && h.queue.scheduler != nil {
		err = h.queue.schedule(ctx, w, string(body), h.clock.Now().Add(d-early))
	} else {
		err = h.queue.send(ctx, h.queue.url, string(body), d)
	}
	if err != nil {
		return fmt.Errorf("send a wake-up: %w", err)
	}
	return nil
}

func (q *queue) send(ctx context.Context, url, body string, delay time.Duration) error {
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:     aws.String(url),
		MessageBody:  aws.String(body),
		DelaySeconds: delaySeconds(delay),
	})
	return err
}

// bury makes a dead letter of the event that started a run, in the form of those that Lambda makes.
func (h *host) bury(ctx context.Context, run *store.Run, why string) error {
	if run.Origin == nil || h.queue.dead == "" {
		return nil
	}
	payload, err := run.Origin.Data(ctx, h.store)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{
		"requestContext": map[string]string{"condition": "RunFailed", "run": run.ID}, "requestPayload": json.RawMessage(payload),
		"responsePayload": map[string]string{"errorMessage": why},
	})
	if err != nil {
		return err
	}
	if err := h.queue.send(ctx, h.queue.dead, string(body), 0); err != nil {
		return fmt.Errorf("make a dead letter of the event of run %s: %w", run.ID, err)
	}
	return nil
}

// schedule makes a schedule that sends the message. One that exists has been made by somebody else, or by a request whose answer was lost.
func (q *queue) schedule(ctx context.Context, w wakeUp, body string, at time.Time) error {
	at = at.UTC().Truncate(time.Second)
	_, err := q.scheduler.CreateSchedule(ctx, &scheduler.CreateScheduleInput{
		Name:                  aws.String(scheduleName(w, at)),
		GroupName:             aws.String(q.group),
		ScheduleExpression:    aws.String("at(" + at.Format("2006-01-02T15:04:05") + ")"),
		FlexibleTimeWindow:    &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		ActionAfterCompletion: types.ActionAfterCompletionDelete,
		Target:                &types.Target{Arn: aws.String(q.arn), RoleArn: aws.String(q.role), Input: aws.String(body)},
	})
	if _, ok := errors.AsType[*types.ConflictException](err); ok {
		return nil
	}
	return err
}

// scheduleName is the same for the same wake-up. Ids of runs may be too long for it, and have other letters.
func scheduleName(w wakeUp, at time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", w.Run, w.Step, at.Unix()))
	return "hark-" + hex.EncodeToString(sum[:16])
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

// delaySeconds rounds up, so that a wake-up is rather late than early, which would cost another.
func delaySeconds(d time.Duration) int32 {
	d = min(max(d, 0), maxDelay)
	return int32((d + time.Second - 1) / time.Second)
}
