package sam

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// This file defines what starts a function, and the resources of the stack where it comes from.

func decimal(n int) string { return strconv.Itoa(n) }

var reportFailures = kv("FunctionResponseTypes", []string{"ReportBatchItemFailures"})

// events are the event sources of the function of an entry.
func (t *template) events(e *plan.Entry) doc {
	out := doc{
		event("WakeUps", "SQS", doc{
			kv("Queue", attr(e.QueueID(), "Arn")),
			kv("BatchSize", 1),
			reportFailures,
			kv("ScalingConfig", doc{kv("MaximumConcurrency", e.Concurrency)}),
		}),
		event("Sweep", "Schedule", doc{
			kv("Schedule", "rate(1 hour)"),
			kv("Input", plan.SweepPayload),
		}),
	}
	routes := false
	for i := range e.Triggers {
		tr := &e.Triggers[i]
		routes = routes || tr.Type == "http"
		out = append(out, trigger(e, tr))
	}
	if routes {
		out = append(out, signed(e, plan.APIID))
	}
	if e.Kind == plan.Server {
		out = append(out, signed(e, e.APIID()), event("Default", "HttpApi", doc{kv("ApiId", ref(e.APIID()))}))
	}
	return out
}

// signed is the route for calls that are signed with AWS's Signature Version 4, by somebody who may execute-api:Invoke.
func signed(e *plan.Entry, api string) yaml.MapItem {
	return event("Signed", "HttpApi", doc{
		kv("ApiId", ref(api)),
		kv("Method", "POST"),
		kv("Path", plan.SignedPath(e.Name)),
		kv("PayloadFormatVersion", "2.0"),
		kv("Auth", doc{kv("Authorizer", "AWS_IAM")}),
	})
}

func trigger(e *plan.Entry, t *plan.Trigger) yaml.MapItem {
	switch t.Type {
	case "http":
		return event(t.Key(), "HttpApi", doc{
			kv("ApiId", ref(plan.APIID)),
			kv("Method", t.Method),
			kv("Path", t.Path),
			kv("PayloadFormatVersion", "2.0"),
		})
	case "schedule":
		props := doc{kv("Schedule", t.Schedule)}
		if e.Kind == plan.Main {
			props = append(props, kv("Input", e.StartPayload()))
		}
		return event(t.Key(), "Schedule", props)
	case "sqs":
		return event(t.Key(), "SQS", doc{
			kv("Queue", arnOf(t, t.Queue, "Arn")),
			kv("BatchSize", batch(t, 10)),
			reportFailures,
			kv("ScalingConfig", doc{kv("MaximumConcurrency", e.Concurrency)}),
		})
	case "s3":
		props := doc{kv("Bucket", ref(t.MadeID())), kv("Events", "s3:"+t.Event)}
		if t.Suffix != "" {
			props = append(props, kv("Filter", doc{kv("S3Key", doc{kv("Rules", []doc{{kv("Name", "suffix"), kv("Value", t.Suffix)}})})}))
		}
		return event(t.Key(), "S3", props)
	case "sns":
		if id := t.MadeID(); id != "" {
			return event(t.Key(), "SNS", doc{kv("Topic", ref(id))})
		}
		return event(t.Key(), "SNS", doc{kv("Topic", t.Topic)})
	case "dynamodb-stream":
		return event(t.Key(), "DynamoDB", stream(e, t))
	case "eventbridge":
		return event(t.Key(), "EventBridgeRule", doc{kv("Pattern", pattern(t.Pattern))})
	}
	panic("sam: unchecked trigger " + t.Type)
}

// stream reads a stream from its beginning. A batch that fails is halved, then given up after some attempts, so that the ones behind it go on.
func stream(e *plan.Entry, t *plan.Trigger) doc {
	return doc{
		kv("Stream", arnOf(t, t.Table, "StreamArn")),
		kv("StartingPosition", "TRIM_HORIZON"),
		kv("BatchSize", batch(t, 100)),
		kv("BisectBatchOnFunctionError", true),
		kv("MaximumRetryAttempts", 5),
		reportFailures,
		kv("DestinationConfig", doc{kv("OnFailure", doc{
			kv("Type", "SQS"),
			kv("Destination", attr(e.DeadLettersID(), "Arn")),
		})}),
	}
}

// arnOf is the ARN of what the events come from: as given, or of what the stack makes.
func arnOf(t *plan.Trigger, given, name string) any {
	if id := t.MadeID(); id != "" {
		return attr(id, name)
	}
	return given
}

// batch is how many records come in one event. A handler of one record executes one run, which may need the whole of an invocation.
func batch(t *plan.Trigger, most int) int {
	if t.Batch {
		return most
	}
	return 1
}

// pattern returns a pattern in its own order of keys.
func pattern(source string) any {
	d := json.NewDecoder(strings.NewReader(source))
	d.UseNumber()
	v, err := ordered(d)
	if err != nil {
		panic("sam: unchecked pattern: " + err.Error())
	}
	return v
}

func ordered(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case string:
		return text(token), nil
	case json.Number:
		if n, err := token.Int64(); err == nil {
			return n, nil
		}
		return token.Float64()
	case json.Delim:
		object, list := doc{}, []any{}
		for d.More() {
			key := ""
			if token == '{' {
				k, err := d.Token()
				if err != nil {
					return nil, err
				}
				key = k.(string)
			}
			v, err := ordered(d)
			if err != nil {
				return nil, err
			}
			object, list = append(object, kv(key, v)), append(list, v)
		}
		if _, err := d.Token(); err != nil {
			return nil, err
		}
		if token == '{' {
			return object, nil
		}
		return list, nil
	}
	return token, nil
}

// sources adds the queues, buckets, topics and tables that the stack makes for triggers, each once.
func (t *template) sources() {
	made := map[string]bool{}
	for i := range t.plan.Entries {
		e := &t.plan.Entries[i]
		for j := range e.Triggers {
			tr := &e.Triggers[j]
			if id := tr.MadeID(); id != "" && !made[id] {
				made[id] = true
				t.source(e, tr, id)
			}
		}
	}
}

func (t *template) source(e *plan.Entry, tr *plan.Trigger, id string) {
	switch tr.Type {
	case "sqs":
		t.queue(id, e.DeadLettersID(), e.Timeout)
		t.output(id, "Messages for "+e.Name, ref(id))
	case "s3":
		t.bucket(id, tr.BucketPolicyOf())
		t.output(id, "The bucket "+tr.Bucket, ref(id))
	case "sns":
		t.add(id, "AWS::SNS::Topic", tagList, doc{})
		t.output(id, "The topic "+tr.Topic, ref(id))
	case "dynamodb-stream":
		t.table(id, kv("StreamSpecification", doc{kv("StreamViewType", "NEW_AND_OLD_IMAGES")}))
		t.output(id, "The table "+tr.Table, ref(id))
	}
}

// tableOf returns the ARN of the table of a stream.
func tableOf(stream string) string {
	table, _, _ := strings.Cut(stream, "/stream/")
	return table
}
