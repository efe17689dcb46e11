package lambdahost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/encoding/httpbinding"

	"github.com/harkgen/harkgen/rt/lambdahost/awscall"
)

// This file defines how the function invokes itself.

// An invoker is the Lambda service.
type invoker interface {
	// Invoke invokes a version of a function, by its name, or an ARN that has the version in it, and returns the answer if it waits for it. The errors are errGone, errThrottled, a *crashError, and
	// others of which it is not known what has happened.
	Invoke(ctx context.Context, function, version string, payload []byte, wait bool) ([]byte, error)
}

// A function is this function, in any of its versions.
type function struct {
	client invoker
	name   string
}

// maxSteps is how many step invocations a coordinator has under way.
const maxSteps = 1000

// A lambdaService implements invoker.
type lambdaService struct{ calls *awscall.Client }

func newLambda(cfg aws.Config) (lambdaService, error) {
	cfg.Retryer = nil // who calls knows better: see fleet
	cfg.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.MaxIdleConnsPerHost = maxSteps })
	calls, err := awscall.New(cfg, "lambda")
	return lambdaService{calls}, err
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

// Invoke implements invoker.
func (l lambdaService) Invoke(ctx context.Context, function, version string, payload []byte, wait bool) ([]byte, error) {
	query := url.Values{}
	if version != "" {
		query.Set("Qualifier", version)
	}
	how := "Event"
	if wait {
		how = "RequestResponse"
	}
	out, err := l.calls.Post(ctx, awscall.Call{
		Operation: "Invoke",
		Path:      "/2015-03-31/functions/" + httpbinding.EscapePath(function, true) + "/invocations",
		Query:     query,
		Header:    http.Header{"X-Amz-Invocation-Type": {how}, "Content-Type": {"application/octet-stream"}},
		Body:      payload,
	})
	switch awscall.Code(err) {
	case "ResourceNotFoundException":
		return nil, errGone
	case "TooManyRequestsException":
		return nil, errThrottled
	}
	if err == nil && out.Header.Get("X-Amz-Function-Error") != "" {
		return nil, crash(out.Body)
	}
	return out.Body, err
}

// crash reads what Lambda answers for an invocation that has failed.
func crash(answer []byte) *crashError {
	var e struct{ ErrorMessage string }
	if json.Unmarshal(answer, &e) != nil || e.ErrorMessage == "" {
		e.ErrorMessage = string(answer)
	}
	return &crashError{e.ErrorMessage}
}

// call invokes a version with a payload, and waits for the answer. The errors are errGone, errThrottled, errTrouble, a *crashError, and others.
func (f *function) call(ctx context.Context, version string, payload any) ([]byte, error) {
	return f.invoke(ctx, f.name, version, payload, true)
}

// pass invokes a version with a payload, and does not wait for it.
func (f *function) pass(ctx context.Context, version string, payload any) error {
	_, err := f.invoke(ctx, f.name, version, payload, false)
	return err
}

func (f *function) invoke(ctx context.Context, name, version string, payload any, wait bool) ([]byte, error) {
	data, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	answer, err := f.client.Invoke(ctx, name, version, data, wait)
	if passing(err) && ctx.Err() == nil {
		return nil, fmt.Errorf("%w: %w", errTrouble, err)
	}
	if err != nil {
		return nil, fmt.Errorf("invoke %s: %w", strings.TrimSuffix(name+":"+version, ":"), err)
	}
	return answer, nil
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
