package lambdahost

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/exchange"
)

// A versions is the Lambda service with the versions of one function. It implements invoker. Each environment executes one invocation at a time.
type versions struct {
	t       *testing.T
	timeout time.Duration

	mu      sync.Mutex
	life    context.Context // of all that is being executed
	die     context.CancelFunc
	hosts   map[string]*host // what environments are made of, by version, or ARN
	idle    map[string][]*host
	all     []*host
	steps   int      // invocations that were waited for
	called  []string // the functions of these
	passed  []string // payloads of others
	limit   int      // of concurrent ones; 0: none
	running int
	most    int                                     // were running at the same time
	fault   func(p exchange.ProcessID, n int) fault // what befalls the n-th step of a process; may be nil
	tries   map[exchange.ProcessID]int
}

// A fault befalls an invocation.
type fault int

const (
	kill   fault = iota + 1 // before it does anything
	cut                     // while it is under way, after a moment
	lose                    // its answer
	refuse                  // with a 5xx
)

func newVersions(t *testing.T, h *host) *versions {
	v := &versions{t: t, timeout: 20 * time.Second, hosts: map[string]*host{h.version: h}, idle: map[string][]*host{}, tries: map[exchange.ProcessID]int{}}
	v.life, v.die = context.WithCancel(context.Background())
	t.Cleanup(func() {
		v.kill()
		for v.busy() {
			time.Sleep(time.Millisecond)
		}
		for _, h := range v.all {
			h.endSteps()
		}
	})
	return v
}

func (v *versions) Invoke(ctx context.Context, function, version string, payload []byte, wait bool) ([]byte, error) {
	v.mu.Lock()
	h := v.hosts[cmp.Or(version, function)]
	switch {
	case h == nil:
		v.mu.Unlock()
		return nil, errGone
	case !wait:
		v.passed = append(v.passed, version+" "+string(payload))
		v.mu.Unlock()
		return nil, nil
	case v.limit > 0 && v.running == v.limit:
		v.mu.Unlock()
		return nil, errThrottled
	}
	v.steps++
	v.called = append(v.called, function)
	f := v.misfortune(payload)
	v.running++
	v.most = max(v.most, v.running)
	env := v.environment(h)
	v.mu.Unlock()
	var out []byte
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		out, err = v.run(env, payload, f)
		v.mu.Lock()
		defer v.mu.Unlock()
		v.running--
		v.idle[h.version] = append(v.idle[h.version], env)
	}()
	select {
	case <-done:
		return out, err
	case <-ctx.Done(): // nobody listens any more
		return nil, ctx.Err()
	}
}

// kill kills all that is being executed.
func (v *versions) kill() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.die()
	v.life, v.die = context.WithCancel(context.Background())
}

// busy reports whether an invocation is under way.
func (v *versions) busy() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.running > 0
}

// environment returns an environment that is idle, or a new one. The caller holds mu.
func (v *versions) environment(h *host) *host {
	list := v.idle[h.version]
	if n := len(list); n > 0 {
		v.idle[h.version] = list[:n-1]
		return list[n-1]
	}
	env := *h
	env.stepper, env.stepping, env.meter = nil, "", &meter{}
	v.all = append(v.all, &env)
	return &env
}

// misfortune says what befalls an invocation. The caller holds mu.
func (v *versions) misfortune(payload []byte) fault {
	r, err := decodeRequest(payload)
	if v.fault == nil || err != nil || r == nil || r.Step == nil || r.Step.Blob != "" {
		return 0
	}
	k, err := engine.DecodeTicket(r.Step.Data)
	if err != nil {
		v.t.Error(err)
		return 0
	}
	v.tries[k.Process]++
	return v.fault(k.Process, v.tries[k.Process])
}

func (v *versions) run(env *host, payload []byte, f fault) ([]byte, error) {
	crashed := crash([]byte(`{"errorType":"Runtime.ExitError","errorMessage":"exit status 137"}`))
	switch f {
	case kill:
		return nil, crashed
	case refuse:
		return nil, &smithy.GenericAPIError{Code: "ServiceException", Fault: smithy.FaultServer}
	}
	v.mu.Lock()
	ctx, cancel := context.WithTimeout(v.life, v.timeout)
	v.mu.Unlock()
	defer cancel()
	if f == cut {
		defer time.AfterFunc(10*time.Millisecond, cancel).Stop()
	}
	answer, err := env.Invoke(ctx, payload)
	switch {
	case ctx.Err() != nil:
		env.endSteps()
		return nil, crashed
	case f == lose:
		return nil, errors.New("the connection was reset")
	case err != nil:
		return nil, &crashError{err.Error()}
	}
	return answer, nil
}
