package entry

import (
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/harkgen/harkgen/analyzer/directive"
	"github.com/harkgen/harkgen/deploygen/plan"
)

// This file is about functions with directives: what they are called with.
//
//	func(http.ResponseWriter, *http.Request)   http
//	TIn of package events, of all records      Whole: one run for a batch
//	TIn of package events, of one record       Record: one run for each
//	any other TIn                              Body: what is in the record as the sender wrote it, decoded from JSON

// A Form is what a handler is called with.
type Form int

// The forms. Entity is the part of a record of SNS that has the message.
const (
	Whole Form = iota
	Record
	Entity
	Body
)

const eventsPath = "github.com/aws/aws-lambda-go/events"

// batched are the events that bring several records.
var batched = []string{"sqs", "s3", "sns", "dynamodb-stream"}

// forms are the types of package events by the type of event.
var forms = map[string]map[string]Form{
	"sqs":             {"SQSEvent": Whole, "SQSMessage": Record},
	"s3":              {"S3Event": Whole, "S3EventRecord": Record},
	"sns":             {"SNSEvent": Whole, "SNSEventRecord": Record, "SNSEntity": Entity},
	"dynamodb-stream": {"DynamoDBEvent": Whole, "DynamoDBEventRecord": Record},
	"eventbridge":     {"EventBridgeEvent": Whole, "CloudWatchEvent": Whole},
	"schedule":        {"EventBridgeEvent": Whole, "CloudWatchEvent": Whole},
	directive.Main:    {},
}

// bodies are the events in which a sender's own data is.
var bodies = map[string]string{"sqs": "body", "sns": "message", "eventbridge": "detail", "schedule": "detail", directive.Main: "input"}

// signature checks the signature of p, a function with directives, against each of them.
func (f *finder) signature(p *Point, sig *types.Signature) {
	web := isHTTPHandler(sig)
	for _, d := range p.Said {
		if (d.Trigger.Type == "http") != web {
			f.wrong(p, d, httpForm(d, sig), argument(d.Trigger.Type))
			return
		}
	}
	if web {
		return
	}
	if sig.Params().Len()+sig.Results().Len() == 0 && len(p.Triggers(f.Fset)) == 0 {
		p.Kind = plan.Main // it is called as main is
		return
	}
	h, problem := HandlerOf(sig)
	if problem == "" && unnamed(sig, p.Pkg) != nil {
		problem = "its type " + short(unnamed(sig, p.Pkg)) + " has no name outside its package"
	}
	if problem != "" {
		f.wrong(p, p.Said[0], problem, form)
		return
	}
	p.Handler = h
	if h.In == nil {
		p.Form = Record // nothing is passed: one run for each
		return
	}
	f.form(p, h.In)
}

// form finds what is passed for in; all directives must agree.
func (f *finder) form(p *Point, in types.Type) {
	for i, d := range p.Said {
		form, problem := formOf(d.Trigger.Type, in)
		if problem == "" && i > 0 && form != p.Form {
			problem = "it would be called with another part of the event than for " + p.Said[0].Trigger.Type
		}
		if problem != "" {
			f.wrong(p, d, problem, argument(d.Trigger.Type))
		}
		p.Form = form
	}
}

func formOf(event string, in types.Type) (form Form, problem string) {
	n, ok := types.Unalias(in).(*types.Named)
	if ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == eventsPath {
		form, ok := forms[event][n.Obj().Name()]
		if !ok {
			return 0, fmt.Sprintf("%s delivers no %s", event, short(in))
		}
		return form, ""
	}
	if bodies[event] == "" {
		return 0, fmt.Sprintf("a record of %s has no data of the sender's to decode into a %s", event, short(in))
	}
	return Body, ""
}

func (f *finder) wrong(p *Point, d *directive.Entry, problem, do string) {
	f.problem(d.Pos, directive.EntryName+" "+d.Trigger.Type+" on "+p.Func.Name()+", whose signature is not supported", problem, do)
}

// argument says what a handler of an event is to take.
func argument(event string) string {
	switch {
	case event == "http":
		return "write func(http.ResponseWriter, *http.Request)"
	case bodies[event] == "":
		return "let it take an events." + strings.Join(slices.Sorted(maps.Keys(forms[event])), " or events.")
	}
	return form
}

func httpForm(d *directive.Entry, sig *types.Signature) string {
	if d.Trigger.Type == "http" {
		return "it is " + short(sig)
	}
	return "it is a handler of HTTP requests"
}

func isHTTPHandler(sig *types.Signature) bool {
	if sig.Params().Len() != 2 || sig.Results().Len() != 0 {
		return false
	}
	return types.TypeString(sig.Params().At(0).Type(), nil) == "net/http.ResponseWriter" && types.TypeString(sig.Params().At(1).Type(), nil) == "*net/http.Request"
}
