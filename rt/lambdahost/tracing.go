package lambdahost

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/spans"
	"github.com/harkgen/harkgen/rt/store"
)

// This file makes the spans of what an invocation does; see package spans.

// A tracer sends spans.
type tracer interface {
	Export(ctx context.Context, list []spans.Span) error
}

// newTracer makes the tracer that is linked: none without the build tag hark_otlp.
var newTracer func(ctx context.Context, endpoint, service, version string) (tracer, error)

// A tracing is the spans of an invocation. Its methods may be called by several goroutines; a nil *tracing has none.
type tracing struct {
	h  *host
	to tracer

	mu      sync.Mutex
	list    []spans.Span
	request string // id of the invocation's
	link    string // to the trace that it is part of
}

// startTracing returns nil if the deployment does not trace.
func (h *host) startTracing(endpoint string) (*tracing, error) {
	if endpoint == "" || newTracer == nil {
		return nil, nil
	}
	to, err := newTracer(context.Background(), endpoint, h.program, h.version)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", EnvTracing, err)
	}
	return &tracing{h: h, to: to}, nil
}

// begin begins an invocation.
func (t *tracing) begin(ctx context.Context, payload []byte) {
	if t == nil {
		return
	}
	t.list, t.request, t.link = nil, "", traceOf(ctx, payload)
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		t.request = lc.AwsRequestID
	}
}

// traceOf returns the trace that an invocation is part of: that of an HTTP request, or Lambda's.
func traceOf(ctx context.Context, payload []byte) string {
	var event struct {
		Headers struct {
			Traceparent string `json:"traceparent"`
		} `json:"headers"`
	}
	json.Unmarshal(payload, &event) // what has no such headers has none
	amazon, _ := ctx.Value("x-amzn-trace-id").(string)
	return cmp.Or(event.Headers.Traceparent, amazon, os.Getenv("_X_AMZN_TRACE_ID"))
}

// send sends what was added. What gets lost is lost.
func (t *tracing) send(ctx context.Context) {
	if t == nil {
		return
	}
	t.mu.Lock()
	list := t.list
	t.list = nil
	t.mu.Unlock()
	if err := t.to.Export(ctx, list); err != nil {
		t.h.logf("tracing: %v", err)
	}
}

// add adds a span. Times are those of the machine.
func (t *tracing) add(s spans.Span) {
	ahead := time.Until(t.h.clock.Now())
	s.Begin, s.End = s.Begin.Add(ahead), s.End.Add(ahead)
	s.Attributes["hark.run"] = s.Run
	if t.request != "" {
		s.Attributes["faas.invocation_id"] = t.request
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, s)
}

// steps returns what local.Options.OnStep is for a run: nil without tracing.
func (t *tracing) steps(run string) func(local.Step) {
	if t == nil {
		return nil
	}
	return func(s local.Step) { t.step(run, s) }
}

// step adds the span of a step, and of the process if that was its last one.
func (t *tracing) step(run string, s local.Step) {
	now := time.Now()
	about := func() map[string]any { return map[string]any{"hark.process": int64(s.Process)} }
	step := spans.Span{
		Run: run, ID: spans.Step(run, s.Process, s.Step), Parent: spans.Process(run, s.Process),
		Name: "step", Begin: s.Began, End: now, Attributes: about(),
	}
	step.Attributes["hark.step"], step.Attributes["hark.snapshot_bytes"] = int64(s.Step), s.Snapshot
	if s.Status != 0 {
		step.Error = fmt.Sprintf("exit status %d", s.Status)
	}
	t.add(step)
	if !s.Ended || s.Process == 0 {
		return
	}
	o := spans.ParseOrigin(s.Origin)
	process := spans.Span{
		Run: run, ID: step.Parent, Parent: spans.Process(run, o.Parent),
		Name: o.Name(), Begin: s.Created, End: now, Attributes: about(), Error: step.Error,
	}
	process.Attributes["hark.steps"] = int64(s.Step)
	process.Attributes["code.function.name"], process.Attributes["code.file.path"], process.Attributes["code.line.number"] = o.Function, o.File, int64(o.Line)
	t.add(process)
}

// invocation adds the span of an invocation that has executed a run.
func (t *tracing) invocation(s *session, began time.Time, err error) {
	if t == nil {
		return
	}
	span := spans.Span{
		Run: s.run.ID, ID: spans.Invocation(s.run.ID, t.request), Parent: spans.Process(s.run.ID, 0),
		Name: "invocation", Begin: began, End: time.Now(), Link: t.link,
		Attributes: map[string]any{
			"hark.state": string(s.run.State), "hark.commits": s.run.Step - s.began, "hark.snapshot_bytes": s.run.Snap.Size,
			"hark.requests": t.h.meter.read().Count(), "faas.version": t.h.version,
		},
	}
	if err != nil {
		span.Error = err.Error()
	}
	t.add(span)
}

// run adds the span of a run that has ended.
func (t *tracing) run(r *store.Run) {
	if t == nil {
		return
	}
	now := time.Now()
	span := spans.Span{
		Run: r.ID, ID: spans.Process(r.ID, 0), Name: t.h.program, Begin: now.Add(r.Created.Sub(t.h.clock.Now())), End: now,
		Attributes: map[string]any{"hark.state": string(r.State), "hark.steps": r.Step, "process.exit.code": int64(r.Exit)}, Error: r.Error,
	}
	switch {
	case r.Signal != "":
		span.Error = r.Signal
	case r.Exit != 0:
		span.Error = fmt.Sprintf("exit status %d", r.Exit)
	}
	t.add(span)
}
