//go:build hark_otlp

package lambdahost

import (
	"context"
	"time"

	"github.com/harkgen/harkgen/rt/spans/otlp"
)

// traceTime is how long an invocation waits for a collector at most.
const traceTime = 2 * time.Second

func init() {
	newTracer = func(ctx context.Context, endpoint, service, version string) (tracer, error) {
		return otlp.New(ctx, endpoint, service, version, traceTime)
	}
}
