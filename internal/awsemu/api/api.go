// Package api is what the emulated services have in common: how an operation is called, what an error is, and how a request can be made to go wrong.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Account and Region are what all resources belong to.
const (
	Account = "123456789012"
	Region  = "eu-central-1"
)

// ARN names a resource of a service.
func ARN(service, resource string) string {
	return "arn:aws:" + service + ":" + Region + ":" + Account + ":" + resource
}

// Fault says how one request goes wrong. The zero value: it does not.
type Fault struct {
	Delay    time.Duration // before anything else, in real time
	Throttle bool          // refused with the service's error for too many requests
	Status   int           // answered instead of doing anything: 500 or above
	Before   func()        // called before the request takes effect
	After    func()        // called when it has, before the answer
	Lose     bool          // the request takes effect, then the connection breaks

	// What goes wrong with messages of SQS.
	Late      time.Duration // SendMessage: so much more of the emulator's time until it can be received
	Duplicate bool          // ReceiveMessage: what is received can be received again at once
	Reorder   bool          // ReceiveMessage: the newest come first
}

// A Call is one request of an operation.
type Call struct {
	context.Context        // ends when the client has gone
	Endpoint        string // the URL that the client sees: "http://127.0.0.1:4566"
	Fault           Fault
}

// An Op is an operation: it takes the body of a request and returns what is to be written as JSON.
type Op func(c *Call, body []byte) (any, error)

// Ops are the operations of a service that speaks JSON, by name.
type Ops map[string]Op

// JSON makes an operation of a function. It decodes strictly: a parameter that In does not have is refused,
// so that nothing passes by being ignored.
func JSON[In, Out any](do func(*Call, *In) (Out, error)) Op {
	return func(c *Call, body []byte) (any, error) {
		in := new(In)
		if err := Decode(body, in); err != nil {
			return nil, err
		}
		return do(c, in)
	}
}

// Decode decodes JSON into v, which must have all its fields.
func Decode(body []byte, v any) error {
	if len(body) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return Errorf("SerializationException", "the emulator: %v", err)
}

// None is an empty answer.
type None struct{}

// An Error is an answer that is an error.
type Error struct {
	Status  int    // of HTTP
	Code    string // the service's name for it
	Message string
	Query   string         // SQS: the name of it in the query protocol
	More    map[string]any // further members of the answer
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf returns an error of status 400.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid returns the ValidationException that several services have.
func Invalid(format string, args ...any) *Error {
	return Errorf("ValidationException", format, args...)
}
