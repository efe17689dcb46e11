// Package hark_event is how a compiled program gets events from outside and answers them. It is compiled along with programs that do; see package
// transform/glue.
//
// next, respond, start, stop and linger are functions of package rt in a compiled program (transform/lower/library.go); what they do here is for analyses only.
package hark_event

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

func next(kind string) (id string, data []byte, ok bool) { return kind, []byte(kind), false }

func respond(id string, data []byte) {}

func start(kind string) {}

func stop(kind string) {}

func linger() {}

// Next waits for the next event of a kind, "" for any, and takes it. ok is false if none will come any more.
func Next(kind string) (id string, data []byte, ok bool) { return next(kind) }

// Respond answers an event. The answer is visible when the state is that has come of it.
func Respond(id string, data []byte) { respond(id, data) }

// Start makes Next deliver events of a kind again after Stop.
func Start(kind string) { start(kind) }

// Stop makes Next return, for those who wait for events of exactly this kind, when those that have come are taken.
func Stop(kind string) { stop(kind) }

// Tell tells the host something: "listen ADDRESS", "close ADDRESS".
func Tell(text string) { respond("", []byte(text)) }

// Rest ends what the program does for its event: what else it has started goes on, until none of its goroutines can. The run then ends with status 0.
func Rest() {
	linger()
	select {}
}

// Responses of the kind lambda begin with one of these.
const (
	Success = '+' // and the payload
	Failure = '-' // and an Error in JSON
)

// An Error is the error of an invocation, as Lambda reports it.
type Error struct {
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
}

// errNoEvent ends a program that was started without an event.
var errNoEvent = errors.New("harkgen: this program handles an event, and was started without one")

// Handle handles the event of the run with h, answers it, and does not return. A panic of h is answered, and ends the run as it would without Handle.
func Handle(h func(ctx context.Context, payload []byte) ([]byte, error)) {
	id, data, ok := next("")
	if !ok {
		panic(errNoEvent)
	}
	payload, err := call(h, id, data)
	if err != nil {
		answerError(id, err.Error(), err)
	} else {
		respond(id, append([]byte{Success}, payload...))
	}
	Rest()
}

func call(h func(ctx context.Context, payload []byte) ([]byte, error), id string, data []byte) ([]byte, error) {
	defer func() {
		if v := recover(); v != nil {
			answerError(id, fmt.Sprint(v), v)
			panic(v)
		}
	}()
	return h(context.Background(), data)
}

// answerError answers with an error whose type is named as aws-lambda-go names it.
func answerError(id, message string, v any) {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	text, err := json.Marshal(Error{message, t.Name()})
	if err != nil {
		text = []byte(`{}`)
	}
	respond(id, append([]byte{Failure}, text...))
}
