package lambdahost

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/emutest"
	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/spans/otlp"
	"github.com/harkgen/harkgen/rt/store"
)

// This file tests real handlers, each a process that serves one invocation at a time: the function invokes itself over HTTP, as on Lambda.

const envHandler = "CROWD_HANDLER" // the test binary is the handler of a crowd

func mainHandler() {
	rt.RegisterDistributed()
	newTracer = func(ctx context.Context, endpoint, service, version string) (tracer, error) {
		return otlp.New(ctx, endpoint, service, version, 10*time.Second)
	}
	Main(&rt.Program{Name: "crowd", Main: crowd{}}, Entry{Kind: KindMain})
}

// A service is the Lambda service with one function.
type service struct {
	t   *testing.T
	aws *emutest.AWS
	api *httptest.Server
	env []string // of handlers, besides what all have
	out buffer
	err buffer

	mu   sync.Mutex
	idle []*environment
	all  []*environment
}

// An environment is a handler.
type environment struct {
	cmd   *exec.Cmd
	queue chan invocation
	gone  chan struct{} // closed when it has ended
}

func newService(t *testing.T) *service {
	s := &service{t: t, aws: emutest.New(t)}
	mux := http.NewServeMux()
	mux.Handle("/", s.aws)
	mux.HandleFunc("POST /2015-03-31/functions/{name}/invocations", func(w http.ResponseWriter, r *http.Request) {
		payload, _ := io.ReadAll(r.Body)
		if r.URL.Query().Get("Qualifier") != "3" {
			w.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException")
			w.WriteHeader(http.StatusNotFound)
			return
		}
		answer, ok := s.invoke(string(payload), nil)
		if !ok {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
		}
		io.WriteString(w, answer)
	})
	s.api = httptest.NewServer(mux)
	t.Cleanup(s.api.Close)
	return s
}

// environment returns one that is idle, or starts one.
func (s *service) environment() *environment {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := len(s.idle); n > 0; n = len(s.idle) {
		e := s.idle[n-1]
		s.idle = s.idle[:n-1]
		select {
		case <-e.gone: // killed when it had nothing to do
		default:
			return e
		}
	}
	e := &environment{queue: make(chan invocation, 1), gone: make(chan struct{})}
	exe, err := os.Executable()
	if err != nil {
		s.t.Error(err)
	}
	e.cmd = exec.Command(exe)
	e.cmd.Env = append(append(os.Environ(), s.env...), envHandler+"=1",
		"AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(runtimeAPI(s.t, e.queue).URL, "http://"),
		"AWS_LAMBDA_FUNCTION_NAME=f", "AWS_LAMBDA_FUNCTION_VERSION=3",
		"AWS_REGION="+emutest.Region, "AWS_ACCESS_KEY_ID=AKIDFAKE", "AWS_SECRET_ACCESS_KEY=fake", "AWS_ENDPOINT_URL="+s.api.URL,
		EnvTable+"="+emutest.Table, EnvBucket+"="+emutest.Bucket, EnvQueue+"="+s.aws.QueueURL())
	e.cmd.Stdout, e.cmd.Stderr = &s.out, &s.err
	if err := e.cmd.Start(); err != nil {
		s.t.Error(err)
	}
	go func() {
		e.cmd.Wait()
		close(e.gone)
	}()
	s.t.Cleanup(func() { // before its API is closed
		e.cmd.Process.Kill()
		<-e.gone
	})
	s.all = append(s.all, e)
	return e
}

// invoke invokes the function. It reports false if the handler has died, or has answered with an error. begun, which may be nil, is told the environment.
func (s *service) invoke(payload string, begun chan<- *environment) (answer string, ok bool) {
	e := s.environment()
	if begun != nil {
		begun <- e
	}
	answers := make(chan string, 1)
	e.queue <- invocation{payload, answers}
	select {
	case a := <-answers:
		s.mu.Lock()
		s.idle = append(s.idle, e)
		s.mu.Unlock()
		return a, !strings.Contains(a, `"errorMessage"`)
	case <-e.gone:
		return `{"errorMessage":"Runtime exited with error: signal: killed","errorType":"Runtime.ExitError"}`, false
	case <-time.After(2 * time.Minute):
		s.t.Error("no answer")
		return "{}", false
	}
}

// state returns the tested of the same store and output, for its checks.
func (s *service) state() *tested {
	l := newFunction(s.t)
	l.aws.Close()
	l.aws, l.clock = s.aws, nil
	l.store = open(s.t, s.aws)
	return l
}

func TestProcesses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	answer, ok := s.invoke(`{"run":"r","args":["crowd","12","1","20ms"]}`, nil)
	if !ok || !strings.HasPrefix(answer, `{"run":"r","state":"done","status":0,"requests":`) {
		t.Fatalf("%s; %s", answer, s.err.String())
	}
	l := s.state()
	io.WriteString(&l.out, s.out.String())
	l.wantCrowd(12)
}

// TestKilledCoordinator kills the handler that coordinates a run, its steps as well or not; another goes on.
func TestKilledCoordinator(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		s := newService(t)
		begun := make(chan *environment, 1)
		done := make(chan bool)
		go func() {
			_, ok := s.invoke(`{"run":"r","args":["crowd","6","100","20ms"]}`, begun)
			done <- ok
		}()
		e := <-begun
		for s.running() < 4 {
			time.Sleep(time.Millisecond)
		}
		s.mu.Lock()
		victims := []*environment{e}
		if all {
			victims = append([]*environment{}, s.all...)
		}
		s.mu.Unlock()
		for _, v := range victims {
			v.cmd.Process.Kill()
			<-v.gone
		}
		if <-done {
			t.Fatal("it has answered")
		}
		l := s.state()
		l.change("r", func(r *store.Run) { r.Wake = time.Now() }) // its lease
		for range 20 {
			if ended(l.record("r")) {
				break
			}
			for _, m := range s.aws.Receive() {
				event, _ := json.Marshal(map[string]any{"Records": []any{map[string]any{"messageId": m.ID, "receiptHandle": "r", "body": m.Body, "eventSource": "aws:sqs"}}})
				if answer, ok := s.invoke(string(event), nil); !ok || answer != `{"batchItemFailures":[]}` {
					t.Fatalf("%s; %s", answer, s.err.String())
				}
			}
		}
		io.WriteString(&l.out, s.out.String())
		l.wantCrowdAtLeast(6)
	}
}

// running returns how many environments there are.
func (s *service) running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}
