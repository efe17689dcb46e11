package lambdahost

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// A versions is the Lambda service with the versions of one function. It implements invoker. Each environment executes one invocation at a time.
type versions struct {
	t       *testing.T
	timeout time.Duration

	mu      sync.Mutex
	hosts   map[string]*host // what environments are made of
	idle    map[string][]*host
	all     []*host
	steps   int      // invocations that were waited for
	passed  []string // payloads of others
	limit   int      // of concurrent ones; 0: none
	running int
	most    int               // were running at the same time
	fault   func(n int) fault // what befalls the n-th step; may be nil
}

// A fault befalls an invocation.
type fault int

const (
	kill fault = iota + 1 // before it does anything
	cut                   // while it is under way, after a moment
	lose                  // its answer
)

func newVersions(t *testing.T, h *host) *versions {
	v := &versions{t: t, timeout: 20 * time.Second, hosts: map[string]*host{h.version: h}, idle: map[string][]*host{}}
	t.Cleanup(func() {
		for _, h := range v.all {
			h.endSteps()
		}
	})
	return v
}

func (v *versions) Invoke(ctx context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	v.mu.Lock()
	h := v.hosts[aws.ToString(in.Qualifier)]
	switch {
	case h == nil:
		v.mu.Unlock()
		return nil, &types.ResourceNotFoundException{Message: aws.String("no such version")}
	case in.InvocationType == types.InvocationTypeEvent:
		v.passed = append(v.passed, string(in.Payload))
		v.mu.Unlock()
		return &lambda.InvokeOutput{StatusCode: 202}, nil
	case v.limit > 0 && v.running == v.limit:
		v.mu.Unlock()
		return nil, &types.TooManyRequestsException{Message: aws.String("Rate Exceeded.")}
	}
	v.steps++
	f := fault(0)
	if v.fault != nil {
		f = v.fault(v.steps)
	}
	v.running++
	v.most = max(v.most, v.running)
	env := v.environment(h)
	v.mu.Unlock()
	out, err := v.run(ctx, env, in.Payload, f)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.running--
	v.idle[h.version] = append(v.idle[h.version], env)
	return out, err
}

// environment returns an environment that is idle, or a new one. The caller holds mu.
func (v *versions) environment(h *host) *host {
	list := v.idle[h.version]
	if n := len(list); n > 0 {
		v.idle[h.version] = list[:n-1]
		return list[n-1]
	}
	env := *h
	env.stepper, env.stepping = nil, ""
	v.all = append(v.all, &env)
	return &env
}

func (v *versions) run(ctx context.Context, env *host, payload []byte, f fault) (*lambda.InvokeOutput, error) {
	crashed := &lambda.InvokeOutput{FunctionError: aws.String("Unhandled"), Payload: []byte(`{"errorType":"Runtime.ExitError","errorMessage":"exit status 137"}`)}
	if f == kill {
		return crashed, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), v.timeout)
	defer cancel()
	if f == cut {
		defer time.AfterFunc(10*time.Millisecond, cancel).Stop()
	}
	answer, err := env.Invoke(ctx, payload)
	switch {
	case f == cut && ctx.Err() != nil:
		env.endSteps()
		return crashed, nil
	case f == lose:
		return nil, errors.New("the connection was reset")
	case err != nil:
		text, _ := json.Marshal(map[string]string{"errorMessage": err.Error()})
		return &lambda.InvokeOutput{FunctionError: aws.String("Unhandled"), Payload: text}, nil
	}
	return &lambda.InvokeOutput{StatusCode: 200, Payload: answer}, nil
}
