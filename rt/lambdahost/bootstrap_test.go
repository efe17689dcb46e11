package lambdahost

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/emutest"
)

// This file tests a real handler binary, with a real program, against a small Lambda Runtime API.

// An invocation waits for the handler's answer.
type invocation struct {
	payload string
	answer  chan string
}

// runtimeAPI serves the two calls of it that a handler makes.
func runtimeAPI(t *testing.T, queue <-chan invocation) *httptest.Server {
	var current invocation // the handler does one at a time
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case current = <-queue:
		case <-r.Context().Done():
			return
		}
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "request")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(30*time.Second).UnixMilli()))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:f:live")
		io.WriteString(w, current.payload)
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/request/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		current.answer <- string(body)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestBootstrap(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags=-s -w", "-o", bootstrap, "./testdata/bootstrap")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	aws := emutest.New(t)
	var stdout, stderr bytes.Buffer
	invoke := func(payload string) string { // each invocation in a new environment
		t.Helper()
		queue := make(chan invocation, 1)
		api := runtimeAPI(t, queue)
		cmd := exec.Command(bootstrap)
		cmd.Env = append(os.Environ(),
			"AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(api.URL, "http://"),
			"AWS_LAMBDA_FUNCTION_VERSION=3",
			"AWS_REGION="+emutest.Region, "AWS_ACCESS_KEY_ID=AKIDFAKE", "AWS_SECRET_ACCESS_KEY=fake", "AWS_ENDPOINT_URL="+aws.URL(),
			EnvTable+"="+emutest.Table, EnvBucket+"="+emutest.Bucket, EnvQueue+"="+aws.QueueURL())
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Wait()
		defer cmd.Process.Kill()
		answer := make(chan string, 1)
		queue <- invocation{payload, answer}
		select {
		case a := <-answer:
			return a
		case <-time.After(30 * time.Second):
			t.Fatalf("no answer; stderr %q", stderr.String())
			return ""
		}
	}
	if got := invoke(`{"run": "r", "args": ["hello", "2500ms"]}`); got != `{"run":"r","state":"waiting","status":0}` {
		t.Errorf("start: %s, stderr %q", got, stderr.String())
	}
	for range 10 {
		ms := aws.Receive()
		if len(ms) == 0 {
			break
		}
		m := ms[len(ms)-1]
		time.Sleep(m.Delay)
		e, _ := json.Marshal(map[string]any{"Records": []any{map[string]any{
			"messageId": m.ID, "receiptHandle": "r", "body": m.Body, "eventSource": "aws:sqs",
		}}})
		if got := invoke(string(e)); got != `{"batchItemFailures":[]}` {
			t.Errorf("wake-up: %s, stderr %q", got, stderr.String())
		}
	}
	if got := invoke(`{"run": "r", "args": ["hello", "2500ms"]}`); got != `{"run":"r","state":"done","status":3}` {
		t.Errorf("end: %s, stderr %q", got, stderr.String())
	}
	if want := "hello 0\nhello 1\nhello 2\n"; stdout.String() != want {
		t.Errorf("stdout %q, want %q", stdout.String(), want)
	}
}
