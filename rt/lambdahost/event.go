package lambdahost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines what a handler is invoked with and what it answers.

// A StartEvent starts a run. An event whose run exists already starts nothing: it asks for the run's
// state and lets it go on if nobody else does, so it may be repeated.
type StartEvent struct {
	Run   string   `json:"run,omitempty"` // "": the id of the Lambda request, which is the same in Lambda's own retries
	Args  []string `json:"args,omitempty"`
	Input string   `json:"input,omitempty"` // the standard input
}

// A Result answers a StartEvent.
type Result struct {
	Run    string `json:"run"`
	State  string `json:"state"`           // see the constants
	Status int    `json:"status"`          // exit status, when done
	Signal string `json:"signal,omitzero"` // what killed the program, when done; Status is then -1
	Error  string `json:"error,omitzero"`  // why it failed

	Requests int64 `json:"requests,omitzero"` // to AWS, but for those since the last commit
}

// States of a run in a Result.
const (
	StateDone    = "done"    // the program has ended
	StateWaiting = "waiting" // all its goroutines wait for a timer
	StateRunning = "running" // it goes on in another invocation
	StateFailed  = "failed"  // it was given up
)

func result(r *store.Run) Result {
	res := Result{Run: r.ID, State: string(r.State), Requests: r.Cost.Count()}
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
	Until int64  `json:"until,omitempty"` // Unix time in ms: the end of the lease that it was sent for, if it was for a Running run
	Tries int    `json:"tries,omitempty"` // invocations before it that ended without a step

	again bool // the message has been received before: whoever had it may have been killed
}

// A request is what the function is asked for, by itself or by harkgen: one of the fields.
type request struct {
	Start   *StartEvent   `json:"start,omitempty"`
	Step    *stepEvent    `json:"step,omitempty"`
	Wake    *wakeUp       `json:"wake,omitempty"` // passed on by another version
	Inspect *InspectEvent `json:"inspect,omitempty"`
	Cancel  *CancelEvent  `json:"cancel,omitempty"`
	Sweep   *SweepEvent   `json:"sweep,omitempty"`
}

// An envelope is how a request is written: no other event has a field "hark".
type envelope struct {
	Hark *request `json:"hark"`
}

func own(r request) envelope { return envelope{&r} }

var errEvent = errors.New(`this is not an event that starts a run: expected {"run": "id", "args": ["..."], "input": "..."}, all optional`)

// decodeRequest decodes what is in the envelope.
func decodeRequest(data []byte) (*request, error) {
	r := new(request)
	if err := decodeStrict(data, r); err != nil {
		return nil, fmt.Errorf("this is not a request that the function knows: %v", err)
	}
	return r, nil
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
