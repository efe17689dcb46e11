package gateway

import (
	"encoding/base64"
	"mime"
	"net"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
)

// This file defines the event that a request becomes.

type event struct {
	Version  string            `json:"version"`
	RouteKey string            `json:"routeKey"`
	RawPath  string            `json:"rawPath"`
	RawQuery string            `json:"rawQueryString"`
	Cookies  []string          `json:"cookies,omitempty"`
	Headers  map[string]string `json:"headers"`
	Query    map[string]string `json:"queryStringParameters,omitempty"`
	Params   map[string]string `json:"pathParameters,omitempty"`
	Context  requestContext    `json:"requestContext"`
	Body     string            `json:"body,omitempty"`
	Base64   bool              `json:"isBase64Encoded"`
}

type requestContext struct {
	AccountID    string  `json:"accountId"`
	APIID        string  `json:"apiId"`
	Authorizer   any     `json:"authorizer,omitempty"`
	DomainName   string  `json:"domainName"`
	DomainPrefix string  `json:"domainPrefix"`
	HTTP         request `json:"http"`
	RequestID    string  `json:"requestId"`
	RouteKey     string  `json:"routeKey"`
	Stage        string  `json:"stage"`
	Time         string  `json:"time"`
	TimeEpoch    int64   `json:"timeEpoch"`
}

type request struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

func (a *API) event(r *http.Request, route *Route, params map[string]string, body []byte) *event {
	now := a.Clock.Now().UTC()
	ip, _, _ := net.SplitHostPort(r.RemoteAddr)
	path := r.URL.EscapedPath()
	e := &event{
		Version:  "2.0",
		RouteKey: route.key(),
		RawPath:  path,
		RawQuery: r.URL.RawQuery,
		Cookies:  cookies(r),
		Headers:  headers(r, ip),
		Query:    map[string]string{},
		Params:   params,
		Context: requestContext{
			AccountID:    lambda.DefaultAccount,
			APIID:        a.Name,
			DomainName:   r.Host,
			DomainPrefix: a.Name,
			HTTP:         request{Method: r.Method, Path: path, Protocol: r.Proto, SourceIP: ip, UserAgent: r.UserAgent()},
			RequestID:    lambda.NewID(),
			RouteKey:     route.key(),
			Stage:        "$default",
			Time:         now.Format("02/Jan/2006:15:04:05 -0700"),
			TimeEpoch:    now.UnixMilli(),
		},
	}
	for name, values := range r.URL.Query() {
		e.Query[name] = strings.Join(values, ",")
	}
	if route.Signed {
		e.Context.Authorizer = map[string]any{"iam": map[string]string{"accessKey": signatureOf(r).key, "accountId": lambda.DefaultAccount}}
	}
	if e.Body = string(body); len(body) > 0 && !text(r.Header) {
		e.Body, e.Base64 = base64.StdEncoding.EncodeToString(body), true
	}
	return e
}

// hops are the headers that concern the connection only.
var hops = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// headers returns the headers with lower-case names, several values of one with commas.
func headers(r *http.Request, ip string) map[string]string {
	h := r.Header.Clone()
	for _, name := range hops {
		h.Del(name)
	}
	h.Del("Cookie")
	h.Set("Host", r.Host)
	h.Add("X-Forwarded-For", ip)
	h.Set("X-Forwarded-Proto", "http")
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		h.Set("X-Forwarded-Port", port)
	}
	out := map[string]string{}
	for name, values := range h {
		out[strings.ToLower(name)] = strings.Join(values, ",")
	}
	return out
}

func cookies(r *http.Request) (all []string) {
	for _, line := range r.Header["Cookie"] {
		for _, c := range strings.Split(line, ";") {
			if c = textproto.TrimString(c); c != "" {
				all = append(all, c)
			}
		}
	}
	return all
}

// text reports whether a body is passed on as it is, by its type.
func text(h http.Header) bool {
	typ, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || h.Get("Content-Encoding") != "" {
		return false
	}
	_, sub, _ := strings.Cut(typ, "/")
	switch {
	case strings.HasPrefix(typ, "text/"), strings.HasSuffix(sub, "+json"), strings.HasSuffix(sub, "+xml"):
		return true
	}
	return typ == "application/json" || typ == "application/xml" || typ == "application/javascript"
}
