package lambda

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// This file defines invocations, synchronous and not.

// An Invocation is a request to invoke a function.
type Invocation struct {
	Function  string // name or ARN
	Qualifier string // version or alias; "" is $LATEST
	Payload   []byte // JSON; nil is {}
	ID        string // of the request; "": a new one
}

// A Result is what came of one.
type Result struct {
	Payload []byte
	Failed  bool   // Payload is the function's error
	Version string // that was executed
	Tail    []byte // the last 4 KB of the log
	ID      string
}

// Err returns the function's error, nil if there is none.
func (r *Result) Err() error {
	if !r.Failed {
		return nil
	}
	var e struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(r.Payload, &e) != nil {
		return fmt.Errorf("the function failed: %s", r.Payload)
	}
	return fmt.Errorf("%s: %s", cmp.Or(e.Type, "the function failed"), e.Message)
}

// Invoke executes a function and returns when it has ended. It goes on if the context ends: then nobody gets the result. An error is an *Error.
func (s *Service) Invoke(ctx context.Context, in Invocation) (*Result, error) {
	v, err := s.check(&in, MaxSync)
	if err != nil {
		return nil, err
	}
	return s.invoke(ctx, v, &in)
}

// check fills in the defaults and returns what is to be executed.
func (s *Service) check(in *Invocation, limit int) (*version, error) {
	in.ID = cmp.Or(in.ID, NewID())
	if len(in.Payload) == 0 {
		in.Payload = []byte("{}")
	}
	if len(in.Payload) > limit {
		return nil, tooLarge(limit)
	}
	if !json.Valid(in.Payload) {
		return nil, &Error{Status: 400, Code: "InvalidRequestContentException", Msg: "Could not parse request body into json"}
	}
	v, e := s.lookup(in.Function, in.Qualifier)
	if e != nil {
		return nil, e
	}
	return v, nil
}

func (s *Service) invoke(ctx context.Context, v *version, in *Invocation) (*Result, error) {
	e, err := s.acquire(v)
	if err != nil {
		return nil, err
	}
	_, q := splitName(in.Function)
	i := &invocation{id: in.ID, arn: s.arn(v.Name, cmp.Or(in.Qualifier, q)), trace: traceID(), payload: in.Payload}
	done := make(chan *outcome, 1)
	go func() {
		o := e.run(i)
		s.release(e)
		done <- o
	}()
	select {
	case o := <-done:
		return &Result{Payload: o.payload, Failed: o.failed, Version: v.Number, Tail: o.tail, ID: in.ID}, nil
	case <-ctx.Done():
		return nil, &Error{Status: 500, Code: "ServiceException", Msg: ctx.Err().Error()}
	}
}

// Times of asynchronous invocations, on the clock.
const (
	maxRetries  = 2
	retryAfter  = time.Minute // then twice as long
	maxEventAge = 6 * time.Hour
)

// InvokeAsync takes an event and returns; the function is invoked later. An error is an *Error.
func (s *Service) InvokeAsync(in Invocation) error {
	if _, err := s.check(&in, MaxAsync); err != nil {
		return err
	}
	times := 1
	if name, _ := splitName(in.Function); s.o.Duplicate != nil && s.o.Duplicate(name) {
		times = 2
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	for range times {
		s.tasks.Go(func() { s.handle(in) })
	}
	return nil
}

// handle invokes the function for an event until that succeeds or is given up.
func (s *Service) handle(in Invocation) {
	received := s.o.Clock.Now()
	backoff := time.Second
	for retries := 0; ; {
		res, err := s.Invoke(s.ctx, in)
		wait := retryAfter << retries
		switch {
		case s.ctx.Err() != nil || err == nil && !res.Failed:
			return
		case err != nil: // throttled, mostly: these do not count as retries
			wait, backoff = backoff, min(2*backoff, 5*time.Minute)
		default:
			if retries++; retries > maxRetries {
				s.giveUp(in, "RetriesExhausted", retries, res)
				return
			}
		}
		next := s.o.Clock.Now().Add(wait)
		if next.Sub(received) > maxEventAge {
			s.giveUp(in, "EventAgeExceeded", retries, res)
			return
		}
		if !s.o.Clock.Sleep(s.ctx.Done(), next) {
			return
		}
	}
}

// giveUp sends what is known about an event to the destination for failures. The result is nil if the last attempt was throttled.
func (s *Service) giveUp(in Invocation, condition string, count int, res *Result) {
	v, e := s.lookup(in.Function, in.Qualifier)
	if e != nil || v.OnFailure == "" || s.o.Failed == nil {
		return
	}
	record := map[string]any{
		"version":   "1.0",
		"timestamp": s.o.Clock.Now().UTC().Format(stamp),
		"requestContext": map[string]any{
			"requestId": in.ID, "functionArn": s.arn(v.Name, cmp.Or(in.Qualifier, Latest)), "condition": condition, "approximateInvokeCount": count,
		},
		"requestPayload": json.RawMessage(in.Payload),
	}
	if res != nil {
		record["responseContext"] = map[string]any{"statusCode": 200, "executedVersion": res.Version, "functionError": "Unhandled"}
		record["responsePayload"] = json.RawMessage(res.Payload)
	}
	data, err := json.Marshal(record)
	if err == nil {
		err = s.o.Failed(s.ctx, v.OnFailure, data)
	}
	if err != nil {
		s.o.Sink.Log(LogEvent{v.LogGroup, "async", s.o.Clock.Now(), fmt.Sprintf("what failed of request %s is lost: %v", in.ID, err)})
	}
}

// NewID returns a random UUID, as ids of requests are.
func NewID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func traceID() string {
	var b [20]byte
	rand.Read(b[:])
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", time.Now().Unix(), hex.EncodeToString(b[:12]), hex.EncodeToString(b[12:]))
}
