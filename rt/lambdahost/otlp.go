//go:build hark_otlp

package lambdahost

import (
	"context"

	"github.com/harkgen/harkgen/rt/spans/otlp"
)

func init() {
	newTracer = func(ctx context.Context, endpoint, service, version string) (tracer, error) {
		return otlp.New(ctx, endpoint, service, version, traceTime)
	}
}
