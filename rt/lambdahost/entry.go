package lambdahost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// This file defines what kinds of entry points there are, and which part of the handler an invocation is for.

// An Entry says what a handler is for.
type Entry struct {
	Kind  string   // one of the constants
	Batch bool     // the handler takes events as they come, not single records
	Args  []string // of the command
}

// Kinds of entries, as in deploygen/plan.
const (
	KindMain   = "main"
	KindLambda = "lambda"
	KindServer = "server"
	KindFunc   = "func"
)

// A form is what tells events apart.
type form struct {
	Records []struct {
		EventSource    string `json:"eventSource"`
		EventSourceARN string `json:"eventSourceARN"`
	}
	Hark           json.RawMessage `json:"hark"`
	RouteKey       string          `json:"routeKey"`
	RequestContext struct {
		HTTP struct {
			Method string `json:"method"`
		} `json:"http"`
	} `json:"requestContext"`
}

// wakesUp reports whether the event is of the queue of wake-ups. No other queue starts an entry of kind main.
func (h *host) wakesUp(f *form) bool {
	return len(f.Records) > 0 && f.Records[0].EventSource == "aws:sqs" && (h.entry.Kind == KindMain || f.Records[0].EventSourceARN == h.queue.arn)
}

// Invoke implements lambda.Handler.
func (h *host) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	h.begin(ctx, payload)
	defer h.end(ctx, time.Now())
	answer, err := h.dispatch(ctx, payload)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

func (h *host) dispatch(ctx context.Context, payload []byte) (any, error) {
	var f form
	err := json.Unmarshal(payload, &f)
	if err != nil && h.entry.Kind != KindLambda && h.entry.Kind != KindFunc {
		return nil, fmt.Errorf("%w: %v", errEvent, err)
	}
	isHTTP := err == nil && f.RequestContext.HTTP.Method != ""
	switch {
	case err == nil && h.wakesUp(&f):
		e := new(events.SQSEvent)
		if err := json.Unmarshal(payload, e); err != nil {
			return nil, err
		}
		return h.wakeUps(ctx, e), nil
	case err == nil && f.Hark != nil:
		r, err := decodeRequest(f.Hark)
		if err != nil {
			return nil, err
		}
		return h.serve(ctx, r)
	case isHTTP && f.RouteKey == h.signedRoute():
		return h.signed(ctx, payload)
	case h.entry.Kind == KindLambda:
		return h.single(ctx, payload)
	case isHTTP && h.entry.Kind == KindServer:
		return h.toServer(ctx, payload)
	case isHTTP && h.entry.Kind == KindFunc:
		return h.request(ctx, payload)
	case h.entry.Kind == KindFunc && len(f.Records) > 0 && !h.entry.Batch:
		return h.records(ctx, payload)
	case h.entry.Kind == KindFunc:
		return h.single(ctx, payload)
	case h.entry.Kind == KindServer:
		return nil, errors.New("the entry point is an HTTP server, and this is no HTTP request")
	case f.Records != nil:
		return nil, fmt.Errorf("the function was invoked by %q, which it has no entry point for", f.Records[0].EventSource)
	}
	e := new(StartEvent)
	if err := decodeStrict(payload, e); err != nil {
		return nil, fmt.Errorf("%w: %v", errEvent, err)
	}
	return h.start(ctx, e)
}

// runID is an id of a run of this entry. What is too long or has other bytes than ids may have is hashed.
func (h *host) runID(parts ...string) string {
	id := h.program + "-" + strings.Join(parts, "-")
	if len(id) > 200 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' }) {
		return h.program + "-" + parts[0] + "-" + hash(parts[1:]...)
	}
	return id
}
