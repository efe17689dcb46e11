package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/harkgen/harkgen/deploygen/local/eventtest"
	"github.com/harkgen/harkgen/deploygen/local/lambda"
)

func TestMatch(t *testing.T) {
	routes := []Route{
		{"GET", "/orders/{id}", "get", false},
		{"ANY", "/orders/{id}", "any", false},
		{"GET", "/orders/new", "new", false},
		{"POST", "/orders", "post", false},
		{"ANY", "/files/{proxy+}", "files", false},
		{"GET", "/files/a/{rest+}", "a", false},
		{"ANY", Default, "default", false},
		{"GET", "/", "root", false},
	}
	for _, test := range []struct{ method, path, function, vars string }{
		{"GET", "/orders/17", "get", "id=17"},
		{"PUT", "/orders/17", "any", "id=17"},
		{"GET", "/orders/new", "new", ""},
		{"GET", "/orders/a%2Fb", "get", "id=a/b"},
		{"POST", "/orders", "post", ""},
		{"GET", "/orders", "default", ""},
		{"POST", "/orders/", "default", ""},
		{"GET", "/files/x/y", "files", "proxy=x/y"},
		{"GET", "/files/a/b/c", "a", "rest=b/c"},
		{"PUT", "/files/a/b/c", "files", "proxy=a/b/c"},
		{"GET", "/files/", "default", ""},
		{"GET", "/", "root", ""},
	} {
		r, vars := match(routes, test.method, test.path)
		var got string
		for k, v := range vars {
			got += k + "=" + v
		}
		if r == nil || r.Function != test.function || got != test.vars {
			t.Errorf("%s %s: %+v %v, want %s", test.method, test.path, r, got, test.function)
		}
	}
	if r, _ := match(routes[:1], "GET", "/nothing"); r != nil {
		t.Errorf("%+v", r)
	}
}

// serve is an API with one route whose function answers with what f returns.
func serve(t *testing.T, f func(event []byte) (*lambda.Result, error)) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(&API{
		Name:   "api",
		Routes: []Route{{"ANY", "/a/{id}", "f:live", false}, {"POST", "/signed", "f:live", true}},
		Limit:  time.Second,
		Invoke: func(ctx context.Context, in lambda.Invocation) (*lambda.Result, error) {
			if in.Function != "f:live" {
				t.Errorf("invoked %s", in.Function)
			}
			return f(in.Payload)
		},
	})
	t.Cleanup(s.Close)
	return s
}

// TestEvent compares with the event of aws-lambda-go's tests.
func TestEvent(t *testing.T) {
	var payload []byte
	s := serve(t, func(event []byte) (*lambda.Result, error) {
		payload = event
		return &lambda.Result{Payload: []byte("{}")}, nil
	})
	req, _ := http.NewRequest("POST", s.URL+"/a/x%20y?q=1&q=2&r=", strings.NewReader("\xff\x00"))
	req.Header.Add("X-Many", "a")
	req.Header.Add("X-Many", "b")
	req.Header.Add("Cookie", "c=1; d=2")
	if _, err := http.DefaultClient.Do(req); err != nil {
		t.Fatal(err)
	}
	var e events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(payload, &e); err != nil {
		t.Fatal(err)
	}
	want := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "ANY /a/{id}", RawPath: "/a/x%20y", RawQueryString: "q=1&q=2&r=",
		Cookies:               []string{"c=1", "d=2"},
		QueryStringParameters: map[string]string{"q": "1,2", "r": ""},
		PathParameters:        map[string]string{"id": "x y"},
		Body:                  "/wA=", IsBase64Encoded: true,
		Headers: e.Headers, RequestContext: e.RequestContext,
	}
	if !reflect.DeepEqual(e, want) {
		t.Errorf("%+v\nwant %+v", e, want)
	}
	if e.Headers["x-many"] != "a,b" || e.Headers["x-forwarded-for"] != "127.0.0.1" || e.Headers["cookie"] != "" || e.Headers["host"] == "" {
		t.Errorf("headers %+v", e.Headers)
	}
	if h := e.RequestContext.HTTP; h.Method != "POST" || h.SourceIP != "127.0.0.1" || h.Path != "/a/x%20y" {
		t.Errorf("http %+v", h)
	}
	eventtest.SameFields(t, payload, eventtest.Example(t, "apigw-v2-request-no-authorizer.json"), "requestContext.authentication", "headers")
}

func TestText(t *testing.T) {
	for typ, want := range map[string]bool{
		"text/plain; charset=utf-8": true, "application/json": true, "application/problem+json": true, "image/svg+xml": true,
		"": false, "image/png": false, "application/x-www-form-urlencoded": false, "multipart/form-data; boundary=x": false,
	} {
		if got := text(http.Header{"Content-Type": {typ}}); got != want {
			t.Errorf("%s: %v", typ, got)
		}
	}
	if text(http.Header{"Content-Type": {"text/plain"}, "Content-Encoding": {"gzip"}}) {
		t.Error("compressed text is text")
	}
}

func TestRespond(t *testing.T) {
	for _, test := range []struct {
		result lambda.Result
		err    error
		status int
		typ    string
		body   string
	}{
		{lambda.Result{Payload: []byte(`{"statusCode":201,"body":"made","headers":{"Content-Type":"text/x","X-N":7}}`)}, nil, 201, "text/x", "made"},
		{lambda.Result{Payload: []byte(`{"statusCode":200,"body":"AAE=","isBase64Encoded":true}`)}, nil, 200, "text/plain;charset=UTF-8", "\x00\x01"},
		{lambda.Result{Payload: []byte(`{"statusCode":200,"headers":{"content-length":"99"},"body":"x"}`)}, nil, 200, "text/plain;charset=UTF-8", "x"},
		{lambda.Result{Payload: []byte(`{"a":1}`)}, nil, 200, "application/json", `{"a":1}`},
		{lambda.Result{Payload: []byte(`"hello"`)}, nil, 200, "application/json", `hello`},
		{lambda.Result{Payload: []byte(`[1]`)}, nil, 200, "application/json", `[1]`},
		{lambda.Result{Payload: []byte(`{"statusCode":"x"}`)}, nil, 500, "application/json", `{"message":"Internal Server Error"}` + "\n"},
		{lambda.Result{Payload: []byte(`{"statusCode":200,"body":"%","isBase64Encoded":true}`)}, nil, 500, "application/json", `{"message":"Internal Server Error"}` + "\n"},
		{lambda.Result{Payload: []byte(`{"errorMessage":"x"}`), Failed: true}, nil, 500, "application/json", `{"message":"Internal Server Error"}` + "\n"},
		{lambda.Result{}, errors.New("throttled"), 503, "application/json", `{"message":"Service Unavailable"}` + "\n"},
		{lambda.Result{}, &lambda.Error{Status: 413}, 413, "application/json", `{"message":"Request Entity Too Large"}` + "\n"},
	} {
		s := serve(t, func([]byte) (*lambda.Result, error) { return &test.result, test.err })
		res, err := http.Get(s.URL + "/a/1")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != test.status || res.Header.Get("Content-Type") != test.typ || string(body) != test.body {
			t.Errorf("%s: %d %q %q, %v", test.result.Payload, res.StatusCode, res.Header.Get("Content-Type"), body, err)
		}
	}
}

func TestCookies(t *testing.T) {
	s := serve(t, func([]byte) (*lambda.Result, error) {
		return &lambda.Result{Payload: []byte(`{"statusCode":204,"cookies":["a=1; Path=/","b=2"]}`)}, nil
	})
	res, err := http.Get(s.URL + "/a/1")
	if err != nil || !slices.Equal(res.Header["Set-Cookie"], []string{"a=1; Path=/", "b=2"}) {
		t.Errorf("%v, %v", res.Header, err)
	}
}

func TestLimits(t *testing.T) {
	s := serve(t, func([]byte) (*lambda.Result, error) {
		return &lambda.Result{Payload: []byte("{}")}, nil
	})
	for path, want := range map[string]int{"/a/1": 413, "/b": 404} {
		res, err := http.Post(s.URL+path, "", bytes.NewReader(make([]byte, maxRequest+1)))
		if err == nil && res.StatusCode != want {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	slow := httptest.NewServer(&API{Routes: []Route{{Path: Default, Function: "f"}}, Limit: time.Millisecond,
		Invoke: func(ctx context.Context, _ lambda.Invocation) (*lambda.Result, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
	defer slow.Close()
	if res, err := http.Get(slow.URL + "/any"); err != nil || res.StatusCode != 503 {
		t.Errorf("slow: %+v, %v", res, err)
	}
}

func TestSigned(t *testing.T) {
	var e events.APIGatewayV2HTTPRequest
	s := serve(t, func(event []byte) (*lambda.Result, error) {
		return &lambda.Result{Payload: []byte("{}")}, json.Unmarshal(event, &e)
	})
	for auth, want := range map[string]int{"": 403, "Bearer x": 403, "AWS4-HMAC-SHA256 Credential=AKID/20261126/x/execute-api/aws4_request, SignedHeaders=host, Signature=0": 200} {
		req, _ := http.NewRequest("POST", s.URL+"/signed", nil)
		req.Header.Set("Authorization", auth)
		if res, err := http.DefaultClient.Do(req); err != nil || res.StatusCode != want {
			t.Errorf("%q: %+v, %v", auth, res, err)
		}
	}
	if a := e.RequestContext.Authorizer; a == nil || a.IAM == nil || a.IAM.AccessKey != "AKID" {
		t.Errorf("authorizer %+v", a)
	}
}
