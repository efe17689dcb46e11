package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/harkgen/harkgen/rt/clock"
)

// bootstrap is testdata/fn, built.
var bootstrap string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "lambda-")
	if err != nil {
		panic(err)
	}
	bootstrap = filepath.Join(dir, "bootstrap")
	if out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", bootstrap, "./testdata/fn").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v\n%s", err, out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// memory is a Sink.
type memory struct {
	mu     sync.Mutex
	events []LogEvent
}

func (m *memory) Log(e LogEvent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e)
}

// lines are the messages, without those of the platform, and with the types of these.
func (m *memory) lines() (lines, platform []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		var p struct{ Type string }
		if json.Unmarshal([]byte(e.Message), &p) == nil && strings.HasPrefix(p.Type, "platform.") {
			platform = append(platform, p.Type)
		} else {
			lines = append(lines, e.Message)
		}
	}
	return lines, platform
}

// A fixture is a service with one function, f.
type fixture struct {
	*Service
	t    *testing.T
	logs *memory
}

func newFixture(t *testing.T, o Options, c Config) *fixture {
	t.Helper()
	f := &fixture{t: t, logs: &memory{}}
	o.Dir, o.Sink = filepath.Join(t.TempDir(), "lambda"), f.logs
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	f.Service = s
	c.Name = "f"
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	f.deploy(c)
	return f
}

func (f *fixture) deploy(c Config) string {
	f.t.Helper()
	v, err := f.Deploy(c, bootstrap)
	if err != nil {
		f.t.Fatal(err)
	}
	return v
}

func (f *fixture) try(payload string) (*Result, error) {
	return f.Invoke(f.t.Context(), Invocation{Function: "f", Qualifier: Live, Payload: []byte(payload)})
}

func (f *fixture) invoke(payload string) *Result {
	f.t.Helper()
	res, err := f.try(payload)
	if err != nil {
		f.t.Fatal(err)
	}
	return res
}

// want invokes and compares the response.
func (f *fixture) want(payload, response string) {
	f.t.Helper()
	if got := f.invoke(payload); string(got.Payload) != response {
		f.t.Errorf("%s: %s, want %s", payload, got.Payload, response)
	}
}

// wantError invokes and looks for texts in the error.
func (f *fixture) wantError(payload string, texts ...string) {
	f.t.Helper()
	got := f.invoke(payload)
	for _, text := range texts {
		if !got.Failed || !strings.Contains(string(got.Payload), text) {
			f.t.Errorf("%s: failed=%v %s, want %s", payload, got.Failed, got.Payload, text)
		}
	}
}

func TestReuse(t *testing.T) {
	f := newFixture(t, Options{}, Config{})
	f.want(`{"do":"count"}`, "1")
	f.want(`{"do":"count"}`, "2")
	f.want(`[1]`, "[1]")
	f.wantError(`{"do":"error","text":"no way"}`, `"errorMessage":"no way"`, `"errorType":"errorString"`)
	f.want(`{"do":"count"}`, "5")
	f.wantError(`{"do":"panic","text":"bad"}`, `"errorMessage":"bad"`)
	f.want(`{"do":"count"}`, "1") // a panic ends the process
}

func TestEnvironment(t *testing.T) {
	f := newFixture(t, Options{Endpoint: "http://localhost:1", Env: []string{"HARK_CLOCK=/x"}},
		Config{Memory: 512, Env: map[string]string{"HARK_TABLE": "t"}, LogGroup: "/harkgen/x/F"})
	var env []string
	if err := json.Unmarshal(f.invoke(`{"do":"env"}`).Payload, &env); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"AWS_LAMBDA_FUNCTION_NAME=f", "AWS_LAMBDA_FUNCTION_VERSION=1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512", "AWS_LAMBDA_LOG_FORMAT=JSON",
		"AWS_LAMBDA_LOG_GROUP_NAME=/harkgen/x/F", "AWS_REGION=" + DefaultRegion, "AWS_ENDPOINT_URL=http://localhost:1", "HARK_CLOCK=/x", "HARK_TABLE=t", "TZ=:UTC",
	} {
		if !slices.Contains(env, want) {
			t.Errorf("no %s in %q", want, env)
		}
	}
	for _, kv := range env {
		switch name, value, _ := strings.Cut(kv, "="); name {
		case "HOME", "GOPATH", "USER":
			t.Errorf("this machine's %s is seen", kv)
		case "AWS_ACCESS_KEY_ID":
			if f.Function(value) != "f" {
				t.Errorf("%s is not known to be f's", kv)
			}
		}
	}
	var c struct {
		ID, ARN string
		Left    time.Duration
	}
	res := f.invoke(`{"do":"context"}`)
	if err := json.Unmarshal(res.Payload, &c); err != nil {
		t.Fatal(err)
	}
	if c.Left *= time.Millisecond; c.ID != res.ID || c.ARN != "arn:aws:lambda:eu-central-1:123456789012:function:f:live" || c.Left <= 0 || c.Left > time.Minute {
		t.Errorf("%+v, want %s", c, res.ID)
	}
}

func TestExit(t *testing.T) {
	f := newFixture(t, Options{}, Config{})
	f.want(`{"do":"count"}`, "1")
	f.wantError(`{"do":"exit","n":1}`, `"errorType":"Runtime.ExitError"`, `Runtime exited with error: exit status 1"`)
	f.wantError(`{"do":"exit"}`, `Runtime exited without providing a reason"`)
	f.wantError(`{"do":"kill"}`, `Runtime exited with error: signal: killed"`)
	f.want(`{"do":"count"}`, "1")
}

func TestInitFails(t *testing.T) {
	f := newFixture(t, Options{}, Config{Env: map[string]string{"BROKEN": "1"}})
	f.wantError(`{}`, `"errorType":"Runtime.ExitError"`, "exit status 7")
	if lines, _ := f.logs.lines(); !slices.Contains(lines, "cannot start") {
		t.Errorf("the log is %q", lines)
	}
}

// TestDeadline also checks that descendants die, whatever group they are in.
func TestDeadline(t *testing.T) {
	f := newFixture(t, Options{}, Config{Timeout: time.Second})
	pid := f.invoke(`{"do":"child","text":"1000"}`)
	var child int
	if err := json.Unmarshal(pid.Payload, &child); err != nil || pid.Failed {
		t.Fatalf("%s", pid.Payload)
	}
	if err := syscall.Kill(child, 0); err != nil {
		t.Fatalf("the child: %v", err)
	}
	began := time.Now()
	f.wantError(`{"do":"sleep","ms":3600000}`, `"errorType":"Sandbox.Timedout"`, "Task timed out after 1.00 seconds")
	if d := time.Since(began); d < time.Second {
		t.Errorf("killed after %v", d)
	}
	for end := time.Now().Add(time.Minute); syscall.Kill(child, 0) == nil && !zombie(child); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the child is still there")
		}
	}
	f.want(`{"do":"count"}`, "1")
}

// zombie reports whether a process has ended, though nobody has asked how.
func zombie(pid int) bool {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return strings.Contains(string(data), ") Z ")
}

// TestFrozen checks that nothing goes on between invocations.
func TestFrozen(t *testing.T) {
	f := newFixture(t, Options{}, Config{})
	f.invoke(`{"do":"ticks"}`)
	f.mu.Lock()
	leader := f.functions["f"].versions["1"].idle[0].proc.cmd.Process.Pid
	f.mu.Unlock()
	stopped := func() bool {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", leader))
		return strings.Contains(string(data), ") T ")
	}
	for end := time.Now().Add(time.Minute); !stopped(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it goes on")
		}
	}
	f.want(`{"do":"count"}`, "2")
}

func TestLogs(t *testing.T) {
	f := newFixture(t, Options{}, Config{})
	res := f.invoke(`{"do":"print","text":"hello\n\nworld\n"}`)
	f.invoke(`{"do":"print","text":"again"}`)
	lines, platform := f.logs.lines()
	if want := []string{"hello", "", "world", "", "unfinished", "again", "unfinished"}; !slices.Equal(lines, want) {
		t.Errorf("lines %q, want %q", lines, want)
	}
	want := []string{"platform.initStart", "platform.start", "platform.runtimeDone", "platform.report", "platform.start", "platform.runtimeDone", "platform.report"}
	if !slices.Equal(platform, want) {
		t.Errorf("platform %q, want %q", platform, want)
	}
	if tail := string(res.Tail); !strings.Contains(tail, "hello\n\nworld\n\nunfinished\n") || !strings.Contains(tail, `"initDurationMs"`) || strings.Contains(tail, "again") {
		t.Errorf("tail %s", tail)
	}
	e := f.logs.events[0]
	if e.Group != "/aws/lambda/f" || !strings.Contains(e.Stream, "/f[1]") {
		t.Errorf("%+v", e)
	}
}

func TestConcurrency(t *testing.T) {
	f := newFixture(t, Options{}, Config{Concurrency: 2})
	var busy sync.WaitGroup
	for range 2 {
		busy.Go(func() { f.try(`{"do":"sleep","ms":3600000}`) })
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		n := f.functions["f"].running
		f.mu.Unlock()
		if n == 2 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the invocations do not begin")
		}
	}
	_, err := f.try(`{"do":"count"}`)
	if e, ok := err.(*Error); !ok || !e.Throttled() || e.Reason != "ReservedFunctionConcurrentInvocationLimitExceeded" {
		t.Errorf("the third: %v", err)
	}
	f.Close()
	busy.Wait()
}

// TestDeployedAgain: an invocation of a function that was deleted does not count for the one that has its name now.
func TestDeployedAgain(t *testing.T) {
	c := Config{Name: "f", Timeout: time.Minute, Concurrency: 1}
	f := newFixture(t, Options{}, c)
	v, _ := f.lookup("f", Live)
	e, err := f.acquire(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.delete("f", ""); err != nil {
		t.Fatal(err)
	}
	f.deploy(c)
	f.release(e)
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := f.functions["f"].running; n != 0 {
		t.Errorf("%d are running", n)
	}
}

func TestLimits(t *testing.T) {
	f := newFixture(t, Options{}, Config{})
	big := `"` + strings.Repeat("x", MaxAsync) + `"`
	if res := f.invoke(big); len(res.Payload) != len(big) {
		t.Errorf("%d bytes came back, of %d", len(res.Payload), len(big))
	}
	if err := f.InvokeAsync(Invocation{Function: "f", Payload: []byte(big)}); err == nil || err.(*Error).Status != 413 {
		t.Errorf("asynchronous: %v", err)
	}
	if _, err := f.try(`"` + strings.Repeat("x", MaxSync) + `"`); err == nil || err.(*Error).Status != 413 {
		t.Errorf("synchronous: %v", err)
	}
	if _, err := f.try(`{`); err == nil || err.(*Error).Code != "InvalidRequestContentException" {
		t.Errorf("not JSON: %v", err)
	}
	f.wantError(fmt.Sprintf(`{"do":"large","n":%d}`, MaxSync), "Function.ResponseSizeTooLarge")
}

func TestExpiry(t *testing.T) {
	c, err := clock.New("", 1)
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, Options{Clock: c}, Config{})
	f.want(`{"do":"count"}`, "1")
	c.Advance(5 * time.Minute)
	f.want(`{"do":"count"}`, "2")
	c.Advance(15 * time.Minute)
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		n := len(f.envs)
		f.mu.Unlock()
		if n == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the environment idles for ever")
		}
	}
	f.want(`{"do":"count"}`, "1")
}

func TestVersions(t *testing.T) {
	f := newFixture(t, Options{}, Config{})
	if v := f.deploy(Config{Name: "f", Timeout: time.Minute}); v != "1" {
		t.Errorf("nothing changed, but the version is %s", v)
	}
	f.want(`{"do":"count"}`, "1")
	if v := f.deploy(Config{Name: "f", Timeout: time.Minute, Memory: 256}); v != "2" {
		t.Errorf("the second version is %s", v)
	}
	f.want(`{"do":"count"}`, "1")
	old := func() (*Result, error) {
		return f.Invoke(t.Context(), Invocation{Function: "arn:aws:lambda:eu-central-1:123456789012:function:f:1", Payload: []byte(`{"do":"count"}`)})
	}
	if res, err := old(); err != nil || string(res.Payload) != "2" || res.Version != "1" {
		t.Errorf("the first version: %+v, %v", res, err)
	}
	if err := f.delete("f", "2"); err == nil || err.Code != "ResourceConflictException" {
		t.Errorf("the version that is live was deleted: %v", err)
	}
	if err := f.delete("f", "1"); err != nil {
		t.Error(err)
	}
	if _, err := old(); err == nil || err.(*Error).Code != "ResourceNotFoundException" {
		t.Errorf("a version that was deleted: %v", err)
	}
}

// TestAsync also checks the duplicates and the destination of what has failed.
func TestAsync(t *testing.T) {
	c, err := clock.New("", 100_000) // a minute is nothing
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan []byte, 2)
	f := newFixture(t, Options{
		Clock:     c,
		Duplicate: func(string) bool { return true },
		Failed: func(_ context.Context, arn string, record []byte) error {
			if arn != "arn:dlq" {
				t.Errorf("it goes to %s", arn)
			}
			failed <- record
			return nil
		},
	}, Config{OnFailure: "arn:dlq"})
	tries := filepath.Join(t.TempDir(), "tries")
	payload := fmt.Sprintf(`{"do":"failing","text":%q}`, tries)
	if err := f.InvokeAsync(Invocation{Function: "f", Qualifier: Live, Payload: []byte(payload), ID: "id"}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var r struct {
			RequestContext struct {
				RequestID, FunctionArn, Condition string
				ApproximateInvokeCount            int
			}
			RequestPayload  json.RawMessage
			ResponsePayload struct{ ErrorMessage string }
		}
		record := <-failed
		if err := json.Unmarshal(record, &r); err != nil {
			t.Fatal(err)
		}
		c := r.RequestContext
		if string(r.RequestPayload) != payload || c.RequestID != "id" || c.Condition != "RetriesExhausted" || c.ApproximateInvokeCount != 3 || r.ResponsePayload.ErrorMessage != "it fails" {
			t.Errorf("%s", record)
		}
	}
	data, err := os.ReadFile(tries)
	if n := strings.Count(string(data), "\n"); err != nil || n != 6 {
		t.Errorf("%d tries, want 3 for each of 2 duplicates; %v", n, err)
	}
}

func TestKill(t *testing.T) {
	f := newFixture(t, Options{}, Config{})
	done := make(chan *Result)
	go func() { done <- f.invoke(`{"do":"sleep","ms":3600000}`) }()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		key := ""
		f.mu.Lock()
		for k, e := range f.envs {
			e.mu.Lock()
			if e.proc != nil {
				key = k
			}
			e.mu.Unlock()
		}
		f.mu.Unlock()
		if key != "" && f.Kill(key) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("nothing to kill")
		}
	}
	if res := <-done; !res.Failed || !strings.Contains(string(res.Payload), "signal: killed") {
		t.Errorf("%+v", res)
	}
	if f.Kill("nobody") {
		t.Error("nobody was killed")
	}
}

// TestSDK speaks the API through the SDK.
func TestSDK(t *testing.T) {
	f := newFixture(t, Options{}, Config{Concurrency: 5, Memory: 128})
	f.deploy(Config{Name: "f", Timeout: time.Minute, Memory: 256})
	server := httptest.NewServer(f)
	defer server.Close()
	c := sdk.NewFromConfig(aws.Config{
		Region:       DefaultRegion,
		Credentials:  credentials.NewStaticCredentialsProvider("AKID", "x", ""),
		BaseEndpoint: aws.String(server.URL),
	})
	ctx := t.Context()
	arn := "arn:aws:lambda:eu-central-1:123456789012:function:f"
	out, err := c.Invoke(ctx, &sdk.InvokeInput{FunctionName: &arn, Qualifier: aws.String("1"), Payload: []byte(`{"do":"print","text":"hello"}`), LogType: "Tail"})
	if err != nil || out.FunctionError != nil || *out.ExecutedVersion != "1" || string(out.Payload) != "null" || out.LogResult == nil {
		t.Errorf("%+v, %v", out, err)
	}
	out, err = c.Invoke(ctx, &sdk.InvokeInput{FunctionName: aws.String("f:live"), Payload: []byte(`{"do":"error","text":"x"}`)})
	if err != nil || aws.ToString(out.FunctionError) != "Unhandled" || *out.ExecutedVersion != "2" {
		t.Errorf("%+v, %v", out, err)
	}
	path := filepath.Join(t.TempDir(), "touched")
	out, err = c.Invoke(ctx, &sdk.InvokeInput{FunctionName: aws.String("f"), InvocationType: "Event", Payload: fmt.Appendf(nil, `{"do":"touch","text":%q}`, path)})
	if err != nil || out.StatusCode != 202 {
		t.Errorf("%+v, %v", out, err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the event is not handled")
		}
	}
	if out, err = c.Invoke(ctx, &sdk.InvokeInput{FunctionName: aws.String("f"), InvocationType: "DryRun"}); err != nil || out.StatusCode != 204 {
		t.Errorf("%+v, %v", out, err)
	}
	get, err := c.GetFunction(ctx, &sdk.GetFunctionInput{FunctionName: &arn, Qualifier: aws.String("live")})
	if err != nil || *get.Configuration.Version != "2" || *get.Configuration.MemorySize != 256 || *get.Configuration.FunctionArn != arn+":live" {
		t.Errorf("%+v, %v", get, err)
	}
	vs, err := c.ListVersionsByFunction(ctx, &sdk.ListVersionsByFunctionInput{FunctionName: aws.String("f")})
	if err != nil || len(vs.Versions) != 3 || *vs.Versions[0].Version != Latest || *vs.Versions[2].Version != "2" {
		t.Errorf("%+v, %v", vs, err)
	}
	if _, err := c.DeleteFunction(ctx, &sdk.DeleteFunctionInput{FunctionName: aws.String("f"), Qualifier: aws.String("1")}); err != nil {
		t.Error(err)
	}
	if _, err := c.GetFunction(ctx, &sdk.GetFunctionInput{FunctionName: aws.String("f:1")}); !strings.Contains(fmt.Sprint(err), "ResourceNotFoundException") {
		t.Errorf("a version that was deleted: %v", err)
	}
	if list, err := c.ListFunctions(ctx, &sdk.ListFunctionsInput{}); err != nil || len(list.Functions) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := c.ListLayers(ctx, &sdk.ListLayersInput{}); !strings.Contains(fmt.Sprint(err), "UnknownOperationException") {
		t.Errorf("an operation that is not there: %v", err)
	}
}
