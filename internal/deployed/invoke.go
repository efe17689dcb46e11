package deployed

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/rt/store"
)

// This file defines what is asked of functions.

// A FunctionError is the error that an invocation has ended with.
type FunctionError struct{ Type, Message string }

func (e *FunctionError) Error() string {
	if e.Type == "" {
		return "the function failed: " + e.Message
	}
	return "the function failed: " + e.Type + ": " + e.Message
}

// Invoke invokes the function of an entry and returns its answer; if async is set, it returns at once, with no answer. id is the id of
// the request, and so of the run that it starts, unless the payload names one. The error may be a *FunctionError.
func (d *Deployment) Invoke(ctx context.Context, entry string, payload []byte, async bool) (id string, answer []byte, err error) {
	e := &plan.Entry{Name: entry}
	name, err := d.output(entry, e.FunctionID())
	if err != nil {
		return "", nil, err
	}
	how := types.InvocationTypeRequestResponse
	if async {
		how = types.InvocationTypeEvent
	}
	out, err := d.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(name), InvocationType: how, Payload: payload})
	if err != nil {
		return "", nil, fmt.Errorf("invoking %s: %w", entry, err)
	}
	id, _ = middleware.GetRequestIDMetadata(out.ResultMetadata)
	if out.FunctionError == nil {
		return id, out.Payload, nil
	}
	var body struct{ ErrorType, ErrorMessage string }
	if json.Unmarshal(out.Payload, &body) != nil || body.ErrorMessage == "" {
		body.ErrorMessage = string(out.Payload)
	}
	return id, nil, &FunctionError{body.ErrorType, body.ErrorMessage}
}

// ask has the function of a run's entry do what only it can, like {"cancel": {"run": ID}}.
func (d *Deployment) ask(ctx context.Context, r *store.Run, what string, args any) ([]byte, error) {
	payload, err := json.Marshal(map[string]any{"hark": map[string]any{what: args}})
	if err != nil {
		return nil, err
	}
	_, answer, err := d.Invoke(ctx, r.Program.Package, payload, false)
	return answer, err
}

// Resume wakes a run: one that has failed is tried again, one that waits looks whether it is time.
func (d *Deployment) Resume(ctx context.Context, id string) error {
	r, err := d.Run(ctx, id)
	if err != nil {
		return err
	}
	if r.Ended() {
		return fmt.Errorf("run %s is done; there is nothing to resume", id)
	}
	e := &plan.Entry{Name: r.Program.Package}
	queue, err := d.output(e.Name, e.QueueID())
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"run": id})
	if err != nil {
		return err
	}
	_, err = d.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(queue), MessageBody: aws.String(string(body))})
	return err
}

// Cancel ends a run for good.
func (d *Deployment) Cancel(ctx context.Context, id string) error {
	r, err := d.Run(ctx, id)
	if err != nil {
		return err
	}
	if r.Ended() {
		return fmt.Errorf("run %s is done; there is nothing to cancel", id)
	}
	_, err = d.ask(ctx, r, "cancel", map[string]string{"run": id})
	return err
}

// Inspect returns what the version of the run says of it: an object with "run", and "memory" or "spread".
func (d *Deployment) Inspect(ctx context.Context, id string, args map[string]any) ([]byte, error) {
	r, err := d.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	args["run"] = id
	return d.ask(ctx, r, "inspect", args)
}
