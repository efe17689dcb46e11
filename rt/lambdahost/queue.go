package lambdahost

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/harkgen/harkgen/rt/lambdahost/awscall"
	"github.com/harkgen/harkgen/rt/store"
)

// This file defines how wake-ups are sent: by SQS if that can hold them back for long enough, else by EventBridge Scheduler.

type queue struct {
	client *awscall.Client
	url    string
	dead   string // URL of the queue of dead letters

	scheduler schedules // nil: there is none
	group     string    // of schedules
	arn       string    // of the queue
	role      string    // ARN
}

// A schedules is EventBridge Scheduler.
type schedules interface {
	// CreateSchedule makes a schedule of a group, unless there is one of this name.
	CreateSchedule(ctx context.Context, group, name string, s *schedule) error
}

// A schedule is what a schedule consists of.
type schedule struct {
	ScheduleExpression    string
	FlexibleTimeWindow    struct{ Mode string }
	ActionAfterCompletion string
	Target                struct{ Arn, RoleArn, Input string }
	GroupName             string
}

// newQueue returns the queue that the environment names.
func newQueue(cfg aws.Config) (*queue, error) {
	calls, err := awscall.New(cfg, "sqs")
	if err != nil {
		return nil, err
	}
	q := &queue{client: calls, url: os.Getenv(EnvQueue), dead: os.Getenv(EnvDeadLetters), group: os.Getenv(EnvSchedules), arn: os.Getenv(EnvQueueARN), role: os.Getenv(EnvScheduler)}
	if q.group != "" && q.arn != "" && q.role != "" {
		calls, err = awscall.New(cfg, "scheduler")
		q.scheduler = schedulerService{calls}
	}
	return q, err
}

// A schedulerService implements schedules.
type schedulerService struct{ calls *awscall.Client }

// CreateSchedule implements schedules. A schedule that exists has been made by somebody else, or by a request whose answer was lost.
func (c schedulerService) CreateSchedule(ctx context.Context, group, name string, s *schedule) error {
	s.GroupName = group
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = c.calls.Post(ctx, awscall.Call{
		Operation: "CreateSchedule", Path: "/schedules/" + name, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
	})
	if awscall.Code(err) == "ConflictException" {
		return nil
	}
	return err
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
	return q.post(ctx, "SendMessage", map[string]any{"QueueUrl": url, "MessageBody": body, "DelaySeconds": delaySeconds(delay)})
}

// post makes a call of SQS.
func (q *queue) post(ctx context.Context, operation string, in map[string]any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	_, err = q.client.Post(ctx, awscall.Call{
		Operation: operation,
		Header:    http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amz-Target": {"AmazonSQS." + operation}},
		Body:      body,
	})
	return err
}

// bury makes a dead letter of the event that started a run, in the form of those that Lambda makes. Of a batch it has the records that failed by the handler's answer, if that names some.
func (h *host) bury(ctx context.Context, run *store.Run, why string, answer []byte) error {
	if run.Origin == nil || h.queue.dead == "" {
		return nil
	}
	payload, err := run.Origin.Data(ctx, h.store)
	if err != nil {
		return err
	}
	if items := h.failedItems(answer); len(items) > 0 {
		payload = failedPart(payload, items)
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

// schedule makes a schedule that sends the message.
func (q *queue) schedule(ctx context.Context, w wakeUp, body string, at time.Time) error {
	at = at.UTC().Truncate(time.Second)
	s := &schedule{ScheduleExpression: "at(" + at.Format("2006-01-02T15:04:05") + ")", ActionAfterCompletion: "DELETE"}
	s.FlexibleTimeWindow.Mode = "OFF"
	s.Target.Arn, s.Target.RoleArn, s.Target.Input = q.arn, q.role, body
	return q.scheduler.CreateSchedule(ctx, q.group, scheduleName(w, at), s)
}

// scheduleName is the same for the same wake-up. Ids of runs may be too long for it, and have other letters.
func scheduleName(w wakeUp, at time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", w.Run, w.Step, at.Unix()))
	return "hark-" + hex.EncodeToString(sum[:16])
}

// again makes a message that will be reported as failed visible after the delay, instead
// of after the visibility timeout of the queue.
func (q *queue) again(ctx context.Context, receipt string, delay time.Duration) error {
	return q.post(ctx, "ChangeMessageVisibility", map[string]any{"QueueUrl": q.url, "ReceiptHandle": receipt, "VisibilityTimeout": delaySeconds(delay)})
}

// delaySeconds rounds up, so that a wake-up is rather late than early, which would cost another.
func delaySeconds(d time.Duration) int32 {
	d = min(max(d, 0), maxDelay)
	return int32((d + time.Second - 1) / time.Second)
}
