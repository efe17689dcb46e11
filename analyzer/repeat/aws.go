package repeat

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/internal/lazyre"
)

// This file says which operations of the AWS SDK are effects. An operation is a method Op with a parameter *SERVICE.OpInput, of a client or of an
// interface of the program's.

// services are where the packages of services are, in both versions of the SDK.
var services = []string{"github.com/aws/aws-sdk-go-v2/service/", "github.com/aws/aws-sdk-go/service/"}

// verbs begin the names of operations that make a difference when they are repeated.
var verbs = []string{"Create", "Execute", "Invoke", "Publish", "Purchase", "Request", "Run", "Send", "Start", "Submit", "TransactWrite"}

// others are operations that do so, with other verbs.
var others = library.Words(`dynamodb.UpdateItem kinesis.PutRecord kinesis.PutRecords firehose.PutRecord firehose.PutRecordBatch eventbridge.PutEvents
	cloudwatch.PutMetricData cloudwatchlogs.PutLogEvents`)

// harmless are operations with those verbs that make no difference: the second time they return what there is, or make what nothing uses.
var harmless = library.Words("s3.CreateBucket s3.CreateMultipartUpload s3.CreateSession sqs.CreateQueue sns.CreateTopic")

// recognised are the fields of inputs by which a service knows a repetition.
var recognised = strings.Fields("ConditionExpression ClientToken ClientRequestToken IdempotencyToken MessageDeduplicationId CreatorRequestId ClientIdempotencyToken CallerReference")

// awsOperation returns the effect that call is as an operation of the SDK.
func awsOperation(call *ssa.CallCommon) (effect, bool) {
	service, op, input := operationOf(call)
	if op == "" {
		return effect{}, false
	}
	full := service + "." + op
	if harmless[full] || !others[full] && !begins(op, verbs) {
		return effect{}, false
	}
	e := effect{What: full, Kind: operation}
	if a, ok := input.(*ssa.Alloc); ok {
		return identified(e, inputKey(a, full))
	}
	return e, true
}

// operationOf says which operation of which service call is, and its input.
func operationOf(call *ssa.CallCommon) (service, op string, input ssa.Value) {
	name := ""
	if call.IsInvoke() {
		name = call.Method.Name()
	} else if fn := call.StaticCallee(); fn != nil && fn.Signature.Recv() != nil {
		name = fn.Name()
	}
	name = strings.TrimSuffix(name, "WithContext")
	for _, a := range call.Args {
		p, ok := a.Type().(*types.Pointer)
		if !ok || name == "" {
			continue
		}
		typ := library.TypeName(p.Elem())
		for _, prefix := range services {
			if rest, ok := strings.CutPrefix(typ, prefix); ok && strings.HasSuffix(rest, "."+name+"Input") {
				service, _, _ = strings.Cut(rest, ".")
				return service, name, a
			}
		}
	}
	return "", "", nil
}

func begins(op string, verbs []string) bool {
	for _, v := range verbs {
		if strings.HasPrefix(op, v) {
			return true
		}
	}
	return false
}

// adds matches an update expression whose result depends on what was there.
var adds = lazyre.New(`(?i)\bADD\b|list_append|[+]|\s-\s`)

// inputKey is what the service recognises a repetition by in an input, or what makes that harmless; nil if there is nothing.
func inputKey(a *ssa.Alloc, op string) *key {
	for _, name := range recognised {
		if v := stored(a, name); v != nil {
			return &key{name, chance(v)}
		}
	}
	switch op {
	case "sfn.StartExecution": // one of a name is started once
		if v := stored(a, "Name"); v != nil {
			return &key{"Name", chance(v)}
		}
	case "dynamodb.UpdateItem":
		if text := pointed(stored(a, "UpdateExpression")); text != "" && !adds().MatchString(text) {
			return &key{name: "UpdateExpression"}
		}
	}
	return nil
}

// stored is what a function stores into a field of a struct that it makes; nil if nothing, or several things.
func stored(a *ssa.Alloc, field string) (v ssa.Value) {
	for _, r := range *a.Referrers() {
		f, ok := r.(*ssa.FieldAddr)
		if !ok || fieldName(f) != field {
			continue
		}
		for _, s := range *f.Referrers() {
			if s, ok := s.(*ssa.Store); ok && s.Addr == f {
				if v != nil {
					return nil
				}
				v = s.Val
			}
		}
	}
	return v
}

func fieldName(f *ssa.FieldAddr) string {
	return f.X.Type().Underlying().(*types.Pointer).Elem().Underlying().(*types.Struct).Field(f.Field).Name()
}

// pointed is the constant text that aws.String and the like make a pointer to.
func pointed(v ssa.Value) string {
	switch v := v.(type) {
	case *ssa.Call:
		if len(v.Call.Args) == 1 {
			return constantText(v.Call.Args[0])
		}
	case *ssa.Alloc: // new("..."), or &text
		for _, r := range *v.Referrers() {
			if s, ok := r.(*ssa.Store); ok && s.Addr == v {
				return constantText(s.Val)
			}
		}
	}
	return ""
}
