package deployed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/internal/awsemu"
	"github.com/harkgen/harkgen/internal/awsemu/emutest"
	"github.com/harkgen/harkgen/rt/runlog"
	"github.com/harkgen/harkgen/rt/store"
)

// An account is one with a deployment of the entries shop and order-saga: a real table, bucket and queues of the emulator; functions that record what they are invoked with.
type account struct {
	t       *testing.T
	aws     *awsemu.Server
	outputs map[string]string
	*Deployment

	mu     sync.Mutex
	calls  []string // "FUNCTION how payload"
	answer func(payload string) (body, functionError string)
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{t: t, answer: func(string) (string, string) { return `{"ok":true}`, "" }}
	var err error
	if a.aws, err = awsemu.Serve(awsemu.Options{Lambda: http.HandlerFunc(a.lambda)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.aws.Close)
	if err := emutest.Setup(t.Context(), a.aws.Config()); err != nil {
		t.Fatal(err)
	}
	a.outputs = map[string]string{plan.TableOutput: emutest.Table, plan.BucketOutput: emutest.Bucket}
	for _, name := range []string{"shop", "order-saga"} {
		e := &plan.Entry{Name: name}
		a.outputs[e.FunctionID()] = "arn:aws:lambda:us-east-1:123456789012:function:" + name + ":live"
		a.outputs[e.LogsID()] = "/harkgen/stack/" + e.ID()
		dead := a.queue("stack-"+e.DeadLettersID(), nil)
		a.outputs[e.DeadLettersID()] = dead
		a.outputs[e.QueueID()] = a.queue("stack-"+e.QueueID(), redrive(e))
		a.outputs["Orders"+e.ID()+"Events"] = a.queue("stack-orders-"+e.ID(), redrive(e))
	}
	if a.Deployment, err = OpenCloud(t.Context(), &plan.Cloud{Endpoint: a.aws.URL(), Outputs: a.outputs}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Deployment.Close() })
	return a
}

func redrive(e *plan.Entry) map[string]string {
	return map[string]string{
		"VisibilityTimeout": "0",
		"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:%s:%s:stack-%s","maxReceiveCount":1}`, awsemu.Region, awsemu.Account, e.DeadLettersID()),
	}
}

func (a *account) queue(name string, attrs map[string]string) string {
	a.t.Helper()
	out, err := sqs.NewFromConfig(a.aws.Config()).CreateQueue(a.t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: attrs})
	if err != nil {
		a.t.Fatal(err)
	}
	return aws.ToString(out.QueueUrl)
}

// lambda serves Invoke.
func (a *account) lambda(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	parts := strings.Split(r.URL.Path, "/") // /2015-03-31/functions/NAME/invocations
	how := r.Header.Get("X-Amz-Invocation-Type")
	name, _ := url.PathUnescape(parts[3])
	a.mu.Lock()
	a.calls = append(a.calls, fmt.Sprintf("%s %s %s", name[strings.LastIndex(name, "function:")+9:], how, body))
	n := len(a.calls)
	a.mu.Unlock()
	w.Header().Set("X-Amzn-Requestid", fmt.Sprint("request-", n))
	if how == "Event" {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	answer, failed := a.answer(string(body))
	if failed != "" {
		w.Header().Set("X-Amz-Function-Error", failed)
	}
	io.WriteString(w, answer)
}

// called returns what functions were invoked with since the last time.
func (a *account) called() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls := a.calls
	a.calls = nil
	return calls
}

func (a *account) expect(calls ...string) {
	a.t.Helper()
	if got := a.called(); fmt.Sprint(got) != fmt.Sprint(calls) {
		a.t.Errorf("functions were invoked with\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(calls, "\n"))
	}
}

// put stores a run.
func (a *account) put(r store.Run) {
	a.t.Helper()
	data, err := r.Encode()
	if err != nil {
		a.t.Fatal(err)
	}
	old, _ := a.store.Get(a.t.Context(), r.ID) // version 0: there is none
	if _, err := a.store.Put(a.t.Context(), store.Record{ID: r.ID, Version: old.Version, Data: data}); err != nil {
		a.t.Fatal(err)
	}
}

func (a *account) send(queue, body string) {
	a.t.Helper()
	if _, err := sqs.NewFromConfig(a.aws.Config()).SendMessage(a.t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(a.outputs[queue]), MessageBody: aws.String(body)}); err != nil {
		a.t.Fatal(err)
	}
}

// kill receives messages of a queue until they are dead letters.
func (a *account) kill(queue string) {
	a.t.Helper()
	for {
		out, err := sqs.NewFromConfig(a.aws.Config()).ReceiveMessage(a.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(a.outputs[queue]), MaxNumberOfMessages: 10})
		if err != nil {
			a.t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return
		}
	}
}

// taken returns the bodies of the messages in a queue, and takes them.
func (a *account) taken(queue string) string {
	url := a.outputs[queue]
	var bodies []string
	for _, m := range a.aws.SQS.Drain(url[strings.LastIndexByte(url, '/')+1:]) {
		bodies = append(bodies, m.Body)
	}
	return strings.Join(bodies, "\n")
}

var began = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func (a *account) someRuns() {
	a.put(store.Run{ID: "z", Program: store.Program{Package: "shop"}, Build: "7/abc", State: store.Waiting, Created: began})
	a.put(store.Run{ID: "a", Program: store.Program{Package: "order-saga"}, State: store.Failed, Error: "why", Created: began.Add(time.Hour)})
	a.put(store.Run{ID: "done", Program: store.Program{Package: "shop"}, State: store.Done, Created: began.Add(2 * time.Hour)})
	if _, err := a.store.Put(a.t.Context(), store.Record{ID: "z/1", Data: []byte("of a process")}); err != nil {
		a.t.Fatal(err)
	}
}

func TestRuns(t *testing.T) {
	a := newAccount(t)
	a.someRuns()
	runs, err := a.Runs(t.Context())
	if err != nil || len(runs) != 3 || runs[0].ID != "z" || runs[1].ID != "a" || runs[2].ID != "done" {
		t.Errorf("%+v, %v", runs, err)
	}
	if got := a.Pinned(&runs[0]); !strings.Contains(got, "version 7") {
		t.Errorf("pinned: %s", got)
	}
	if _, err := a.store.Put(t.Context(), store.Record{ID: "bad", Data: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	if runs, err := a.Runs(t.Context()); !errors.Is(err, store.ErrDamaged) || len(runs) != 3 {
		t.Errorf("with a damaged one: %d, %v", len(runs), err)
	}
}

func TestInvoke(t *testing.T) {
	a := newAccount(t)
	id, answer, err := a.Invoke(t.Context(), "order-saga", []byte(`{"args":["x"]}`), false)
	if err != nil || string(answer) != `{"ok":true}` || id != "request-1" {
		t.Errorf("%q, %s, %v", id, answer, err)
	}
	if id, answer, err = a.Invoke(t.Context(), "shop", []byte(`{}`), true); err != nil || len(answer) > 0 || id != "request-2" {
		t.Errorf("async: %q, %s, %v", id, answer, err)
	}
	a.expect(`order-saga:live RequestResponse {"args":["x"]}`, `shop:live Event {}`)

	a.answer = func(string) (string, string) { return `{"errorType":"T","errorMessage":"why"}`, "Unhandled" }
	var failed *FunctionError
	if _, _, err := a.Invoke(t.Context(), "shop", []byte(`{}`), false); !errors.As(err, &failed) || failed.Message != "why" {
		t.Errorf("a function that fails: %v", err)
	}
	if _, _, err := a.Invoke(t.Context(), "other", []byte(`{}`), false); !errors.Is(err, ErrNoEntry) || !strings.Contains(err.Error(), "OrderSaga, Shop") {
		t.Errorf("an entry that is not there: %v", err)
	}
}

func TestResumeCancelInspect(t *testing.T) {
	a := newAccount(t)
	a.someRuns()
	if err := a.Resume(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if got := a.taken("OrderSagaQueue"); got != `{"run":"a"}` {
		t.Errorf("wake-up %s", got)
	}
	if err := a.Cancel(t.Context(), "z"); err != nil {
		t.Error(err)
	}
	if _, err := a.Inspect(t.Context(), "z", map[string]any{"most": 3}); err != nil {
		t.Error(err)
	}
	a.expect(`shop:live RequestResponse {"hark":{"cancel":{"run":"z"}}}`, `shop:live RequestResponse {"hark":{"inspect":{"most":3,"run":"z"}}}`)
	for what, f := range map[string]func(string) error{
		"resume": func(id string) error { return a.Resume(t.Context(), id) },
		"cancel": func(id string) error { return a.Cancel(t.Context(), id) },
	} {
		if err := f("done"); err == nil || !strings.Contains(err.Error(), "nothing to "+what) {
			t.Errorf("%s of a run that is done: %v", what, err)
		}
		for _, id := range []string{"none", "", "../x"} {
			if err := f(id); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s of a run %q that is not there: %v", what, id, err)
			}
		}
	}
	a.expect()
}

// TestDeadLetters makes one of each kind, looks at them twice, and replays them.
func TestDeadLetters(t *testing.T) {
	a := newAccount(t)
	a.send("ShopQueue", `{"run":"z","step":4,"tries":2}`)
	a.send("OrdersShopEvents", `{"run":"looks like a wake-up"}`)
	a.kill("ShopQueue")
	a.kill("OrdersShopEvents")
	a.send("OrderSagaDeadLetters", `{"version":"1.0","requestPayload":{"x":1},"responseContext":{}}`)
	a.send("OrderSagaDeadLetters", `{"DDBStreamBatchInfo":{"shardId":"s"}}`)

	want := map[string]string{WakeUp: "Shop z", Message: "Shop ", Event: "OrderSaga ", Batch: "OrderSaga "}
	batch := ""
	for range 2 {
		list, err := a.DeadLetters(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, l := range list {
			got[l.Kind] = l.Entry + " " + l.Run
			if l.Kind == Batch {
				batch = l.ID
			}
			if l.Sent.IsZero() {
				t.Errorf("%s has no time", l.Kind)
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}

	if _, err := a.Replay(t.Context(), "nothing"); err == nil || !strings.Contains(err.Error(), "no dead letter nothing") {
		t.Errorf("replaying what is not there: %v", err)
	}
	sent, err := a.Replay(t.Context())
	if err == nil || !strings.Contains(err.Error(), batch) || len(sent) != 3 {
		t.Errorf("%d were sent, %v", len(sent), err)
	}
	a.expect(`order-saga:live Event {"x":1}`)
	if got := a.taken("ShopQueue"); got != `{"run":"z"}` {
		t.Errorf("wake-up %s", got)
	}
	if got := a.taken("OrdersShopEvents"); got != `{"run":"looks like a wake-up"}` {
		t.Errorf("message %s", got)
	}
	if list, err := a.DeadLetters(t.Context()); err != nil || len(list) != 1 || list[0].ID != batch {
		t.Errorf("left are %v, %v", list, err)
	}
}

// TestLogs reads what is in the log of the run's entry about the run, more than a page, written by several invocations.
func TestLogs(t *testing.T) {
	a := newAccount(t)
	a.put(store.Run{ID: "0abc", Program: store.Program{Package: "shop"}, State: store.Waiting, Created: time.Now()})
	const n = 12_000 // a page has 10,000
	line := func(run string, i int) string {
		return fmt.Sprintf(`{"timestamp":%q,"level":"INFO","run":%q,"process":%d,"step":1,"seq":%d,"end":%d,"stream":"stdout","message":"line %d"}`+"\n",
			time.Now().Format(time.RFC3339Nano), run, i%7, 10*i, 10*i+10, i)
	}
	for i := range n {
		j := i ^ 1 // neighbours are in the wrong order
		a.aws.Logs.Append("/harkgen/stack/Shop", "stream", line("0abc", j))
		if i%1000 == 0 {
			a.aws.Logs.Append("/harkgen/stack/Shop", "other", line("0abc", j))
			a.aws.Logs.Append("/harkgen/stack/Shop", "stream", line("0abd", 1)[:120]+`"0abc"}`)
			a.aws.Logs.Append("/harkgen/stack/Shop", "stream", `{"_aws":{},"Run":"0abc"}`)
			a.aws.Logs.Append("/harkgen/stack/OrderSaga", "stream", line("0abc", i))
		}
	}
	a.aws.Logs.Append("/harkgen/stack/Shop", "stream", "something else about \"0abc\"\n")
	next, plain := 0, 0
	err := a.Logs(t.Context(), "0abc", false, func(r *runlog.Record) error {
		switch {
		case r.Place == nil && strings.HasPrefix(r.Text(), "something else"):
			plain++
		case r.Place == nil:
		case r.Text() != fmt.Sprint("line ", next):
			t.Fatalf("line %d is %q", next, r.Text())
		default:
			next++
		}
		return nil
	})
	if err != nil || next != n || plain != 1 {
		t.Errorf("%d lines, want %d; %d of others; %v", next, n, plain, err)
	}
	if err := a.Logs(t.Context(), "none", false, nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of a run that is not there: %v", err)
	}
}

// TestFollowLogs follows a run until it has ended; its last lines come late.
func TestFollowLogs(t *testing.T) {
	a := newAccount(t)
	a.put(store.Run{ID: "0abc", Program: store.Program{Package: "shop"}, State: store.Waiting, Created: time.Now()})
	log := runlog.NewWriter(writerFunc(func(p []byte) (int, error) {
		a.aws.Logs.Append("/harkgen/stack/Shop", "stream", string(p))
		return len(p), nil
	}), time.Now)
	log.Begin("0abc", "q")
	log.Write(runlog.Piece{FD: 1, Base: 0, Data: []byte("one\ntwo\n")})
	var got []string
	err := a.Logs(t.Context(), "0abc", true, func(r *runlog.Record) error {
		got = append(got, r.Text())
		if len(got) == 2 {
			a.put(store.Run{ID: "0abc", Program: store.Program{Package: "shop"}, State: store.Done, Created: time.Now()})
			return log.Write(runlog.Piece{FD: 1, Base: 8, Data: []byte("three\n")})
		}
		return nil
	})
	if want := "one two three"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("%q, %v", got, err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestStack opens a stack of an account, whose outputs come over the real client.
func TestStack(t *testing.T) {
	a := newAccount(t)
	a.someRuns()
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		switch {
		case form.Get("Action") == "DescribeStacks":
			if form.Get("StackName") != "mine" {
				w.WriteHeader(http.StatusBadRequest)
				io.WriteString(w, `<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id other does not exist</Message></Error></ErrorResponse>`)
				return
			}
			io.WriteString(w, describeStacks(a.outputs))
		default:
			r.Body = io.NopCloser(bytes.NewReader(body))
			a.aws.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(front.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": front.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(name, value)
	}
	d, err := OpenStack(t.Context(), "mine")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if runs, err := d.Runs(t.Context()); err != nil || len(runs) != 3 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	if _, err := OpenStack(t.Context(), "other"); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("another stack: %v", err)
	}
	if _, err := OpenCloud(t.Context(), &plan.Cloud{Endpoint: front.URL}); err == nil || !strings.Contains(err.Error(), "not a deployment of harkgen") {
		t.Errorf("without outputs: %v", err)
	}
}

func describeStacks(outputs map[string]string) string {
	var b strings.Builder
	b.WriteString(`<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>mine</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>`)
	for k, v := range outputs {
		fmt.Fprintf(&b, "<member><OutputKey>%s</OutputKey><OutputValue>%s</OutputValue></member>", k, v)
	}
	b.WriteString(`</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`)
	return b.String()
}
