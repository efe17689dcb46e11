package lambdahost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
)

// This file defines how the function invokes itself.

// An invoker is what is used of *lambda.Client.
type invoker interface {
	Invoke(ctx context.Context, in *lambda.InvokeInput, opts ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// A function is this function, in any of its versions.
type function struct {
	client invoker
	name   string
}

// maxSteps is how many step invocations a coordinator has under way.
const maxSteps = 1000

func newLambda(cfg aws.Config) *lambda.Client {
	return lambda.NewFromConfig(cfg, func(o *lambda.Options) {
		o.RetryMaxAttempts = 1 // who calls knows better: see fleet
		o.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.MaxIdleConnsPerHost = maxSteps })
	})
}

var (
	// errGone says that there is no such version of the function any more.
	errGone = errors.New("there is no such version of the function")
	// errThrottled says that too many invocations are under way.
	errThrottled = errors.New("too many invocations")
	// errTrouble says that Lambda or the network is in trouble. The invocation may have been made.
	errTrouble = errors.New("trouble of Lambda or the network")
)

// A crashError says that an invocation has ended in an error, or was killed.
type crashError struct{ text string }

func (e *crashError) Error() string { return e.text }

// call invokes a version with a payload, and waits for the answer. The errors are errGone, errThrottled, errTrouble, a *crashError, and others.
func (f *function) call(ctx context.Context, version string, payload any) ([]byte, error) {
	out, err := f.invoke(ctx, version, payload, types.InvocationTypeRequestResponse)
	if err != nil {
		return nil, err
	}
	if out.FunctionError == nil {
		return out.Payload, nil
	}
	var e struct{ ErrorType, ErrorMessage string }
	if json.Unmarshal(out.Payload, &e) != nil || e.ErrorMessage == "" {
		e.ErrorMessage = string(out.Payload)
	}
	return nil, &crashError{e.ErrorMessage}
}

// pass invokes a version with a payload, and does not wait for it.
func (f *function) pass(ctx context.Context, version string, payload any) error {
	_, err := f.invoke(ctx, version, payload, types.InvocationTypeEvent)
	return err
}

func (f *function) invoke(ctx context.Context, version string, payload any, how types.InvocationType) (*lambda.InvokeOutput, error) {
	data, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	out, err := f.client.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: aws.String(f.name), Qualifier: aws.String(version), InvocationType: how, Payload: data,
	})
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); ok {
		return nil, errGone
	}
	if _, ok := errors.AsType[*types.TooManyRequestsException](err); ok {
		return nil, errThrottled
	}
	if passing(err) && ctx.Err() == nil {
		return nil, fmt.Errorf("%w: %w", errTrouble, err)
	}
	if err != nil {
		return nil, fmt.Errorf("invoke version %s of the function: %w", version, err)
	}
	return out, nil
}

// passing reports whether an error of a request may be another the next time.
func passing(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorFault() == smithy.FaultServer || retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}

// sleep waits, and reports whether ctx still lives.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
