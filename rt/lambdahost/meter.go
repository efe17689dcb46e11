package lambdahost

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/harkgen/harkgen/rt/store"
)

// This file counts what a run costs, and tells CloudWatch.

// A meter counts requests to AWS.
type meter struct {
	mu   sync.Mutex
	cost store.Cost
}

// attach makes the clients of cfg count their requests, each attempt.
func (m *meter) attach(cfg *aws.Config) {
	cfg.APIOptions = append(cfg.APIOptions, func(s *middleware.Stack) error {
		return s.Finalize.Insert(middleware.FinalizeMiddlewareFunc("HarkMeter", m.count), "Retry", middleware.After)
	})
}

func (m *meter) count(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	out, md, err := next.HandleFinalize(ctx, in)
	bytes := int64(0)
	if r, ok := in.Request.(*smithyhttp.Request); ok {
		bytes += max(r.ContentLength, 0)
	}
	if r, ok := awsmiddleware.GetRawResponse(md).(*smithyhttp.Response); ok {
		bytes += max(r.ContentLength, 0)
	}
	name := strings.ToLower(awsmiddleware.GetServiceID(ctx)) + "." + awsmiddleware.GetOperationName(ctx)
	m.add(store.Cost{Requests: map[string]int64{name: 1}, Bytes: bytes})
	return out, md, err
}

// add counts what somebody else has counted.
func (m *meter) add(c store.Cost) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cost = m.cost.Plus(c)
}

// read returns what was counted since the last reset.
func (m *meter) read() store.Cost {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cost
}

func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cost = store.Cost{}
}

// A tally is what an invocation has done.
type tally struct {
	executed, started, ended, failed int // runs
	commits                          int64
	run, state                       string // the last one
	snapshot                         int64  // its bytes
	late                             []int64
}

// begin begins an invocation.
func (h *host) begin(ctx context.Context, payload []byte) {
	h.meter.reset()
	h.tally = tally{}
	h.about(ctx, "")
	h.traces.begin(ctx, payload)
}

// end tells what the invocation has done, but not of what it was only a step.
func (h *host) end(ctx context.Context, began time.Time) {
	if h.metrics != nil && h.tally.executed+h.tally.started > 0 {
		h.report(time.Since(began))
	}
	h.traces.send(ctx)
}

// woken notes that a run goes on that was to go on at its Wake.
func (h *host) woken(run *store.Run) {
	if run.State == store.Waiting && !run.Wake.IsZero() {
		h.tally.late = append(h.tally.late, max(h.clock.Now().Sub(run.Wake), 0).Milliseconds())
	}
}

// account notes what has become of a run that was executed.
func (h *host) account(s *session, res *Result) {
	t := &h.tally
	t.executed++
	t.commits += s.run.Step - s.began
	t.run, t.state, t.snapshot = s.run.ID, cmp.Or(res.State, string(s.run.State)), s.run.Snap.Size
	if s.conflict {
		return // who has ended it, counts it
	}
	switch res.State {
	case StateDone:
		t.ended++
	case StateFailed:
		t.failed++
	default:
		return
	}
	over := *s.run
	over.State, over.Error = store.State(res.State), res.Error
	h.traces.run(&over)
}

// A metric is one of CloudWatch's.
type metric struct {
	Name, Unit string
	value      any
}

// report writes a line in CloudWatch's embedded metric format.
func (h *host) report(took time.Duration) {
	t, cost := &h.tally, h.meter.read()
	metrics := []metric{
		{"RunsStarted", "Count", t.started}, {"RunsEnded", "Count", t.ended}, {"RunsFailed", "Count", t.failed},
		{"Commits", "Count", t.commits}, {"Steps", "Count", cost.Requests["lambda.Invoke"]}, {"Requests", "Count", cost.Count()},
		{"SnapshotBytes", "Bytes", t.snapshot}, {"Duration", "Milliseconds", took.Milliseconds()},
	}
	if len(t.late) > 0 {
		metrics = append(metrics, metric{"WakeLatency", "Milliseconds", t.late})
	}
	type directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []metric
	}
	line := map[string]any{
		"_aws": map[string]any{
			"Timestamp":         time.Now().UnixMilli(),
			"CloudWatchMetrics": []directive{{"harkgen", [][]string{{"Entry", "Function"}}, metrics}},
		},
		"Entry": h.program, "Function": h.self.name, "Run": t.run, "State": t.state,
	}
	for _, m := range metrics {
		line[m.Name] = m.value
	}
	if data, err := json.Marshal(line); err == nil {
		h.metrics.Write(append(data, '\n'))
	}
}
