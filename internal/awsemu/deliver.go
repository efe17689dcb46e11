package awsemu

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/harkgen/harkgen/internal/awsemu/events"
	"github.com/harkgen/harkgen/internal/awsemu/scheduler"
	"github.com/harkgen/harkgen/internal/awsemu/sns"
	"github.com/harkgen/harkgen/internal/awsemu/sqs"
)

// This file defines how services reach each other.

// start starts a function.
func (e *Emulator) start(function string, payload []byte) error {
	if e.invoke == nil {
		return fmt.Errorf("nobody runs functions: %s", function)
	}
	return e.invoke(function, payload)
}

// deliver invokes the target of a schedule.
func (e *Emulator) deliver(t scheduler.Target) error {
	switch {
	case strings.HasPrefix(t.Arn, "arn:aws:sqs:"):
		return e.SQS.Send(t.Arn, t.Input, nil)
	case strings.HasPrefix(t.Arn, "arn:aws:lambda:"):
		payload := t.Input
		if payload == "" {
			payload = "{}"
		}
		if !json.Valid([]byte(payload)) {
			return fmt.Errorf("the input for %s is not JSON", t.Arn)
		}
		return e.start(t.Arn, []byte(payload))
	case strings.HasPrefix(t.Arn, "arn:aws:events:") && t.EventBridgeParameters != nil:
		p := t.EventBridgeParameters
		_, err := e.Events.Put(events.Entry{Source: p.Source, DetailType: p.DetailType, Detail: t.Input, EventBusName: t.Arn})
		return err
	}
	return fmt.Errorf("the emulator does not know the target %s", t.Arn)
}

// notify gives a message to a subscription. As on AWS, its publisher does not learn whether that succeeds.
func (e *Emulator) notify(sub sns.Subscription, m sns.Message) {
	if sub.Protocol == "lambda" {
		e.start(sub.Endpoint, m.LambdaEvent(sub))
		return
	}
	attrs := map[string]sqs.Attribute{}
	if sub.Raw {
		for name, a := range m.Attributes {
			v := sqs.Attribute{DataType: a.Type, StringValue: &a.Value}
			if a.Type == "Binary" {
				v.StringValue, v.BinaryValue = nil, &a.Value
			}
			attrs[name] = v
		}
	}
	e.SQS.Send(sub.Endpoint, m.Body(sub), attrs)
}
