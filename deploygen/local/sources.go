package local

import (
	"context"
	"fmt"
	"time"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/deploygen/local/source"
	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/internal/awsemu/api"
	"github.com/harkgen/harkgen/internal/awsemu/dynamodb"
	"github.com/harkgen/harkgen/internal/awsemu/pattern"
	"github.com/harkgen/harkgen/internal/awsemu/s3"
	"github.com/harkgen/harkgen/internal/awsemu/schedule"
	"github.com/harkgen/harkgen/internal/awsemu/sns"
)

// This file defines how events come to the functions of a plan: those of queues, streams and schedules by tasks, the others by hooks of the services.

// A binding is an event source of a function.
type binding struct {
	entry    plan.Entry
	trigger  plan.Trigger
	function string                // with qualifier
	run      func(context.Context) // may be nil
	stream   *source.Stream        // of a dynamodb-stream
	pattern  *pattern.Pattern      // of an eventbridge
	cancel   context.CancelFunc    // ends run
}

// rebind makes the bindings those of the plan. What stays as it was is not disturbed.
func (c *Cloud) rebind(p *plan.Plan) error {
	want := map[string]*binding{}
	for i := range p.Entries {
		if err := c.bind(want, &p.Entries[i]); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, b := range c.bindings {
		if want[key] == nil {
			b.cancel()
			delete(c.bindings, key)
		}
	}
	for key, b := range want {
		if c.bindings[key] != nil {
			continue
		}
		c.bindings[key] = b
		var ctx context.Context
		ctx, b.cancel = context.WithCancel(c.ctx)
		if b.run != nil {
			c.tasks.Go(func() { b.run(ctx) })
		}
		if b.pattern != nil {
			c.emu.Events.Rule("default", key, *b.pattern, func(event []byte) {
				if ctx.Err() == nil {
					c.start(b.function, event)
				}
			})
		}
	}
	return nil
}

// bind adds the bindings of an entry, by keys that say all about them.
func (c *Cloud) bind(all map[string]*binding, e *plan.Entry) error {
	add := func(t plan.Trigger, b *binding) {
		b.entry, b.trigger, b.function = *e, t, live(e)
		t.Pos = ""
		all[fmt.Sprint(e.Name, e.Kind, e.Concurrency, e.Args, t)] = b
	}
	add(plan.Trigger{}, &binding{run: c.queue(e, e.QueueID(), 1)})
	sweep, err := c.schedule(e, "rate(1 hour)", func(time.Time) []byte { return []byte(plan.SweepPayload) })
	if err != nil {
		return err
	}
	add(plan.Trigger{Schedule: "sweep"}, &binding{run: sweep})
	for _, t := range e.Triggers {
		b := &binding{}
		switch {
		case t.Type == "sqs" && t.MadeID() != "":
			b.run = c.queue(e, t.Queue, batch(t, 10))
		case t.Type == "dynamodb-stream" && t.MadeID() != "":
			b.stream = c.stream(e, t)
			b.run = b.stream.Run
		case t.Type == "eventbridge":
			p, err := pattern.Parse([]byte(t.Pattern))
			if err != nil {
				return fmt.Errorf("entry point %s: %w", e.Name, err)
			}
			b.pattern = &p
		case t.Type == "schedule":
			if b.run, err = c.schedule(e, t.Schedule, scheduled(e, t)); err != nil {
				return err
			}
		}
		add(t, b)
	}
	return nil
}

// batch is how many records come in one event.
func batch(t plan.Trigger, most int) int {
	if t.Batch {
		return most
	}
	return 1
}

func (c *Cloud) queue(e *plan.Entry, name string, batch int) func(context.Context) {
	q := &source.Queue{
		Client: awssqs.NewFromConfig(c.config), URL: c.queueURL(name), ARN: api.ARN("sqs", name),
		Function: live(e), Batch: batch, Concurrency: e.Concurrency, Clock: c.clock, Invoke: c.lambda.Invoke,
	}
	return q.Run
}

func (c *Cloud) stream(e *plan.Entry, t plan.Trigger) *source.Stream {
	return &source.Stream{
		ARN:      api.ARN("dynamodb", "table/"+t.Table+"/stream/"+c.clock.Now().UTC().Format("2006-01-02T15:04:05.000")),
		Function: live(e), Batch: batch(t, 100), Retries: 5, Clock: c.clock, Invoke: c.lambda.Invoke,
		Failed: func(record []byte) {
			if err := c.send(c.ctx, e.DeadLettersID(), string(record)); err != nil {
				c.logs.Log(lambda.LogEvent{Group: logGroup(e), Stream: "stream", Time: c.clock.Now(), Message: "a batch that was given up is lost: " + err.Error()})
			}
		},
	}
}

// schedule returns a task that starts the function whenever a rule of EventBridge is due.
func (c *Cloud) schedule(e *plan.Entry, expr string, event func(time.Time) []byte) (func(context.Context), error) {
	s, err := schedule.Parse(expr, time.UTC)
	if err != nil {
		return nil, fmt.Errorf("entry point %s: %w", e.Name, err)
	}
	return func(ctx context.Context) {
		for {
			next := s.Next(c.clock.Now())
			if next.IsZero() || !c.clock.Sleep(ctx.Done(), next) {
				return
			}
			c.start(live(e), event(next))
		}
	}, nil
}

func scheduled(e *plan.Entry, t plan.Trigger) func(time.Time) []byte {
	if e.Kind == plan.Main {
		return func(time.Time) []byte { return []byte(e.StartPayload()) }
	}
	return func(at time.Time) []byte { return source.ScheduledEvent(e.FunctionID()+t.Key(), at) }
}

// start invokes a function asynchronously.
func (c *Cloud) start(function string, event []byte) {
	if err := c.lambda.InvokeAsync(lambda.Invocation{Function: function, Payload: event}); err != nil && c.ctx.Err() == nil {
		c.logs.Log(lambda.LogEvent{Group: "events", Stream: function, Time: c.clock.Now(), Message: "an event is lost: " + err.Error()})
	}
}

// bound calls f with each binding of a type of trigger.
func (c *Cloud) bound(typ string, f func(*binding)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.bindings {
		if b.trigger.Type == typ {
			f(b)
		}
	}
}

// hooks takes what services tell.
func (c *Cloud) hooks() {
	c.emu.S3.OnChange(func(o s3.Change) {
		c.bound("s3", func(b *binding) {
			if b.trigger.Bucket == o.Bucket && source.Matches(o, b.trigger.Event, b.trigger.Suffix) {
				c.start(b.function, source.S3Event(o, b.entry.FunctionID()+b.trigger.Key()))
			}
		})
	})
	c.emu.SNS.OnPublish(func(m sns.Message) {
		c.bound("sns", func(b *binding) {
			if m.TopicArn == api.ARN("sns", b.trigger.Topic) {
				c.start(b.function, m.LambdaEvent(sns.Subscription{Arn: m.TopicArn + ":" + b.trigger.Key(), TopicArn: m.TopicArn}))
			}
		})
	})
	c.emu.DynamoDB.OnChange(func(table string, r dynamodb.Record) {
		c.bound("dynamodb-stream", func(b *binding) {
			if b.stream != nil && b.trigger.Table == table {
				b.stream.Add(r)
			}
		})
	})
}
