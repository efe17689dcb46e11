package lambdahost

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
)

// This file defines how events get to a run in an invocation, and its responses out.

// An outlet is local.Events for one invocation.
type outlet struct {
	h   *host
	run string
	own string // id of the event that the invocation is to answer; "": none

	leaves  bool // once it is answered: somebody waits for the answer
	reports bool // who has invoked is told if the event fails, and keeps it

	came     chan struct{} // events have; nil if none come but the first
	answered chan struct{} // closed when own is

	mu     sync.Mutex
	answer []byte
}

// startID is the id of the event that starts a run.
const startID = "start"

// outlet makes the outlet of a run.
func (h *host) outlet(run *store.Run, own string) *outlet {
	o := &outlet{h: h, run: run.ID, own: own, answered: make(chan struct{})}
	if h.entry.Kind == KindServer {
		o.came = make(chan struct{}, 1)
	}
	return o
}

// Appended implements local.Events.
func (o *outlet) Appended() <-chan struct{} { return o.came }

// Respond implements local.Events. Those who wait for a response of a server poll for it.
func (o *outlet) Respond(id string, data []byte) error {
	if o.h.entry.Kind == KindServer {
		if err := store.AppendEvent(context.Background(), o.h.store, responses(o.run), id, "response", data); err != nil {
			return err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if id == o.own && o.answer == nil {
		o.answer = data
		close(o.answered)
	}
	return nil
}

// Listen implements local.Events. API Gateway listens.
func (o *outlet) Listen([]string) error { return nil }

// read returns the answer to the own event, nil if there is none yet.
func (o *outlet) read() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.answer
}

// responses is the mailbox with the responses of a server, as events.
func responses(run string) string { return run + "/r" }

// pollEach is how often an invocation looks for events of others in the mailbox of the run that it executes.
const pollEach = 50 * time.Millisecond

// poll looks for events until ctx ends.
func (o *outlet) poll(ctx context.Context) {
	seen := map[string]bool{}
	for sleep(ctx, pollEach) {
		list, err := store.Events(ctx, o.h.store, o.run)
		if err != nil {
			continue
		}
		now := map[string]bool{}
		for _, e := range list {
			if now[e.ID] = true; !seen[e.ID] {
				select {
				case o.came <- struct{}{}:
				default:
				}
			}
		}
		seen = now
	}
}

// deliver passes on the responses of the last step, which whoever made it may not have done.
func (o *outlet) deliver(ctx context.Context, run *store.Run) error {
	return local.Responses(ctx, o.h.store, run, o.Respond)
}

// Answers of the kind lambda begin with one of these, as in hark_event.
const (
	success = '+'
	failure = '-'
)

// failedAnswer reports whether the handler has returned an error.
func failedAnswer(answer []byte) bool { return len(answer) > 0 && answer[0] == failure }

// problem says what of the event has failed by the handler's answer, "" if nothing has.
func (h *host) problem(answer []byte) string {
	if failedAnswer(answer) {
		message, _ := errorOf(answer)
		return message
	}
	if items := h.failedItems(answer); len(items) > 0 {
		return "the handler has named records that failed: " + strings.Join(items, ", ")
	}
	return ""
}

// errorOf returns the error in an answer.
func errorOf(answer []byte) (message, typ string) {
	var e struct{ ErrorMessage, ErrorType string }
	if json.Unmarshal(answer[1:], &e) != nil || e.ErrorMessage == "" {
		return "the handler has returned an error", e.ErrorType
	}
	return e.ErrorMessage, e.ErrorType
}
