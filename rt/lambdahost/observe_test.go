package lambdahost

import (
	"bytes"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/harkgen/harkgen/rt/runlog"
	"github.com/harkgen/harkgen/rt/spans"
)

// This file tests what can be seen of runs: logs and traces.

// A receiver is a collector of traces.
type receiver struct {
	*httptest.Server
	t *testing.T

	mu    sync.Mutex
	spans []*trace.Span
}

func newReceiver(t *testing.T) *receiver {
	c := &receiver{t: t}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var m collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &m); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, r := range m.ResourceSpans {
			for _, s := range r.ScopeSpans {
				c.spans = append(c.spans, s.Spans...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// merged returns the log of a run, whose lines came in any order, and twice.
func merged(t *testing.T, log, run string) (rs []*runlog.Record) {
	t.Helper()
	seed := rand.Uint64()
	t.Log("seed", seed)
	var m runlog.Merge
	all := bytes.Split([]byte(log), []byte("\n"))
	for _, i := range rand.New(rand.NewPCG(seed, 0)).Perm(2 * len(all)) {
		if r, err := runlog.Parse(all[i/2]); err == nil {
			if r.Run != run || r.Request == "" {
				t.Errorf("a line of run %q, request %q", r.Run, r.Request)
			}
			m.Add(r)
		}
	}
	return m.Take()
}

// TestObserved has real handlers execute a run of several processes, and looks at the log and the trace.
func TestObserved(t *testing.T) {
	t.Parallel()
	const n = 5
	c := newReceiver(t)
	s := newService(t)
	s.env = []string{"AWS_LAMBDA_LOG_FORMAT=JSON", EnvTracing + "=" + c.URL}
	if answer, ok := s.invoke(`{"run":"r","args":["crowd","5","1","20ms"]}`, nil); !ok || !strings.Contains(answer, `"state":"done"`) {
		t.Fatalf("%s; %s", answer, s.err.String())
	}
	l := s.state()
	at := int64(0)
	for _, r := range merged(t, s.out.String(), "r") {
		if r.Place == nil {
			continue
		}
		if r.Seq != at || r.End != at+int64(len(r.Text()))+1 || r.Step == 0 || (r.Process == 0) != (r.Text() == "done") {
			t.Errorf("at %d: %+v %q", at, r.Place, r.Text())
		}
		at = r.End
		io.WriteString(&l.out, r.Text()+"\n")
	}
	l.wantCrowd(n)
	c.check("r", n)
}

// check checks the tree of a run with n remote goroutines that has gone well.
func (c *receiver) check(run string, n int) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	root := spans.Process(run, 0)
	byID := map[string]*trace.Span{}
	for _, s := range c.spans {
		if other := byID[string(s.SpanId)]; other != nil && other.Name != "step" {
			c.t.Errorf("two spans %s %q", hex.EncodeToString(s.SpanId), s.Name)
		}
		byID[string(s.SpanId)] = s
	}
	id := spans.TraceID(run)
	count := map[string]int{}
	for _, s := range c.spans {
		kind, _, _ := strings.Cut(s.Name, " ")
		count[kind]++
		parent := byID[string(s.ParentSpanId)]
		if !bytes.Equal(s.TraceId, id[:]) || s.Status.GetCode() == trace.Status_STATUS_CODE_ERROR || s.EndTimeUnixNano < s.StartTimeUnixNano {
			c.t.Errorf("%v", s)
		}
		switch {
		case kind == "crowd":
			if len(s.ParentSpanId) > 0 || string(s.SpanId) != string(root[:]) {
				c.t.Errorf("the root: %v", s)
			}
		case parent == nil:
			c.t.Errorf("%q has no parent", s.Name)
		case kind == "go":
			if parent.Name != "crowd" || !strings.Contains(s.Name, ":") {
				c.t.Errorf("%q below %q", s.Name, parent.Name)
			}
		case kind == "step" && !strings.HasPrefix(parent.Name, "go ") && parent.Name != "crowd":
			c.t.Errorf("%q below %q", s.Name, parent.Name)
		case s.StartTimeUnixNano+uint64(time.Millisecond) < parent.StartTimeUnixNano:
			c.t.Errorf("%q begins before %q", s.Name, parent.Name)
		}
	}
	if count["crowd"] != 1 || count["invocation"] < 1 || count["go"] != n || count["step"] < n+1 {
		c.t.Errorf("spans: %v", count)
	}
}

// TestLog: a run of one process, over several invocations.
func TestLog(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	l.log = runlog.NewWriter(&l.out, l.clock.Now)
	if res := l.start(20*time.Second, "r", "sleep", "1h"); res.State != "waiting" {
		t.Fatalf("%+v", res)
	}
	for range 3 {
		l.elapse("r")
		if failed := l.deliver(20*time.Second, l.aws.Receive()...); failed != nil {
			t.Error("failed", failed)
		}
	}
	text := ""
	for i, r := range merged(t, l.out.String(), "r") {
		if r.Place == nil || r.Step != uint64(i+1) || r.Process != 0 {
			t.Errorf("%+v %q", r.Place, r.Text())
		}
		text += r.Text() + "\n"
	}
	if text != "sleep 1\nsleep 2\nsleep 3\nwoke\n" {
		t.Errorf("%q", text)
	}
}

// TestLogMessages: what the host says has a level and the run.
func TestLogMessages(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	l.log = runlog.NewWriter(&l.out, l.clock.Now)
	if res := l.start(20*time.Second, "r", "unmovable"); res.State != "failed" {
		t.Fatalf("%+v", res)
	}
	rs := merged(t, l.out.String(), "r")
	if len(rs) == 0 || rs[0].Level != "ERROR" || !strings.Contains(rs[0].Text(), "os.File") || rs[0].Place != nil {
		t.Errorf("%s", l.out.String())
	}
}

// TestLogLost: what an invocation has committed, and not logged because it was killed, is logged by the one that gets its message again.
func TestLogLost(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	l.log = runlog.NewWriter(io.Discard, l.clock.Now)
	if res := l.start(20*time.Second, "r", "sleep", "1h"); res.State != "waiting" {
		t.Fatalf("%+v", res)
	}
	text := ""
	for _, lost := range []bool{true, false, true} {
		l.elapse("r")
		wake := l.aws.Receive()
		if lost { // by the first delivery
			if failed := l.deliver(20*time.Second, wake...); failed != nil {
				t.Error("failed", failed)
			}
		}
		var out buffer
		l.log = runlog.NewWriter(&out, l.clock.Now)
		if failed := l.deliver(20*time.Second, wake...); failed != nil {
			t.Error("failed", failed)
		}
		for _, r := range merged(t, out.String(), "r") {
			text += r.Text() + "\n"
		}
		l.log = runlog.NewWriter(io.Discard, l.clock.Now)
	}
	if text != "sleep 2\nsleep 3\nwoke\n" {
		t.Errorf("%q", text)
	}
}

// TestLogLostWaiting: the same where the run is woken before that message comes again.
func TestLogLostWaiting(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	l.log = runlog.NewWriter(io.Discard, l.clock.Now)
	if res := l.start(20*time.Second, "r", "sleep", "1h"); res.State != "waiting" {
		t.Fatalf("%+v", res)
	}
	wake := func() []*runlog.Record {
		t.Helper()
		var out buffer
		l.log = runlog.NewWriter(&out, l.clock.Now)
		l.elapse("r")
		if failed := l.deliver(20*time.Second, l.aws.Receive()...); failed != nil {
			t.Error("failed", failed)
		}
		return merged(t, out.String(), "r")
	}
	for i, environment := range []string{"another", "the same"} {
		if environment == "another" {
			l.logged = nil
		}
		text := ""
		for _, r := range wake() {
			text += r.Text() + "\n"
		}
		if want := []string{"sleep 1\nsleep 2\n", "sleep 3\n"}[i]; text != want {
			t.Errorf("%s: %q, want %q", environment, text, want)
		}
	}
}
