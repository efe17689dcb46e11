package awsemu_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsdb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedtypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/harkgen/harkgen/internal/awsemu"
	"github.com/harkgen/harkgen/internal/awsemu/dynamodb"
	"github.com/harkgen/harkgen/internal/awsemu/pattern"
	"github.com/harkgen/harkgen/internal/awsemu/s3"
	emusns "github.com/harkgen/harkgen/internal/awsemu/sns"
	"github.com/harkgen/harkgen/rt/clock"
)

// This file tests what only an emulator has: its clock, hooks and faults.

// serve starts an emulator with a clock that the test sets forward.
func serve(t *testing.T, opts awsemu.Options) (*awsemu.Server, *env, func(time.Duration)) {
	t.Helper()
	c, err := clock.New("", 1)
	if err != nil {
		t.Fatal(err)
	}
	opts.Clock = c
	s, err := awsemu.Serve(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, newEnv(t, s.URL(), "res"), func(d time.Duration) {
		if err := c.Advance(d); err != nil {
			t.Fatal(err)
		}
	}
}

func TestClockOfMessages(t *testing.T) {
	_, e, advance := serve(t, awsemu.Options{})
	q := e.queue("", attrs{"MessageRetentionPeriod": "86400", "VisibilityTimeout": "600"})
	e.send(q, "m", 900)
	advance(890 * time.Second)
	if got := e.bodies(q); got != "" {
		t.Errorf("%q is early", got)
	}
	advance(10 * time.Second)
	if got := e.bodies(q); got != "m" {
		t.Errorf("got %q after the delay", got)
	}
	advance(600 * time.Second)
	if got := e.bodies(q); got != "m" {
		t.Errorf("got %q after the visibility timeout", got)
	}
	advance(25 * time.Hour)
	if got, counts := e.bodies(q), e.counts(q); got != "" || counts != "0 0 0" {
		t.Errorf("%q, %s are kept too long", got, counts)
	}
}

// TestClockOfPolls checks that a long poll sees a message that becomes visible while it waits.
func TestClockOfPolls(t *testing.T) {
	_, e, advance := serve(t, awsemu.Options{})
	q := e.queue("", nil)
	e.send(q, "m", 10)
	done := make(chan string)
	go func() {
		_, got := e.receive(q, sqs.ReceiveMessageInput{WaitTimeSeconds: 20})
		done <- got
	}()
	for {
		select {
		case got := <-done:
			if got != "m" {
				t.Errorf("got %q", got)
			}
			return
		case <-time.After(10 * time.Millisecond):
			advance(time.Second)
		}
	}
}

func TestExpiry(t *testing.T) {
	s, e, advance := serve(t, awsemu.Options{})
	table := e.table()
	_, err := e.db.UpdateTimeToLive(e.ctx, &awsdb.UpdateTimeToLiveInput{
		TableName: table, TimeToLiveSpecification: &dbtypes.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(true)},
	})
	e.ok(err)
	var expired []string
	s.DynamoDB.OnChange(func(_ string, r dynamodb.Record) {
		if r.Expired {
			expired = append(expired, r.Event+toJSON(r.Keys))
		}
	})
	e.ok(e.put("late", map[string]any{"ttl": num(fmt.Sprint(time.Now().Add(2 * time.Hour).Unix()))}))
	e.ok(e.put("soon", map[string]any{"ttl": num(fmt.Sprint(time.Now().Add(time.Hour).Unix()))}))
	e.ok(e.put("text", map[string]any{"ttl": "1"}))
	e.ok(e.put("never", nil))
	left := func() string {
		out, err := e.db.Scan(e.ctx, &awsdb.ScanInput{TableName: table, ProjectionExpression: aws.String("sk")})
		e.ok(err)
		return showItems(out.Items)
	}
	if got := left(); got != `{sk:"late"} {sk:"never"} {sk:"soon"} {sk:"text"}` {
		t.Error(got)
	}
	advance(time.Hour + time.Minute)
	if got := left(); got != `{sk:"late"} {sk:"never"} {sk:"text"}` {
		t.Error(got)
	}
	advance(time.Hour)
	if got := left(); got != `{sk:"never"} {sk:"text"}` {
		t.Error(got)
	}
	if want := []string{`REMOVE{"pk":{"S":"a"},"sk":{"S":"soon"}}`, `REMOVE{"pk":{"S":"a"},"sk":{"S":"late"}}`}; !slices.Equal(expired, want) {
		t.Errorf("%q", expired)
	}
}

func TestStream(t *testing.T) {
	s, e, _ := serve(t, awsemu.Options{})
	table := e.table()
	var got []string
	s.DynamoDB.OnChange(func(table string, r dynamodb.Record) {
		got = append(got, fmt.Sprint(table, " ", r.Event, " ", r.Sequence, " ", toJSON(r.Old), " ", toJSON(r.New)))
	})
	e.ok(e.put("k", map[string]any{"x": 1}))
	e.ok(e.put("k", map[string]any{"x": 1})) // no change
	e.ok(e.put("k", map[string]any{"x": 2}))
	_, err := e.db.DeleteItem(e.ctx, &awsdb.DeleteItemInput{TableName: table, Key: key("k")})
	e.ok(err)
	one, two := `{"pk":{"S":"a"},"sk":{"S":"k"},"x":{"N":"1"}}`, `{"pk":{"S":"a"},"sk":{"S":"k"},"x":{"N":"2"}}`
	if want := []string{"res INSERT 1 null " + one, "res MODIFY 2 " + one + " " + two, "res REMOVE 3 " + two + " null"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// calls are what an emulator has started.
type calls struct {
	mu  sync.Mutex
	all []string
}

func (c *calls) add(s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, s)
}

func (c *calls) wait(t *testing.T, n int) []string {
	t.Helper()
	var all []string
	if !soon(func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		all = slices.Clone(c.all)
		return len(all) >= n
	}) {
		t.Fatalf("only %q", all)
	}
	return all
}

func TestSchedules(t *testing.T) {
	var started calls
	s, e, advance := serve(t, awsemu.Options{Invoke: func(function string, payload []byte) error {
		started.add(function[strings.LastIndexByte(function, ':')+1:] + string(payload))
		return nil
	}})
	start := time.Now().UTC()
	target := func(name string) func(*scheduler.CreateScheduleInput) {
		return func(in *scheduler.CreateScheduleInput) {
			in.Target.Arn, in.Target.Input = e.arn("lambda", "function:"+name), aws.String(`{"a":1}`)
			in.ActionAfterCompletion = "DELETE"
		}
	}
	in := func(d time.Duration) string { return "at(" + start.Add(d).Format("2006-01-02T15:04:05") + ")" }
	if got := lines(e.schedule("once", in(40*24*time.Hour), target("once")),
		e.schedule("deleted", in(40*24*time.Hour), target("deleted")),
		e.schedule("disabled", in(40*24*time.Hour), target("disabled"), func(in *scheduler.CreateScheduleInput) { in.State = "DISABLED" }),
		e.schedule("flexible", in(40*24*time.Hour), target("flexible"), func(in *scheduler.CreateScheduleInput) {
			in.FlexibleTimeWindow = &schedtypes.FlexibleTimeWindow{Mode: "FLEXIBLE", MaximumWindowInMinutes: aws.Int32(600)}
		})); got != "ok; ok; ok; ok" {
		t.Fatal(got)
	}
	_, err := e.scheduler.DeleteSchedule(e.ctx, &scheduler.DeleteScheduleInput{Name: aws.String("deleted")})
	e.ok(err)
	advance(40*24*time.Hour - time.Minute)
	if got := started.wait(t, 0); len(got) != 0 {
		t.Errorf("early: %q", got)
	}
	advance(time.Minute)
	if got := started.wait(t, 1); !slices.Contains(got, `once{"a":1}`) {
		t.Errorf("%q", got)
	}
	advance(10 * time.Hour)
	if got := started.wait(t, 2); len(got) != 2 || !slices.Contains(got, `flexible{"a":1}`) {
		t.Errorf("%q", got)
	}
	// Every hour three times, from a start to an end.
	if got := e.schedule("rate", "rate(1 hour)", target("rate"), func(in *scheduler.CreateScheduleInput) {
		now := start.Add(41 * 24 * time.Hour)
		in.StartDate, in.EndDate = aws.Time(now), aws.Time(now.Add(150*time.Minute))
	}); got != "ok" {
		t.Fatal(got)
	}
	advance(14 * time.Hour)
	for n := 3; n <= 5; n++ {
		started.wait(t, n)
		advance(time.Hour)
	}
	advance(24 * time.Hour)
	if !soon(func() bool {
		out, err := e.scheduler.ListSchedules(e.ctx, &scheduler.ListSchedulesInput{})
		e.ok(err)
		return len(out.Schedules) == 1 // the disabled one
	}) {
		t.Error("schedules that are over are left")
	}
	if got := started.wait(t, 5); len(got) != 5 {
		t.Errorf("%q", got)
	}
	s.Close() // no more
}

// TestScheduleRetries checks that what fails is tried again, and ends in the dead-letter queue.
func TestScheduleRetries(t *testing.T) {
	var tried calls
	_, e, advance := serve(t, awsemu.Options{Invoke: func(string, []byte) error {
		tried.add("")
		return errors.New("made to fail")
	}})
	dead := e.queue("", nil)
	if got := e.schedule("s", "at(2020-01-01T00:00:00)", func(in *scheduler.CreateScheduleInput) {
		in.Target.Arn, in.Target.Input = e.arn("lambda", "function:f"), aws.String(`{"a":1}`)
		in.Target.RetryPolicy = &schedtypes.RetryPolicy{MaximumRetryAttempts: aws.Int32(2)}
		in.Target.DeadLetterConfig = &schedtypes.DeadLetterConfig{Arn: e.arn("sqs", e.name)}
	}); got != "ok" {
		t.Fatal(got)
	}
	got := ""
	if !soon(func() bool {
		advance(time.Minute)
		got = e.bodies(dead)
		return got != ""
	}) || got != `{"a":1}` {
		t.Errorf("in the dead-letter queue: %q", got)
	}
	if n := len(tried.wait(t, 3)); n != 3 {
		t.Errorf("%d tries", n)
	}
}

func TestBucketHook(t *testing.T) {
	s, e, _ := serve(t, awsemu.Options{})
	var got []string
	s.S3.OnChange(func(c s3.Change) {
		got = append(got, fmt.Sprint(c.Event, " ", c.Bucket, " ", c.Key, " ", c.Size, " ", c.ETag))
	})
	e.bucket()
	e.putObject("dir/k", "hello")
	_, err := e.s3.CopyObject(e.ctx, &awss3.CopyObjectInput{Bucket: &e.name, Key: aws.String("to"), CopySource: aws.String(e.name + "/dir/k")})
	e.ok(err)
	_, err = e.s3.DeleteObject(e.ctx, &awss3.DeleteObjectInput{Bucket: &e.name, Key: aws.String("dir/k")})
	e.ok(err)
	_, err = e.s3.DeleteObject(e.ctx, &awss3.DeleteObjectInput{Bucket: &e.name, Key: aws.String("none")})
	e.ok(err)
	hash := "5d41402abc4b2a76b9719d911017c592"
	if want := []string{"ObjectCreated:Put res dir/k 5 " + hash, "ObjectCreated:Put res to 5 " + hash, "ObjectRemoved:Delete res dir/k 0 "}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if keys := s.S3.Keys("res"); !slices.Equal(keys, []string{"to"}) {
		t.Errorf("%q", keys)
	}
}

func TestRules(t *testing.T) {
	s, e, _ := serve(t, awsemu.Options{})
	var got []string
	p, err := pattern.Parse([]byte(`{"source": ["my.app"], "detail": {"n": [{"numeric": [">", 1]}]}}`))
	e.ok(err)
	s.Events.Rule("default", "r", p, func(event []byte) { got = append(got, string(event)) })
	for _, detail := range []string{`{"n": 1}`, `{"n": 2}`} {
		_, err := e.events.PutEvents(e.ctx, &eventbridge.PutEventsInput{Entries: []eventtypes.PutEventsRequestEntry{{
			Source: aws.String("my.app"), DetailType: aws.String("t"), Detail: &detail, Time: aws.Time(time.Unix(1e9, 0)), Resources: []string{"r"},
		}}})
		e.ok(err)
	}
	want := `{"version":"0","id":"00000002-0000-4000-8000-000000000002","detail-type":"t","source":"my.app","account":"123456789012","time":"2001-09-09T01:46:40Z",` +
		`"region":"eu-central-1","resources":["r"],"detail":{"n":2}}`
	if len(got) != 1 || got[0] != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTopicHooks(t *testing.T) {
	var started calls
	s, e, _ := serve(t, awsemu.Options{Invoke: func(_ string, payload []byte) error { started.add(string(payload)); return nil }})
	topic := e.topic()
	_, err := e.sns.Subscribe(e.ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("lambda"), Endpoint: e.arn("lambda", "function:f")})
	e.ok(err)
	var hooked []string
	s.SNS.OnPublish(func(m emusns.Message) { hooked = append(hooked, m.TopicArn+" "+m.Message) })
	_, err = e.sns.Publish(e.ctx, &sns.PublishInput{TopicArn: topic, Message: aws.String("hello")})
	e.ok(err)
	if got := started.wait(t, 1); !strings.Contains(got[0], `"EventSource":"aws:sns"`) || !strings.Contains(got[0], `"Message":"hello"`) || !strings.Contains(got[0], `"SigningCertUrl"`) {
		t.Errorf("%q", got)
	}
	if !slices.Equal(hooked, []string{*topic + " hello"}) {
		t.Errorf("%q", hooked)
	}
}

func TestLambdaHandler(t *testing.T) {
	_, e, _ := serve(t, awsemu.Options{Lambda: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		e := errors.Join(err)
		fmt.Fprint(w, r.URL.Path, " ", string(body), e)
	})})
	out, err := lambda.NewFromConfig(e.cfg).Invoke(e.ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte("{}")})
	e.ok(err)
	if got := string(out.Payload); got != "/2015-03-31/functions/f/invocations {}<nil>" {
		t.Error(got)
	}
}

// TestRefuses checks that what is not known is refused, not ignored.
func TestRefuses(t *testing.T) {
	s, e, _ := serve(t, awsemu.Options{})
	table := e.table()
	_, op := e.db.ListBackups(e.ctx, &awsdb.ListBackupsInput{})
	_, param := e.db.PutItem(e.ctx, &awsdb.PutItemInput{TableName: table, Item: key("k"), Expected: map[string]dbtypes.ExpectedAttributeValue{"x": {Exists: aws.Bool(false)}}})
	_, attr := e.sqs.CreateQueue(e.ctx, &sqs.CreateQueueInput{QueueName: aws.String("q.fifo"), Attributes: attrs{"FifoQueue": "true"}})
	_, topic := e.sns.CreateTopic(e.ctx, &sns.CreateTopicInput{Name: aws.String("t"), DataProtectionPolicy: aws.String("{}")})
	if got := lines(code(op), code(param), code(attr), code(topic)); got != "UnknownOperationException; SerializationException; InvalidParameterValue; SerializationException" {
		t.Error(got)
	}
	r, err := http.Post(s.URL(), "application/x-amz-json-1.0", strings.NewReader("{}"))
	e.ok(err)
	r.Body.Close()
	if r.StatusCode != http.StatusForbidden {
		t.Errorf("a request that is not signed: %d", r.StatusCode)
	}
}

// TestFaults checks what each service's faults look like to its client.
func TestFaults(t *testing.T) {
	s, e, _ := serve(t, awsemu.Options{})
	e.table()
	q := e.queue("", nil)
	e.bucket()
	for _, test := range []struct {
		name string
		call func() string
		want string
	}{
		{"dynamodb", func() string { return code(e.put("k", nil)) }, "ProvisionedThroughputExceededException"},
		{"sqs", func() string { return e.send(q, "m", 0) }, "RequestThrottled"},
		{"s3", func() string { return e.putObject("k", "x") }, "SlowDown"},
		{"scheduler", func() string { return e.schedule("s", "at(2099-01-01T00:00:00)") }, "ThrottlingException"},
		{"sns", func() string {
			_, err := e.sns.CreateTopic(e.ctx, &sns.CreateTopicInput{Name: aws.String("t")})
			return code(err)
		}, "Throttled"},
		{"events", func() string {
			_, err := e.events.PutEvents(e.ctx, &eventbridge.PutEventsInput{Entries: []eventtypes.PutEventsRequestEntry{{}}})
			return code(err)
		}, "ThrottlingException"},
	} {
		for _, fault := range []awsemu.Fault{{Throttle: true}, {Lose: true}, {Status: 503}} {
			s.SetFault(func(op string) awsemu.Fault {
				if !strings.HasPrefix(op, test.name+".") {
					t.Errorf("the operation is %q", op)
				}
				return fault
			})
			got := test.call()
			switch {
			case fault.Lose && !strings.Contains(got, "EOF") && !strings.Contains(got, "reset"),
				fault.Throttle && got != test.want,
				fault.Status != 0 && got != "InternalServerError" && got != "503" && got != "ServiceUnavailable":
				t.Errorf("%s, %+v: %s", test.name, fault, got)
			}
		}
	}
	s.SetFault(nil)
	if got := e.bodies(q); got != "m" {
		t.Errorf("of the three sends only the one whose answer was lost took effect: %q", got)
	}
}

func TestMessageFaults(t *testing.T) {
	s, e, advance := serve(t, awsemu.Options{})
	q := e.queue("", nil)
	s.SetFault(func(op string) awsemu.Fault { return awsemu.Fault{Late: time.Hour} })
	e.send(q, "late", 0)
	s.SetFault(nil)
	if got := e.bodies(q); got != "" {
		t.Errorf("%q is not late", got)
	}
	advance(time.Hour)
	s.SetFault(func(op string) awsemu.Fault { return awsemu.Fault{Duplicate: true} })
	first := e.bodies(q)
	s.SetFault(nil)
	if second := e.bodies(q); first != "late" || second != "late" {
		t.Errorf("delivered %q, %q", first, second)
	}
	e.send(q, "1", 0)
	e.send(q, "2", 0)
	s.SetFault(func(op string) awsemu.Fault { return awsemu.Fault{Reorder: true} })
	if _, got := e.receive(q, sqs.ReceiveMessageInput{MaxNumberOfMessages: 1}); got != "2" {
		t.Errorf("the first is %q", got)
	}
}

func TestKill(t *testing.T) {
	for _, after := range []bool{false, true} {
		s, e, _ := serve(t, awsemu.Options{})
		e.table()
		e.ok(e.put("k", map[string]any{"x": 1}))
		killed := ""
		s.SetFault(awsemu.Kill("dynamodb.PutItem", 2, after, func() {
			s.SetFault(nil)
			killed += e.get("k")
		}))
		for i := range 4 {
			e.ok(e.put("k", map[string]any{"x": i + 2}))
		}
		if want := map[bool]string{false: "{x:2}", true: "{x:3}"}[after]; killed != want {
			t.Errorf("after=%v: killed at %s", after, killed)
		}
	}
}

func TestFaultsRepeat(t *testing.T) {
	draw := func(seed uint64) string {
		f := awsemu.Faults(seed, awsemu.Rates{Throttle: 0.1, Fail: 0.1, Lose: 0.1, Delay: 0.5, Duplicate: 0.1, Reorder: 0.1, Late: 0.1, MaxDelay: time.Second, MaxLate: time.Hour})
		var b strings.Builder
		for range 200 {
			fmt.Fprintln(&b, toJSON(strip(f("sqs.SendMessage"))), toJSON(strip(f("dynamodb.PutItem"))))
		}
		return b.String()
	}
	one, again, two := draw(1), draw(1), draw(2)
	if one != again || one == two {
		t.Error("the faults do not follow from the seed")
	}
	for _, want := range []string{`"Throttle":true`, `"Status":500`, `"Lose":true`, `"Duplicate":true`, `"Reorder":true`} {
		if !strings.Contains(one, want) {
			t.Errorf("never %s", want)
		}
	}
}

// strip returns what of a fault can be printed.
func strip(f awsemu.Fault) map[string]any {
	return map[string]any{"Delay": f.Delay, "Throttle": f.Throttle, "Status": f.Status, "Lose": f.Lose, "Late": f.Late, "Duplicate": f.Duplicate, "Reorder": f.Reorder}
}

// TestWorkers sends and receives from many goroutines while requests fail: each message comes at least once.
func TestWorkers(t *testing.T) {
	s, e, _ := serve(t, awsemu.Options{})
	e.sqs = sqs.NewFromConfig(s.Config()) // it retries
	q := e.queue("", attrs{"VisibilityTimeout": "1"})
	s.SetFault(awsemu.Faults(7, awsemu.Rates{Throttle: 0.05, Fail: 0.05, Lose: 0.05, Duplicate: 0.1, Reorder: 0.2}))
	const n = 60
	var seen sync.Map
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			for i := range n / 3 {
				if got := e.send(q, fmt.Sprint(w*n/3+i), 0); got != "ok" {
					t.Errorf("send: %s", got)
				}
			}
		})
		wg.Go(func() {
			soon(func() bool {
				ms, _ := e.receive(q, sqs.ReceiveMessageInput{})
				for _, m := range ms {
					seen.Store(*m.Body, true)
					e.delete(q, m)
				}
				return count(&seen) == n
			})
		})
	}
	wg.Wait()
	if got := count(&seen); got != n {
		t.Errorf("%d of %d messages were received", got, n)
	}
}

func count(m *sync.Map) (n int) {
	m.Range(func(any, any) bool { n++; return true })
	return n
}
