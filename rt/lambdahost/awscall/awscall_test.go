package awscall

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// A reply is what the service of a test answers.
type reply struct {
	status int
	header string // X-Amzn-Errortype
	body   string
}

// service returns a configuration for a service that answers with the replies in turn, the last one again and again, and what it was asked.
func service(t *testing.T, replies ...reply) (aws.Config, *[]*http.Request) {
	var got []*http.Request
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		a := replies[min(len(got), len(replies)-1)]
		got = append(got, r)
		if a.header != "" {
			w.Header().Set("X-Amzn-Errortype", a.header)
		}
		w.WriteHeader(a.status)
		io.WriteString(w, a.body)
	}))
	t.Cleanup(s.Close)
	return aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(s.URL), Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "token"),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = 4
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Millisecond, nil })
			})
		},
	}, &got
}

func post(t *testing.T, cfg aws.Config) (Answer, error) {
	t.Helper()
	c, err := New(cfg, "lambda")
	if err != nil {
		t.Fatal(err)
	}
	return c.Post(t.Context(), Call{
		Operation: "Invoke", Path: "/a/arn%3Aaws%3Af/b", Query: map[string][]string{"Qualifier": {"$LATEST"}}, Header: http.Header{"X-Amz-Invocation-Type": {"Event"}}, Body: []byte("body"),
	})
}

func TestPost(t *testing.T) {
	cfg, got := service(t, reply{200, "", "answer"})
	out, err := post(t, cfg)
	if err != nil || string(out.Body) != "answer" {
		t.Fatalf("%q, %v", out.Body, err)
	}
	r := (*got)[0]
	body, _ := io.ReadAll(r.Body)
	if r.Method != "POST" || r.RequestURI != "/a/arn%3Aaws%3Af/b?Qualifier=%24LATEST" || string(body) != "body" || r.ContentLength != 4 {
		t.Errorf("%s %s %q %d", r.Method, r.RequestURI, body, r.ContentLength)
	}
	auth := r.Header.Get("Authorization")
	if !strings.Contains(auth, "/eu-central-1/lambda/aws4_request") || !strings.Contains(auth, "x-amz-invocation-type") || r.Header.Get("X-Amz-Security-Token") != "token" {
		t.Errorf("%v", r.Header)
	}
}

// TestErrors: errors by their codes, in the forms of both protocols, and how often each is tried.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		reply
		code  string
		tries int
	}{
		{reply{404, "ResourceNotFoundException:http://internal.amazon.com/x", `{"Message":"no such function"}`}, "ResourceNotFoundException", 1},
		{reply{409, "ConflictException", `{"Message":"exists"}`}, "ConflictException", 1},
		{reply{400, "", `{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no queue"}`}, "QueueDoesNotExist", 1},
		{reply{429, "TooManyRequestsException", `{"Message":"Rate Exceeded."}`}, "TooManyRequestsException", 4},
		{reply{400, "", `{"__type":"ThrottlingException"}`}, "ThrottlingException", 4},
		{reply{500, "ServiceException", `{}`}, "ServiceException", 4},
		{reply{503, "", `<html>`}, "503 Service Unavailable", 4},
	} {
		cfg, got := service(t, c.reply)
		_, err := post(t, cfg)
		if Code(err) != c.code || len(*got) != c.tries {
			t.Errorf("%+v: %v (code %q) after %d tries", c, err, Code(err), len(*got))
		}
		cfg.Retryer = nil
		if _, err := post(t, cfg); Code(err) != c.code || len(*got) != c.tries+1 {
			t.Errorf("%+v, without a retryer: %v (code %q) after %d tries", c, err, Code(err), len(*got)-c.tries)
		}
	}
}

// TestRetry repeats a request with its body after errors.
func TestRetry(t *testing.T) {
	cfg, got := service(t, reply{500, "", ""}, reply{429, "", ""}, reply{200, "", "ok"})
	out, err := post(t, cfg)
	if err != nil || string(out.Body) != "ok" || len(*got) != 3 {
		t.Fatalf("%q, %v after %d tries", out.Body, err, len(*got))
	}
	for _, r := range *got {
		if body, _ := io.ReadAll(r.Body); string(body) != "body" {
			t.Errorf("body %q", body)
		}
	}
}

func TestCancelled(t *testing.T) {
	arrived, release := make(chan bool), make(chan bool)
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	}))
	defer s.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	c, err := New(aws.Config{Region: "eu-central-1", BaseEndpoint: aws.String(s.URL), Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "")}, "lambda")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := c.Post(ctx, Call{Operation: "Invoke"}); err == nil || ctx.Err() == nil {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestEndpoint(t *testing.T) {
	for region, want := range map[string]string{
		"eu-central-1":  "https://lambda.eu-central-1.amazonaws.com",
		"cn-north-1":    "https://lambda.cn-north-1.amazonaws.com.cn",
		"us-gov-west-1": "https://lambda.us-gov-west-1.amazonaws.com",
		"us-iso-east-1": "https://lambda.us-iso-east-1.c2s.ic.gov",
	} {
		if got, err := endpoint(&aws.Config{Region: region}, "lambda"); got != want || err != nil {
			t.Errorf("%s: %s, %v, want %s", region, got, err, want)
		}
	}
}
