// Package gateway emulates HTTP APIs of API Gateway, and function URLs, in front of Lambda functions: payload format 2.0, both ways.
//
// Not faithful: there is no TLS, no CORS, no authorizer but AWS_IAM, and no stage but $default.
package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/rt/clock"
)

// A Route leads requests to a function. A function URL is the one route Default.
type Route struct {
	Method   string // or "ANY"; a route with the path Default needs none
	Path     string // "/orders/{id}", "/files/{proxy+}", or Default
	Function string // name or ARN, with a qualifier: "f:live"
	Signed   bool   // takes only calls that are signed, as with the authorizer AWS_IAM
}

// Default is the path of the route for what no other leads anywhere.
const Default = "$default"

// An API is an [http.Handler] that invokes functions.
type API struct {
	Name   string // like a domain, in the events
	Routes []Route
	Limit  time.Duration // of an invocation, real; 0 is that of the function
	Clock  *clock.Clock
	Invoke func(context.Context, lambda.Invocation) (*lambda.Result, error)
}

// HTTPLimit is for how long an HTTP API waits for a function.
const HTTPLimit = 30 * time.Second

// maxRequest is the largest body, in bytes.
const maxRequest = 10 << 20

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, params := match(a.Routes, r.Method, r.URL.EscapedPath())
	if route == nil {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		refuse(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	} else if err != nil {
		return // the client has gone
	}
	if route.Signed && !authorized(r, body) {
		refuse(w, http.StatusForbidden, "Forbidden")
		return
	}
	payload, err := json.Marshal(a.event(r, route, params, body))
	if err != nil {
		panic(err) // strings
	}
	ctx := r.Context()
	if a.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.Limit)
		defer cancel()
	}
	res, err := a.Invoke(ctx, lambda.Invocation{Function: route.Function, Payload: payload})
	e, _ := errors.AsType[*lambda.Error](err)
	switch {
	case e != nil && e.Status == http.StatusRequestEntityTooLarge:
		refuse(w, e.Status, "Request Entity Too Large")
	case err != nil: // throttled, or not in time
		refuse(w, http.StatusServiceUnavailable, "Service Unavailable")
	case res.Failed || respond(w, res.Payload) != nil:
		refuse(w, http.StatusInternalServerError, "Internal Server Error")
	}
}

func refuse(w http.ResponseWriter, status int, msg string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"message": msg})
}
