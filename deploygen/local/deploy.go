package local

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/internal/awsemu"
	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// Deploy builds the handlers and makes the cloud that of the plan: what it lacks is added, functions that have changed get a new version, and events come
// by the triggers of the plan only. Runs go on with the version that started them. Resources that the plan has no more stay.
func (c *Cloud) Deploy(ctx context.Context, p *plan.Plan) error {
	c.deploying.Lock()
	defer c.deploying.Unlock()
	exes, err := c.build(ctx, p)
	if err != nil {
		return err
	}
	if err := c.provision(ctx, p); err != nil {
		return err
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		if err := c.publish(p, e, exes[e.Name]); err != nil {
			return err
		}
	}
	if err := c.rebind(p); err != nil {
		return err
	}
	c.mu.Lock()
	err = c.serveHTTP(p)
	c.info.Outputs = c.outputs(p)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	info := c.Info()
	return info.Write(c.o.Dir)
}

// publish publishes the functions of an entry.
func (c *Cloud) publish(p *plan.Plan, e *plan.Entry, exe string) error {
	classes := map[string]string{} // ARNs of versions
	for i := range e.Goroutines {
		k := &e.Goroutines[i]
		f := c.function(p, e, e.WorkerID(k), k.Resources)
		version, err := c.lambda.Deploy(f, exe)
		if err != nil {
			return err
		}
		classes[k.Name] = api.ARN("lambda", "function:"+f.Name+":"+version)
	}
	f := c.function(p, e, e.FunctionID(), e.Resources)
	f.OnFailure = api.ARN("sqs", e.DeadLettersID())
	if len(classes) > 0 {
		text, err := json.Marshal(classes)
		if err != nil {
			return err
		}
		f.Env[plan.EnvClasses] = string(text)
	}
	version, err := c.lambda.Deploy(f, exe)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.info.Entries[e.Name] = EntryInfo{Function: f.Name, Version: version}
	return nil
}

// function is what the template says of a function.
func (c *Cloud) function(p *plan.Plan, e *plan.Entry, name string, r plan.Resources) lambda.Config {
	env := map[string]string{
		plan.EnvTable:       plan.TableID,
		plan.EnvBucket:      bucketName,
		plan.EnvQueue:       c.queueURL(e.QueueID()),
		plan.EnvQueueARN:    api.ARN("sqs", e.QueueID()),
		plan.EnvDeadLetters: c.queueURL(e.DeadLettersID()),
		plan.EnvSchedules:   plan.SchedulesID,
		plan.EnvScheduler:   "arn:aws:iam::" + awsemu.Account + ":role/" + e.WakerID(),
		plan.EnvEntry:       e.Name,
		plan.EnvKind:        string(e.Kind),
		plan.EnvRetention:   strconv.Itoa(p.RunRetention),
	}
	if p.Tracing != "" {
		env[plan.EnvTracing] = p.Tracing
	}
	for _, v := range e.Env {
		env[v.Name] = v.Value
	}
	return lambda.Config{Name: name, Env: env, Memory: r.Memory, Timeout: time.Duration(r.Timeout) * time.Second, LogGroup: logGroup(e)}
}

// bucketName is BucketID as the name of a bucket, which has no capitals.
var bucketName = strings.ToLower(plan.BucketID)

// logGroup is in the template /harkgen/STACK/ID.
func logGroup(e *plan.Entry) string { return "/harkgen/local/" + e.ID() }

func (c *Cloud) queueURL(name string) string { return awsemu.QueueURL(*c.config.BaseEndpoint, name) }

// failed sends what is known about an event that was given up to its destination, a queue.
func (c *Cloud) failed(ctx context.Context, arn string, record []byte) error {
	name, ok := strings.CutPrefix(arn, api.ARN("sqs", ""))
	if !ok {
		return fmt.Errorf("%s is not a queue", arn)
	}
	return c.send(ctx, name, string(record))
}
