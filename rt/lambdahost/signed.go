package lambdahost

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines what can be asked by HTTP, with a signed request: POST /_hark/ENTRY/resume, cancel or inspect, with {"run": ID} as the body.

// signedRoute is the key of the route for such calls. It alone tells them: another route may lead the same path here, unsigned.
func (h *host) signedRoute() string { return "POST /_hark/" + h.program + "/{action}" }

func (h *host) signed(ctx context.Context, payload []byte) (*events.APIGatewayV2HTTPResponse, error) {
	var e events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	if a := e.RequestContext.Authorizer; a == nil || a.IAM == nil {
		return reply(http.StatusForbidden, problem{Message: "the request is not signed"}), nil
	}
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		body, _ = base64.StdEncoding.DecodeString(e.Body) // what is none has no run
	}
	var ask struct {
		Run string `json:"run"`
	}
	if err := json.Unmarshal(body, &ask); err != nil || store.CheckID(ask.Run) != nil {
		return reply(http.StatusBadRequest, problem{Message: `the body is not {"run": ID}`}), nil
	}
	run, _, err := h.get(ctx, ask.Run)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && run.Program.Package != h.program:
		return reply(http.StatusNotFound, problem{"there is no such run of this entry point", ask.Run}), nil
	case err != nil:
		return nil, err
	}
	answer, err := h.act(ctx, e.PathParameters["action"], run)
	if errors.Is(err, errNoAction) {
		return reply(http.StatusNotFound, problem{err.Error(), ask.Run}), nil
	}
	if err != nil {
		return reply(http.StatusInternalServerError, problem{err.Error(), ask.Run}), nil
	}
	return reply(http.StatusOK, answer), nil
}

var errNoAction = errors.New("there is no such action; there are resume, cancel, inspect")

func (h *host) act(ctx context.Context, action string, run *store.Run) (any, error) {
	switch action {
	case "resume":
		return result(run), h.wakeIn(ctx, wakeUp{Run: run.ID}, 0)
	case "cancel":
		return h.cancel(ctx, &CancelEvent{Run: run.ID})
	case "inspect":
		return h.inspect(ctx, &InspectEvent{Run: run.ID})
	}
	return nil, errNoAction
}
