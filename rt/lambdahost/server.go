package lambdahost

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines HTTP servers: one run of a version answers all requests.
//
//	invocation with a request -> mailbox of the run
//	nobody has the lease      take it, execute the run, for others too, until the own request is answered; what then goes on is woken
//	somebody has              poll for the response; take the lease when it becomes free
//
// The lease of a server is short, and is renewed, so that clients need not wait long when the invocation that has it was killed. Responses stay where they are
// polled for until a sweep, so a request that is delivered again gets the same one; the process itself knows those that it works on.

// leaseTime is how long the lease of a server lasts, unless it is renewed.
const leaseTime = 10 * time.Second

// serverRun is the id of the run of this version.
func (h *host) serverRun() string { return h.program + "-v" + h.version }

// toServer has the server answer a request.
func (h *host) toServer(ctx context.Context, payload []byte) (*events.APIGatewayV2HTTPResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, httpPatience)
	defer cancel()
	q, err := decodeWeb(payload)
	if err != nil {
		return reply(http.StatusBadRequest, problem{Message: err.Error()}), nil
	}
	run := h.serverRun()
	if e, err := store.FindEvent(ctx, h.store, responses(run), q.id); err != nil {
		return nil, err
	} else if e == nil {
		if err := store.AppendEvent(ctx, h.store, run, q.id, "http", q.text); err != nil {
			return nil, err
		}
	}
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 300*time.Millisecond) {
		text, ended, err := h.look(ctx, q.id)
		switch {
		case err != nil:
			return nil, err
		case text != nil:
			return q.respond(text)
		case ended != "":
			return reply(http.StatusServiceUnavailable, problem{ended, run}), nil
		case time.Until(h.gone(ctx)) < minTime:
			return h.giveUp(context.WithoutCancel(ctx), run)
		}
		sleep(ctx, pause)
	}
}

// giveUp answers a client that would not wait for longer. What goes on with its request is not its any more.
func (h *host) giveUp(ctx context.Context, run string) (*events.APIGatewayV2HTTPResponse, error) {
	if err := h.wakeIn(ctx, wakeUp{Run: run, Step: beforeAny}, 0); err != nil {
		return nil, err
	}
	return reply(http.StatusGatewayTimeout, problem{"the server has not responded in time; it goes on", run}), nil
}

// look returns the response to a request, or why there will be none, and executes the run if nobody else does. Neither: one is to look again.
func (h *host) look(ctx context.Context, id string) (response []byte, ended string, err error) {
	run, version, err := h.get(ctx, h.serverRun()) // before the response: who has given the lease back has delivered
	if errors.Is(err, store.ErrNotFound) {
		run, version, err = h.create(ctx, &birth{id: h.serverRun(), args: h.entry.Args})
		if version == 0 {
			return nil, "", err
		}
		if err == nil {
			return h.executeFor(ctx, run, version, id)
		}
	}
	if err != nil {
		return nil, "", err
	}
	e, err := store.FindEvent(ctx, h.store, responses(run.ID), id)
	if err != nil {
		return nil, "", err
	}
	if e != nil {
		response, err = e.Data(ctx, h.store)
		return response, "", err
	}
	switch due, err := h.serverDue(ctx, run); {
	case run.State == store.Done:
		return nil, fmt.Sprintf("the server has ended: exit status %d %s", run.Exit, run.Signal), nil
	case run.State == store.Failed:
		return nil, "the server has failed: " + run.Error, nil
	case err != nil || !due:
		return nil, "", err
	case !h.fits(run):
		return nil, h.lost(run), nil
	}
	if time.Until(h.gone(ctx)) < minTime {
		return nil, "", nil
	}
	if err := h.insure(ctx, run.ID); err != nil {
		return nil, "", err
	}
	return h.executeFor(ctx, run, version, id)
}

// serverDue reports whether there is something to do for a server and nobody does it.
func (h *host) serverDue(ctx context.Context, run *store.Run) (bool, error) {
	switch {
	case run.State == store.Running:
		return h.left(run) <= 0, nil
	case run.State != store.Waiting:
		return false, nil
	case !run.Wake.IsZero() && h.left(run) <= 0:
		return true, nil
	}
	list, err := store.Events(ctx, h.store, run.ID)
	return slices.ContainsFunc(list, func(e store.Event) bool { return !slices.Contains(run.Taken, e.ID) }), err
}

// executeFor executes the run until a request is answered.
func (h *host) executeFor(ctx context.Context, run *store.Run, version int64, id string) ([]byte, string, error) {
	o := h.outlet(run, id)
	o.leaves = true
	_, err := h.perform(ctx, run, version, wakeUp{}, o)
	answer := o.read()
	if answer != nil && err != nil {
		h.logf("run %s: %v", run.ID, err) // the response is committed
		err = nil
	}
	return answer, "", err
}

// forgetResponses deletes responses that nobody polls for any more.
func (h *host) forgetResponses(ctx context.Context, run string) error {
	list, err := store.Events(ctx, h.store, responses(run))
	if err != nil {
		return err
	}
	old := slices.DeleteFunc(list, func(e store.Event) bool {
		ms, err := strconv.ParseInt(strings.SplitN(e.ID, "-", 2)[0], 16, 64)
		return err == nil && h.clock.Now().Sub(time.UnixMilli(ms)) < abandoned
	})
	return store.DeleteEvents(ctx, h.store, responses(run), old...)
}
