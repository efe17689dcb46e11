package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/harkgen/harkgen/deploygen/local"
	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/internal/awsemu"
	"github.com/harkgen/harkgen/internal/awsemu/emutest"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/dynamo"
)

// A cloud is a directory whose .harkgen-cloud.json leads to an emulator, with one entry, shop. Its function answers what answer says.
type cloud struct {
	t      *testing.T
	dir    string
	aws    *awsemu.Server
	answer func(payload string) string
	store  store.Store
	here   plan.Cloud
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{t: t, dir: t.TempDir()}
	var err error
	if c.aws, err = awsemu.Serve(awsemu.Options{Lambda: http.HandlerFunc(c.lambda)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.aws.Close)
	if err := emutest.Setup(t.Context(), c.aws.Config()); err != nil {
		t.Fatal(err)
	}
	e := &plan.Entry{Name: "shop"}
	outputs := map[string]string{
		plan.TableOutput: emutest.Table, plan.BucketOutput: emutest.Bucket,
		e.FunctionID(): "shop", e.QueueID(): awsemu.QueueURL(c.aws.URL(), emutest.Queue), e.LogsID(): "/harkgen/x/Shop",
	}
	out, err := sqs.NewFromConfig(c.aws.Config()).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("dead")})
	if err != nil {
		t.Fatal(err)
	}
	outputs[e.DeadLettersID()] = aws.ToString(out.QueueUrl)
	c.here = plan.Cloud{PID: os.Getpid(), Outputs: outputs}
	front := httptest.NewServer(c)
	t.Cleanup(front.Close)
	c.here.Endpoint = front.URL
	if err := c.here.Write(c.dir); err != nil {
		t.Fatal(err)
	}
	a := &emutest.AWS{Server: c.aws}
	if c.store, err = dynamo.Open(dynamo.Options{Table: emutest.Table, Bucket: emutest.Bucket, DynamoDB: a.DynamoDBClient(), S3: a.S3Client()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.store.Close() })
	return c
}

// ServeHTTP is its endpoint.
func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == local.ControlPath {
		json.NewEncoder(w).Encode(local.Answer{Info: local.Info{Cloud: c.here}})
		return
	}
	c.aws.ServeHTTP(w, r)
}

func (c *cloud) lambda(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Amzn-Requestid", "request-1")
	if r.Header.Get("X-Amz-Invocation-Type") == "Event" {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	body, _ := io.ReadAll(r.Body)
	io.WriteString(w, c.answer(string(body)))
}

// harkgen executes a command; it must exit with the status.
func (c *cloud) harkgen(status int, stdin string, args ...string) (stdout, stderr string) {
	c.t.Helper()
	var out, errs bytes.Buffer
	args = append(args[:1:1], append([]string{"-target", "cloud", "-o", c.dir}, args[1:]...)...)
	if got := execute(args, strings.NewReader(stdin), &out, &errs); got != status {
		c.t.Errorf("harkgen %q exits with %d, want %d\n%s%s", args, got, status, &out, &errs)
	}
	return out.String(), errs.String()
}

func (c *cloud) put(r store.Run) {
	c.t.Helper()
	data, err := r.Encode()
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.store.Put(c.t.Context(), store.Record{ID: r.ID, Data: data}); err != nil {
		c.t.Fatal(err)
	}
}

// has checks that a text has parts.
func (c *cloud) has(text string, parts ...string) {
	c.t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			c.t.Errorf("no %q in\n%s", p, text)
		}
	}
}

func TestCloud(t *testing.T) {
	c := newCloud(t)
	c.put(store.Run{ID: "r1", Program: store.Program{Package: "shop"}, Build: "3/x", State: store.Waiting, Created: time.Now(), Step: 5, Count: 1, Gs: []store.G{{ID: 1, Op: "sleep", Func: "main.main"}}})
	c.put(store.Run{ID: "r2", Program: store.Program{Package: "shop"}, Build: "3/x", State: store.Failed, Error: "gave up", Created: time.Now()})

	out, _ := c.harkgen(0, "", "ps")
	c.has(out, "r1", "waiting", "sleep", "r2", "failed", "gave up")
	out, _ = c.harkgen(0, "", "ps", "-json")
	var runs []psRun
	if err := json.Unmarshal([]byte(out), &runs); err != nil || len(runs) != 2 || runs[0].Commits != 5 {
		t.Errorf("ps -json: %v\n%s", err, out)
	}

	answers := map[string]string{
		`{"args":["x"]}`:                   `{"run":"r3","state":"done","status":0}`,
		`{"args":["y"]}`:                   `{"run":"r4","state":"done","status":3}`,
		`{"hark":{"cancel":{"run":"r1"}}}`: `{"run":"r1","state":"done"}`,
	}
	c.answer = func(payload string) string {
		if answers[payload] == "" {
			t.Errorf("the function was invoked with %s", payload)
		}
		return answers[payload]
	}
	out, _ = c.harkgen(0, "", "invoke", "shop", `{"args":["x"]}`)
	c.has(out, `{"run":"r3","state":"done","status":0}`)
	c.harkgen(1, `{"args":["y"]}`, "invoke", "shop", "-")
	out, _ = c.harkgen(0, "", "invoke", "-async", "shop")
	if out != "request-1\n" {
		t.Errorf("invoke -async prints %q", out)
	}
	_, errs := c.harkgen(1, "", "invoke", "other")
	c.has(errs, "the local cloud has no other; it has, as its outputs name them, Shop")

	c.harkgen(0, "", "cancel", "r1")
	c.harkgen(0, "", "resume", "r2")
	if ms := c.aws.SQS.Drain(emutest.Queue); len(ms) != 1 || ms[0].Body != `{"run":"r2"}` {
		t.Errorf("resume has sent %v", ms)
	}
	_, errs = c.harkgen(1, "", "resume", "none")
	c.has(errs, "there is no run none in the local cloud")
}

// TestCloudInspect shows what the function says of runs of one and of several processes.
func TestCloudInspect(t *testing.T) {
	c := newCloud(t)
	c.put(store.Run{ID: "r1", Program: store.Program{Package: "shop"}, Build: "3/x", State: store.Waiting, Step: 5})
	for _, test := range []struct {
		args   []string
		asked  string
		answer string
		want   []string
	}{
		{nil, `"most":100`, `{"run":{"id":"r1","program":{"package":"shop"},"state":"waiting","step":5},"memory":{}}`, []string{"run r1 of shop, waiting", "step 5"}},
		{[]string{"-at", "3"}, `"step":3`, `{"run":{"id":"r1","program":{"package":"shop"},"state":"waiting","step":5},"memory":{}}`, []string{"step 3"}},
		{[]string{"-json"}, `"most":100`, `{"run":{"id":"r1","program":{"package":"shop"},"state":"waiting","step":5},"memory":{}}`, []string{`"step": 5`}},
		{nil, `"most":100`, `{"run":{"id":"r1","program":{"package":"shop","spread":true},"state":"running"},"spread":{"processes":[{"number":7,"state":"waiting"}]}}`, []string{"1 process", "PROCESS", "7"}},
		{[]string{"-process", "7"}, `"process":7`, `{"run":{"id":"r1","program":{"package":"shop","spread":true},"state":"running"},"memory":{}}`, []string{"process 7 of run r1 of shop, running"}},
	} {
		asked := ""
		c.answer = func(payload string) string {
			asked = payload
			return test.answer
		}
		out, _ := c.harkgen(0, "", append(append([]string{"inspect"}, test.args...), "r1")...)
		c.has(out, test.want...)
		c.has(asked, `{"hark":{"inspect":{`, `"run":"r1"`, test.asked)
	}
	c.answer = func(string) string { return `{"x":1}` }
	_, errs := c.harkgen(1, "", "inspect", "r1")
	c.has(errs, "is no description of a run")
}

// TestTouched tells of the runs there that a change of the program concerns.
func TestTouched(t *testing.T) {
	c := newCloud(t)
	c.put(store.Run{ID: "r1", Program: store.Program{Package: "shop"}, Build: "3/x", State: store.Waiting})
	c.put(store.Run{ID: "r2", Program: store.Program{Package: "shop"}, Build: "3/x", State: store.Done})
	c.put(store.Run{ID: "r3", Program: store.Program{Package: "other"}, Build: "3/x", State: store.Waiting})
	var out bytes.Buffer
	a := &app{stdout: &out}
	if err := a.touched(t.Context(), &targetFlags{name: "cloud", output: c.dir}, map[string]*plan.Entry{"shop": {Name: "shop", Package: "example.com/shop"}}); err != nil {
		t.Fatal(err)
	}
	if want := "! shop: run r1 (waiting) stays with version 3 of the function, which is kept\n"; out.String() != want {
		t.Errorf("got %q, want %q", &out, want)
	}
}

func TestCloudDead(t *testing.T) {
	c := newCloud(t)
	send := func(body string) {
		if _, err := sqs.NewFromConfig(c.aws.Config()).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(awsemu.QueueURL(c.aws.URL(), "dead")), MessageBody: aws.String(body)}); err != nil {
			t.Fatal(err)
		}
	}
	send(`{"run":"r1","step":3}`)
	send(`{"DDBStreamBatchInfo":{}}`)
	out, _ := c.harkgen(0, "", "dead")
	c.has(out, "Shop", "wake-up", "run r1", "stream batch")
	c.harkgen(2, "", "dead", "x")
	out, errs := c.harkgen(1, "", "dead", "-replay", "-json")
	c.has(out, `"run": "r1"`)
	c.has(errs, "cannot be delivered again")
	if ms := c.aws.SQS.Drain(emutest.Queue); len(ms) != 1 || ms[0].Body != `{"run":"r1"}` {
		t.Errorf("replay has sent %v", ms)
	}
}

// TestDeadCloud asks for what is in a cloud that was killed, and for what is in one whose port somebody else has now.
func TestDeadCloud(t *testing.T) {
	c := newCloud(t)
	for _, here := range []plan.Cloud{{Endpoint: "http://127.0.0.1:1", PID: c.here.PID}, {Endpoint: c.here.Endpoint, PID: 1}} {
		here.Outputs = c.here.Outputs
		if err := here.Write(c.dir); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"ps"}, {"invoke", "shop"}, {"inspect", "r"}, {"logs", "r"}, {"resume", "r"}, {"cancel", "r"}, {"dead"}} {
			_, errs := c.harkgen(1, "", args...)
			c.has(errs, "no local cloud runs what is in "+c.dir)
		}
	}
}

func TestCloudFile(t *testing.T) {
	dir := t.TempDir()
	want := &plan.Cloud{Endpoint: "http://127.0.0.1:1", PID: 1, Outputs: map[string]string{"Table": "t"}}
	if err := want.Write(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := plan.ReadCloud(dir); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, %v", got, err)
	}
	for range 2 {
		if err := (*plan.Cloud)(nil).Write(dir); err != nil {
			t.Error(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".h*")); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}
