package lambdahost

import (
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

// report writes what an invocation has done as a line in CloudWatch's embedded metric format.
func (h *host) report(s *session, began time.Time) {
	if h.metrics == nil {
		return
	}
	type metric struct{ Name, Unit string }
	type directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []metric
	}
	line := map[string]any{
		"_aws": map[string]any{
			"Timestamp": time.Now().UnixMilli(),
			"CloudWatchMetrics": []directive{{"harkgen", [][]string{{"Function"}}, []metric{
				{"Commits", "Count"}, {"Requests", "Count"}, {"Steps", "Count"}, {"SnapshotBytes", "Bytes"}, {"Duration", "Milliseconds"},
			}}},
		},
		"Function": h.self.name, "Run": s.run.ID, "State": s.run.State,
		"Commits": s.run.Step - s.began, "Requests": h.meter.read().Count(), "Steps": h.meter.read().Requests["lambda.Invoke"],
		"SnapshotBytes": s.run.Snap.Size, "Duration": time.Since(began).Milliseconds(),
	}
	if data, err := json.Marshal(line); err == nil {
		h.metrics.Write(append(data, '\n'))
	}
}
