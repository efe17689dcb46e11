package lambdahost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/core"

	"github.com/harkgen/harkgen/rt/front"
	"github.com/harkgen/harkgen/rt/store"
)

// This file defines HTTP: events of API Gateway in format 2.0, which are those of function URLs too, to and from the text that programs have.

// httpPatience is how long an invocation works on a request: API Gateway waits for 30 s.
const httpPatience = 28 * time.Second

// A request is an HTTP request.
type webRequest struct {
	id   string // sorts by time, and is the same when the event is delivered again
	http *http.Request
	text []byte
}

func decodeWeb(payload []byte) (*webRequest, error) {
	var e events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	values := url.Values{}
	for name, value := range e.PathParameters {
		values.Set(name, value)
	}
	r, err := new(core.RequestAccessorV2).EventToRequest(e)
	if err != nil {
		return nil, err
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	r.Header.Del("Host")
	if cookies := r.Header["Cookie"]; len(cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(cookies, "; "))
	}
	r.RemoteAddr = net.JoinHostPort(e.RequestContext.HTTP.SourceIP, "0")
	body, err := readAll(r)
	return &webRequest{
		id:   fmt.Sprintf("%012x-%s", e.RequestContext.TimeEpoch, hash(e.RequestContext.RequestID)),
		http: r, text: front.RequestText(r, body, values),
	}, err
}

// respond makes the event's answer of a response in text.
func (q *webRequest) respond(text []byte) (*events.APIGatewayV2HTTPResponse, error) {
	w := core.NewProxyResponseWriterV2()
	if err := front.WriteResponse(w, q.http, text); err != nil {
		return nil, err
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Del("Content-Type")
	}
	w.Header().Del("Content-Length") // API Gateway counts
	res, err := w.GetProxyResponse()
	return &res, err
}

// reply is an answer of the host itself.
func reply(status int, v any) *events.APIGatewayV2HTTPResponse {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // of what is defined here
	}
	return &events.APIGatewayV2HTTPResponse{StatusCode: status, Headers: map[string]string{"Content-Type": "application/json"}, Body: string(data)}
}

// A problem is the body of a reply that is none of the program.
type problem struct {
	Message string `json:"message"`
	Run     string `json:"run,omitempty"`
}

// RunHeader names the run of a request that it has not answered yet.
const RunHeader = "Hark-Run"

// request handles a request by a run of its own. If that has not answered when it waits, or when the client will wait no longer, the answer is 202 with the run.
func (h *host) request(ctx context.Context, payload []byte) (*events.APIGatewayV2HTTPResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, httpPatience)
	defer cancel()
	q, err := decodeWeb(payload)
	if err != nil {
		return reply(http.StatusBadRequest, problem{Message: err.Error()}), nil
	}
	run, answer, err := h.handle(ctx, &delivery{run: h.runID("http", q.id), kind: "http", data: q.text, leaves: true})
	switch {
	case err != nil && !errors.Is(err, errBusy):
		return nil, err
	case len(answer) > 0:
		return q.respond(answer)
	case run.State == store.Waiting || run.State == store.Running:
		res := reply(http.StatusAccepted, Pending{run.ID, string(run.State)})
		res.Headers[RunHeader] = run.ID
		return res, nil
	}
	return reply(http.StatusInternalServerError, problem{"the handler has ended without a response", run.ID}), nil
}
