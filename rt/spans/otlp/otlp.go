// Package otlp sends spans to a collector, by OTLP over HTTP. It is large, so a handler links it only if the deployment traces.
package otlp

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/harkgen/harkgen/rt/spans"
)

// pause is how long nothing is sent after a collector did not answer: each invocation would wait for it.
const pause = time.Minute

// An Exporter sends spans. One goroutine uses it.
type Exporter struct {
	tracer  trace.Tracer
	made    *collection
	client  sdktrace.SpanExporter
	timeout time.Duration
	quiet   time.Time // until then nothing is sent
}

// A collection is a sdktrace.SpanExporter that keeps what the SDK has made.
type collection struct{ list []sdktrace.ReadOnlySpan }

// ExportSpans implements sdktrace.SpanExporter.
func (c *collection) ExportSpans(_ context.Context, list []sdktrace.ReadOnlySpan) error {
	c.list = append(c.list, list...)
	return nil
}

// Shutdown implements sdktrace.SpanExporter.
func (c *collection) Shutdown(context.Context) error { return nil }

// New returns an Exporter for the collector at a URL; without a path it is /v1/traces. service names who sends. An export takes timeout at most.
func New(ctx context.Context, endpoint, service, version string, timeout time.Duration) (*Exporter, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%q is not the URL of a collector", endpoint)
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/v1/traces"
	}
	client, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()), otlptracehttp.WithTimeout(timeout),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}))
	if err != nil {
		return nil, err
	}
	e := &Exporter{made: &collection{}, client: client, timeout: timeout}
	e.tracer = sdktrace.NewTracerProvider(
		sdktrace.WithIDGenerator(ids{}),
		sdktrace.WithSampler(sdktrace.AlwaysSample()),
		sdktrace.WithSyncer(e.made),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", service), attribute.String("service.version", version), attribute.String("cloud.platform", "aws_lambda"))),
	).Tracer("github.com/harkgen/harkgen")
	return e, nil
}

// most is how many spans are sent at once.
const most = 512

// Export sends spans. Those that do not get through are lost, and for a while the next ones as well, without an error.
func (e *Exporter) Export(ctx context.Context, list []spans.Span) error {
	if len(list) == 0 || time.Now().Before(e.quiet) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	for part := range slices.Chunk(list, most) {
		e.made.list = nil
		for i := range part {
			e.add(&part[i])
		}
		if err := e.client.ExportSpans(ctx, e.made.list); err != nil {
			e.quiet = time.Now().Add(pause)
			return fmt.Errorf("spans are lost, and those of the next minute: %w", err)
		}
	}
	return nil
}

// add gives a span to the SDK.
func (e *Exporter) add(s *spans.Span) {
	ctx := context.WithValue(context.Background(), spanKey{}, s)
	if s.Parent != (spans.ID{}) {
		ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: spans.TraceID(s.Run), SpanID: trace.SpanID(s.Parent), TraceFlags: trace.FlagsSampled, Remote: true,
		}))
	}
	options := []trace.SpanStartOption{trace.WithTimestamp(s.Begin)}
	if link := parseLink(s.Link); link.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: link}))
	}
	for key, value := range s.Attributes {
		switch v := value.(type) {
		case string:
			options = append(options, trace.WithAttributes(attribute.String(key, v)))
		case int64:
			options = append(options, trace.WithAttributes(attribute.Int64(key, v)))
		}
	}
	_, span := e.tracer.Start(ctx, s.Name, options...)
	if s.Error != "" {
		span.SetStatus(codes.Error, s.Error)
	}
	span.End(trace.WithTimestamp(s.End))
}

type spanKey struct{}

// ids implements sdktrace.IDGenerator: a span has the ids that its Span says.
type ids struct{}

func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	s := ctx.Value(spanKey{}).(*spans.Span)
	return spans.TraceID(s.Run), trace.SpanID(s.ID)
}

func (ids) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	return trace.SpanID(ctx.Value(spanKey{}).(*spans.Span).ID)
}

// parseLink reads X-Amzn-Trace-Id, "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", or traceparent, "00-TRACE-SPAN-01".
func parseLink(s string) trace.SpanContext {
	var id, span string
	if f := strings.Split(s, "-"); len(f) == 4 && f[0] == "00" {
		id, span = f[1], f[2]
	} else {
		for f := range strings.SplitSeq(s, ";") {
			switch key, value, _ := strings.Cut(f, "="); key {
			case "Root":
				id = strings.ReplaceAll(strings.TrimPrefix(value, "1-"), "-", "")
			case "Parent":
				span = value
			}
		}
	}
	var c trace.SpanContextConfig
	if b, err := hex.DecodeString(id); err == nil && len(b) == len(c.TraceID) {
		copy(c.TraceID[:], b)
	}
	if b, err := hex.DecodeString(span); err == nil && len(b) == len(c.SpanID) {
		copy(c.SpanID[:], b)
	}
	c.Remote = true
	return trace.NewSpanContext(c)
}
