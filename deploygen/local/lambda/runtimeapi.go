package lambda

import (
	"cmp"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
)

// This file defines the Runtime API, which each environment has for itself.

// MaxSync and MaxAsync are the largest payloads, in bytes; MaxSync is also that of responses.
const (
	MaxSync  = 6 << 20
	MaxAsync = 1 << 20
)

type runtimeAPI struct {
	addr   string
	server *http.Server
	ready  chan struct{}    // gets one when the runtime asks for an invocation
	next   chan *invocation // gives it one

	mu      sync.Mutex
	current *invocation
	outcome *outcome // of current, or of the initialisation
}

func newRuntimeAPI() (*runtimeAPI, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &runtimeAPI{addr: l.Addr().String(), ready: make(chan struct{}), next: make(chan *invocation, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", a.getNext)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", a.postResponse)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", a.postError)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", a.postInitError)
	a.server = &http.Server{Handler: mux}
	go a.server.Serve(l)
	return a, nil
}

func (a *runtimeAPI) close() error { return a.server.Close() }

// begin gives the runtime an invocation.
func (a *runtimeAPI) begin(in *invocation) {
	a.mu.Lock()
	a.current, a.outcome = in, nil
	a.mu.Unlock()
	a.next <- in
}

// end returns what the runtime has said about the invocation, or the initialisation; nil: nothing.
func (a *runtimeAPI) end() *outcome {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.current = nil
	return a.outcome
}

func (a *runtimeAPI) getNext(w http.ResponseWriter, r *http.Request) {
	select {
	case a.ready <- struct{}{}:
	case <-r.Context().Done():
		return
	}
	select {
	case in := <-a.next:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", in.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(in.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", in.arn)
		h.Set("Lambda-Runtime-Trace-Id", in.trace)
		h.Set("Content-Length", strconv.Itoa(len(in.payload)))
		w.Write(in.payload)
	case <-r.Context().Done():
	}
}

func (a *runtimeAPI) postResponse(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxSync+1))
	switch {
	case err != nil:
		return
	case len(body) > MaxSync:
		a.accept(w, r, failure("error", "Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (%d bytes).", MaxSync), http.StatusRequestEntityTooLarge)
		return
	}
	o := &outcome{payload: body, status: "success"}
	if typ := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); typ != "" { // the response was a stream that failed
		if body, err = base64.StdEncoding.DecodeString(r.Trailer.Get("Lambda-Runtime-Function-Error-Body")); err == nil {
			o = &outcome{payload: body, failed: true, status: "error"}
		}
	}
	a.accept(w, r, o, http.StatusAccepted)
}

func (a *runtimeAPI) postError(w http.ResponseWriter, r *http.Request) {
	if body, err := io.ReadAll(io.LimitReader(r.Body, MaxSync)); err == nil {
		a.accept(w, r, &outcome{payload: body, failed: true, status: "error"}, http.StatusAccepted)
	}
}

// accept takes the outcome of the invocation that the path names.
func (a *runtimeAPI) accept(w http.ResponseWriter, r *http.Request, o *outcome, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.current == nil || a.current.id != r.PathValue("id"):
		answer(w, http.StatusBadRequest, "Invalid request ID", "InvalidRequestID")
	case a.outcome != nil:
		answer(w, http.StatusForbidden, "Transition from "+a.outcome.status+" is not allowed", "InvalidStateTransition")
	default:
		a.outcome = o
		if status == http.StatusAccepted {
			answer(w, status, "", "")
		} else {
			answer(w, status, "Exceeded maximum allowed payload size", "RequestEntityTooLarge")
		}
	}
}

func (a *runtimeAPI) postInitError(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxSync))
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.outcome = &outcome{payload: body, failed: true, status: "error"}
	answer(w, http.StatusAccepted, "", "")
}

func answer(w http.ResponseWriter, status int, msg, typ string) {
	w.Header().Set("Content-Type", "application/json")
	if status == http.StatusAccepted {
		w.WriteHeader(status)
		io.WriteString(w, `{"status":"OK"}`)
		return
	}
	writeError(w, status, map[string]string{"errorMessage": msg, "errorType": cmp.Or(typ, "Error")})
}
