package plan

import "strings"

// Build constraints.
const (
	Tag        = "hark_lambda" // an entry's package is a Lambda handler
	TracingTag = "hark_otlp"   // a handler links what sends traces, 7 MB
)

// HandlerTags returns the build tags of an entry's handler, with commas.
func (p *Plan) HandlerTags(e *Entry) string {
	tags := []string{Tag, "lambda.norpc"}
	if p.Tracing != "" {
		tags = append(tags, TracingTag)
	}
	if e.Tags != "" {
		tags = append(tags, e.Tags)
	}
	return strings.Join(tags, ",")
}

// GoBuild returns the arguments of the go command that builds the handler of a checked entry as the file out; CGO_ENABLED is 0 then. Without symbols a
// handler is smaller by a third, and by 0.5 MB where no function of the AWS SDK is inlined, which saves time at each cold start; tracebacks are the same.
func (p *Plan) GoBuild(e *Entry, out string) []string {
	return []string{"build", "-tags", p.HandlerTags(e), "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-gcflags", "github.com/aws/...=-l", "-o", out, e.Target}
}
