package lambdahost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines what a handler is invoked with and what it answers.

// A StartEvent starts a run. An event whose run exists already starts nothing: it asks for the run's
// state and lets it go on if nobody else does, so it may be repeated.
type StartEvent struct {
	Run  string   `json:"run,omitempty"` // "": the id of the Lambda request, which is the same in Lambda's own retries
	Args []string `json:"args,omitempty"`
}

// A Result answers a StartEvent.
type Result struct {
	Run    string `json:"run"`
	State  string `json:"state"`           // see the constants
	Status int    `json:"status"`          // exit status, when done
	Signal string `json:"signal,omitzero"` // what killed the program, when done; Status is then -1
	Error  string `json:"error,omitzero"`  // why it failed
}

// States of a run in a Result.
const (
	StateDone    = "done"    // the program has ended
	StateWaiting = "waiting" // all its goroutines wait for a timer
	StateRunning = "running" // it goes on in another invocation
	StateFailed  = "failed"  // it was given up
)

func result(r *store.Run) Result {
	res := Result{Run: r.ID, State: string(r.State)}
	switch r.State {
	case store.Done:
		res.Status, res.Signal = r.Exit, r.Signal
	case store.Failed:
		res.Error = r.Error
	}
	return res
}

// A wakeUp is the body of a message in the queue.
type wakeUp struct {
	Run   string `json:"run"`
	Step  int64  `json:"step,omitempty"`  // the step that it was sent for; 0: by hand
	Tries int    `json:"tries,omitempty"` // invocations before it that ended without a commit
}

// event is what decodeEvent found: exactly one of the fields is set.
type event struct {
	start *StartEvent
	sqs   *events.SQSEvent
}

var errEvent = errors.New(`this is not an event that starts a run: expected {"run": "id", "args": ["..."]}, both optional`)

func decodeEvent(payload []byte) (event, error) {
	var form struct {
		Records []struct {
			EventSource string `json:"eventSource"`
		}
	}
	if err := json.Unmarshal(payload, &form); err != nil {
		return event{}, fmt.Errorf("%w: %v", errEvent, err)
	}
	if form.Records != nil {
		for _, r := range form.Records {
			if r.EventSource != "aws:sqs" {
				return event{}, fmt.Errorf("the function was invoked by %q, which it has no entry point for", r.EventSource)
			}
		}
		e := new(events.SQSEvent)
		err := json.Unmarshal(payload, e)
		return event{sqs: e}, err
	}
	e := new(StartEvent)
	if err := decodeStrict(payload, e); err != nil {
		return event{}, fmt.Errorf("%w: %v", errEvent, err)
	}
	return event{start: e}, nil
}

func decodeWakeUp(body string) (wakeUp, error) {
	var w wakeUp
	if err := decodeStrict([]byte(body), &w); err != nil {
		return w, fmt.Errorf("%q is not a wake-up: %v", body, err)
	}
	if err := store.CheckID(w.Run); err != nil {
		return w, fmt.Errorf("%q is not a wake-up: %v", body, err)
	}
	return w, nil
}

func decodeStrict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// maxDelay is the longest that SQS holds a message back.
const maxDelay = 900 * time.Second

// delaySeconds rounds up, so that a wake-up is rather late than early, which would cost another.
func delaySeconds(d time.Duration) int32 {
	d = min(max(d, 0), maxDelay)
	return int32((d + time.Second - 1) / time.Second)
}
