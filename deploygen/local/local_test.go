package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/rt/runlog"
)

// built are the executables of packages of this repository that tests run as handlers.
var built sync.Map // package -> func() ([]byte, error)

// builder builds a package, once, for all entries.
func builder(pkg string) func(context.Context, *plan.Entry, string) error {
	return func(_ context.Context, _ *plan.Entry, exe string) error {
		build, _ := built.LoadOrStore(pkg, sync.OnceValues(func() ([]byte, error) {
			dir, err := os.MkdirTemp("", "cloud-")
			if err != nil {
				return nil, err
			}
			defer os.RemoveAll(dir)
			name := filepath.Join(dir, "bootstrap")
			if out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", name, pkg).CombinedOutput(); err != nil {
				return nil, fmt.Errorf("%w\n%s", err, out)
			}
			return os.ReadFile(name)
		}))
		data, err := build.(func() ([]byte, error))()
		if err != nil {
			return err
		}
		return os.WriteFile(exe, data, 0o700)
	}
}

// A fixture is a cloud with the log of its functions.
type fixture struct {
	*Cloud
	t *testing.T

	mu  sync.Mutex
	log []string
}

func start(t *testing.T, pkg string, o Options) *fixture {
	t.Helper()
	var err error
	if o.Plan, err = o.Plan.Check(); err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t}
	o.Dir, o.Build = t.TempDir(), builder(pkg)
	o.Log = func(e lambda.LogEvent) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.log = append(f.log, e.Message)
	}
	if f.Cloud, err = Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("log:\n%s", strings.Join(f.lines(func(string) bool { return true }), "\n"))
		}
	})
	return f
}

// lines returns the messages of the log of a kind. A line of a run that is there twice is one, as for harkgen logs.
func (f *fixture) lines(which func(string) bool) (out []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := map[string]bool{}
	for _, l := range f.log {
		if r, err := runlog.Parse([]byte(l)); err == nil && r.Place != nil {
			at := fmt.Sprint(r.Run, r.Stream, r.Seq, r.End)
			if seen[at] {
				continue
			}
			seen[at] = true
		}
		if l := runlog.Text(l); which(l) {
			out = append(out, l)
		}
	}
	return out
}

// until waits for what is sure to come.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in two minutes: %s", what)
		}
	}
}

// try invokes a function through the SDK.
func (f *fixture) try(function, payload string) (string, error) {
	out, err := awslambda.NewFromConfig(f.Config()).Invoke(f.t.Context(), &awslambda.InvokeInput{FunctionName: aws.String(function), Qualifier: aws.String("live"), Payload: []byte(payload)})
	if err == nil && out.FunctionError != nil {
		err = errors.New(string(out.Payload))
	}
	if err != nil {
		return "", err
	}
	return string(out.Payload), nil
}

func (f *fixture) invoke(function, payload string) string {
	f.t.Helper()
	out, err := f.try(function, payload)
	if err != nil {
		f.t.Fatalf("%s: %v", payload, err)
	}
	return out
}

// handler is the package of a real handler.
const handler = "../../rt/lambdahost/testdata/bootstrap"

// TestRun lets a real handler execute a run that waits, and goes on by the wake-ups of its queue.
func TestRun(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("long")
	}
	f := start(t, handler, Options{Plan: &plan.Plan{Program: "p", Entries: []plan.Entry{{Name: "hello"}}}})
	state := func() string { return f.invoke("HelloFunction", `{"run":"r","args":["hello","2500ms"]}`) }
	if got := state(); !strings.HasPrefix(got, `{"run":"r","state":"waiting","status":0`) {
		t.Fatalf("start: %s", got)
	}
	hello := func(l string) bool { return strings.HasPrefix(l, "hello ") }
	until(t, "the run has gone on by itself", func() bool { return len(f.lines(hello)) == 3 })
	until(t, "the run is done", func() bool { return strings.HasPrefix(state(), `{"run":"r","state":"done","status":3`) })
	if got := strings.Join(f.lines(hello), "\n"); got != "hello 0\nhello 1\nhello 2" {
		t.Errorf("output %q", got)
	}
}

// echo is a plan whose functions log the events that they get.
func echo() *plan.Plan {
	return &plan.Plan{Program: "p", Entries: []plan.Entry{
		{Name: "web", Kind: plan.Func, Triggers: []plan.Trigger{{Type: "http", Method: "GET", Path: "/hello/{name}"}}},
		{Name: "site", Kind: plan.Server},
		{Name: "jobs", Kind: plan.Func, Triggers: []plan.Trigger{{Type: "sqs", Queue: "orders", Batch: true}}},
		{Name: "files", Kind: plan.Func, Triggers: []plan.Trigger{{Type: "s3", Bucket: "uploads", Event: "ObjectCreated", Suffix: ".txt"}}},
		{Name: "items", Kind: plan.Func, Triggers: []plan.Trigger{{Type: "dynamodb-stream", Table: "things"}}},
		{Name: "news", Kind: plan.Func, Triggers: []plan.Trigger{{Type: "sns", Topic: "news"}}},
		{Name: "rule", Kind: plan.Func, Triggers: []plan.Trigger{{Type: "eventbridge", Pattern: `{"source":["my.app"]}`}}},
		{Name: "daily", Kind: plan.Func, Triggers: []plan.Trigger{{Type: "schedule", Schedule: "cron(0 8 ? * MON *)"}}},
	}}
}

func get(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body struct{ Entry, Event string }
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(res.StatusCode, " ", body.Entry)
}

// TestTriggers starts functions in all ways.
func TestTriggers(t *testing.T) {
	t.Parallel()
	f := start(t, "./testdata/echo", Options{Plan: echo()})
	ctx := t.Context()
	info := f.Info()
	if got, want := slices.Sorted(maps.Keys(info.Outputs)), f.o.Plan.Outputs(); !slices.Equal(got, want) {
		t.Errorf("outputs %v, want %v", got, want)
	}
	if got := get(t, info.HTTP[""]+"/hello/you"); got != "200 web" {
		t.Errorf("http: %s", got)
	}
	if got := get(t, info.HTTP[""]+"/other"); got != "404 " {
		t.Errorf("no route: %s", got)
	}
	if got := get(t, info.HTTP["site"]+"/any/thing"); got != "200 site" {
		t.Errorf("server: %s", got)
	}
	if _, err := sqs.NewFromConfig(f.Config()).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(f.queueURL("orders")), MessageBody: aws.String("an order")}); err != nil {
		t.Error(err)
	}
	store := s3.NewFromConfig(f.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	for _, key := range []string{"a.png", "b c.txt"} {
		if _, err := store.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: &key, Body: strings.NewReader("x")}); err != nil {
			t.Error(err)
		}
	}
	item := map[string]dynamotypes.AttributeValue{"pk": &dynamotypes.AttributeValueMemberS{Value: "thing-1"}, "sk": &dynamotypes.AttributeValueMemberS{Value: "x"}}
	if _, err := dynamodb.NewFromConfig(f.Config()).PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("things"), Item: item}); err != nil {
		t.Error(err)
	}
	if _, err := sns.NewFromConfig(f.Config()).Publish(ctx, &sns.PublishInput{TopicArn: aws.String("arn:aws:sns:eu-central-1:123456789012:news"), Message: aws.String("good news")}); err != nil {
		t.Error(err)
	}
	if _, err := eventbridge.NewFromConfig(f.Config()).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{
		{Source: aws.String("my.app"), DetailType: aws.String("x"), Detail: aws.String(`{"n":7}`)},
		{Source: aws.String("other.app"), DetailType: aws.String("x"), Detail: aws.String(`{"n":8}`)},
	}}); err != nil {
		t.Error(err)
	}
	if _, err := scheduler.NewFromConfig(f.Config()).CreateSchedule(ctx, &scheduler.CreateScheduleInput{
		Name: aws.String("later"), GroupName: aws.String(plan.SchedulesID), FlexibleTimeWindow: &schedulertypes.FlexibleTimeWindow{Mode: "OFF"},
		ScheduleExpression: aws.String("at(" + f.Now().UTC().Add(48*time.Hour).Format("2006-01-02T15:04:05") + ")"),
		Target:             &schedulertypes.Target{Arn: aws.String("arn:aws:sqs:eu-central-1:123456789012:SiteQueue"), RoleArn: aws.String("arn:aws:iam::123456789012:role/SiteWaker"), Input: aws.String("wake up")},
	}); err != nil {
		t.Error(err)
	}
	if err := f.Advance(7 * 24 * time.Hour); err != nil {
		t.Error(err)
	}
	for entry, text := range map[string]string{"jobs": `"body":"an order"`, "files": `"key":"b+c.txt"`, "items": `"thing-1"`, "daily": `"detail-type":"Scheduled Event"`, "web": plan.SweepPayload,
		"news": `"Message":"good news"`, "rule": `"n":7`, "site": `"body":"wake up"`} {
		until(t, entry+" gets "+text, func() bool {
			return len(f.lines(func(l string) bool { return strings.HasPrefix(l, "event of "+entry+": ") && strings.Contains(l, text) })) > 0
		})
	}
	if n := f.lines(func(l string) bool { return strings.Contains(l, "a.png") || strings.Contains(l, `"n":8`) }); len(n) > 0 {
		t.Errorf("what is not for them: %q", n)
	}
	found, err := cloudwatchlogs.NewFromConfig(f.Config()).FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/harkgen/local/Jobs"), FilterPattern: aws.String(`"an order"`)})
	if err != nil || len(found.Events) == 0 {
		t.Errorf("CloudWatch Logs has %+v, %v", found, err)
	}
	log, err := os.ReadFile(filepath.Join(f.o.Dir, StateDir, "logs", "Jobs.log"))
	if err != nil || !strings.Contains(string(log), "an order") {
		t.Errorf("the log is %q, %v", log, err)
	}
}

// TestDeploy deploys again while a run of the old version goes on.
func TestDeploy(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Program: "p", Entries: []plan.Entry{{Name: "a", Kind: plan.Func, Spread: true, Goroutines: []plan.Class{{Name: "big", Resources: plan.Resources{Memory: 2048}}}}}}
	f := start(t, "./testdata/echo", Options{Plan: p})
	before := f.Info().Entries["a"]
	worker := f.o.Plan.Entries[0].WorkerID(&f.o.Plan.Entries[0].Goroutines[0])
	if before.Version != "1" || before.Function != "AFunction" {
		t.Errorf("%+v", before)
	}
	p.Entries[0].Env = []plan.EnvVar{{Name: "NEW", Value: "yes"}}
	p.Entries = append(p.Entries, plan.Entry{Name: "b", Kind: plan.Server})
	p, err := p.Check()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Deploy(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	after := f.Info()
	if after.Entries["a"].Version != "2" || after.Entries["b"].Version != "1" {
		t.Errorf("%+v", after)
	}
	if got := get(t, after.HTTP["b"]); got != "200 b" {
		t.Errorf("the new server: %s", got)
	}
	env := func(function string) string { return f.invoke(function, `{"env":"HARK_CLASSES"}`) }
	if got, want := env("AFunction"), "arn:aws:lambda:eu-central-1:123456789012:function:"+worker+":2"; !strings.Contains(got, want) {
		t.Errorf("classes are %s, want %s", got, want)
	}
	if got := env(worker); strings.Contains(got, "arn:") {
		t.Errorf("the function of goroutines has them too: %s", got)
	}
}

func TestInfo(t *testing.T) {
	t.Parallel()
	if _, err := Find(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing runs: %v", err)
	}
	f := start(t, "./testdata/echo", Options{Plan: &plan.Plan{Program: "p", Entries: []plan.Entry{{Name: "a"}}}})
	if _, err := Start(t.Context(), f.o); err == nil || !strings.Contains(err.Error(), "a cloud runs already") {
		t.Errorf("started twice: %v", err)
	}
	info, err := Find(f.o.Dir)
	if err != nil || info.Endpoint != f.Info().Endpoint || info.PID != os.Getpid() || info.Entries["a"].Function != "AFunction" {
		t.Errorf("%+v, %v", info, err)
	}
	if o := info.Outputs; o["Table"] != "HarkTable" || o["AFunction"] != "arn:aws:lambda:eu-central-1:123456789012:function:AFunction:live" || o["AQueue"] != f.queueURL("AQueue") || o["ALogs"] != "/harkgen/local/A" {
		t.Errorf("outputs %v", o)
	}
	before := f.Now()
	a, err := Send(t.Context(), f.o.Dir, Command{Advance: 7 * 24 * time.Hour, Speed: 2})
	if err != nil || a.Now.Sub(before) < 7*24*time.Hour {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := Send(t.Context(), f.o.Dir, Command{Advance: -1}); err == nil {
		t.Error("the clock was set back")
	}
	left, err := os.ReadFile(filepath.Join(f.o.Dir, plan.CloudFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Find(f.o.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it still runs: %v", err)
	}
	if err := os.WriteFile(filepath.Join(f.o.Dir, plan.CloudFile), left, 0o600); err != nil { // as if it had been killed
		t.Fatal(err)
	}
	if _, err := Find(f.o.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the dead runs: %v", err)
	}
}
