package hark_event

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
)

// This file is about the payloads of events: what a handler wants of them, and what its answer is.

// A record is what is looked at of a record of AWS's, or of an event of EventBridge. Names of JSON match in any case.
type record struct {
	EventSource string          `json:"eventSource"`
	Body        *string         `json:"body"`
	Sns         json.RawMessage `json:"Sns"`
	DetailType  string          `json:"detail-type"`
	Detail      json.RawMessage `json:"detail"`
}

// Body is what the sender of a record has written: the body of a message of SQS, the message of SNS, the detail of an event of EventBridge. What is
// none of these is it itself.
func Body(payload []byte) []byte {
	var r record
	if json.Unmarshal(payload, &r) != nil {
		return payload
	}
	switch {
	case r.EventSource == "aws:sqs" && r.Body != nil:
		return []byte(*r.Body)
	case r.EventSource == "aws:sns" && r.Sns != nil:
		var s struct{ Message string }
		if json.Unmarshal(r.Sns, &s) == nil {
			return []byte(s.Message)
		}
	case r.DetailType != "" && r.Detail != nil:
		return r.Detail
	}
	return payload
}

// Entity is the part of a record of SNS that has the message.
func Entity(payload []byte) []byte {
	var r record
	if json.Unmarshal(payload, &r) == nil && r.Sns != nil {
		return r.Sns
	}
	return payload
}

// JSON is the payload of an answer, as aws-lambda-go makes it: what is no JSON but an io.Reader is read.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	if r, ok := v.(io.Reader); ok && (err != nil || strings.HasPrefix(b.String(), "{}")) {
		return io.ReadAll(r)
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
