package gateway

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

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
	const body = `{"x":1}`
	for name, test := range map[string]struct {
		secret, service, sent string
		age                   time.Duration
		change                func(*http.Request)
		want                  int
	}{
		"right":          {want: 200},
		"query":          {change: func(r *http.Request) { r.URL.RawQuery = "a=b%20c&A=" }, want: 200},
		"wrong secret":   {secret: "other", want: 403},
		"other service":  {service: "lambda", want: 403},
		"old":            {age: time.Hour, want: 403},
		"other body":     {sent: `{"x":2}`, want: 403},
		"not signed yet": {secret: "none", want: 403},
	} {
		req, _ := http.NewRequest("POST", s.URL+"/signed", strings.NewReader(cmp.Or(test.sent, body)))
		req.Header.Set("Content-Type", "application/json")
		if test.change != nil {
			test.change(req)
		}
		if test.secret != "none" {
			hash := sha256.Sum256([]byte(body))
			key := aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: cmp.Or(test.secret, lambda.Secret), SessionToken: "token"}
			if err := v4.NewSigner().SignHTTP(t.Context(), key, req, hex.EncodeToString(hash[:]), cmp.Or(test.service, "execute-api"), "eu-central-1", time.Now().Add(-test.age)); err != nil {
				t.Fatal(err)
			}
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil || res.StatusCode != test.want {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
		for _, change := range []func(*http.Request){
			func(r *http.Request) { r.URL.RawQuery += "&x=1" },
			func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
			func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") },
		} {
			changed := req.Clone(t.Context())
			changed.Body, _ = req.GetBody()
			change(changed)
			if res, err := http.DefaultClient.Do(changed); err != nil || res.StatusCode != 403 {
				t.Errorf("%s, changed: %+v, %v", name, res, err)
			}
		}
	}
	if a := e.RequestContext.Authorizer; a == nil || a.IAM == nil || a.IAM.AccessKey != "AKID" {
		t.Errorf("authorizer %+v", a)
	}
}
