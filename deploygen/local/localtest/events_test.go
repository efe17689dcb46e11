package localtest

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/harkgen/harkgen/deploygen/local"
	"github.com/harkgen/harkgen/deploygen/plan"
)

// This file tests runs of events, by the module in testdata/events.

// says waits for lines in the log, each so many times.
func (c *Cloud) says(lines ...string) {
	c.t.Helper()
	for _, line := range lines {
		c.Until("the log has "+line, func() bool { return slices.Contains(strings.Split(c.Log(), "\n"), line) })
	}
}

func (c *Cloud) advance(d time.Duration) {
	c.t.Helper()
	if err := c.Advance(d); err != nil {
		c.t.Fatal(err)
	}
}

// dead returns the dead letters of an entry.
func (c *Cloud) dead(entry string) (bodies []string) {
	c.t.Helper()
	out, err := sqs.NewFromConfig(c.Config()).ReceiveMessage(c.t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(c.Info().Outputs[(&plan.Entry{Name: entry}).DeadLettersID()]), MaxNumberOfMessages: 10, VisibilityTimeout: 0,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, m := range out.Messages {
		bodies = append(bodies, aws.ToString(m.Body))
	}
	return bodies
}

func TestEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	c := Start(t, Compile(t, "testdata/events", "./handlers", "./cmd/lambda"), local.Options{})

	t.Run("lambda", func(t *testing.T) {
		if got, err := c.Invoke("lambda", `{"A":2,"B":3}`); err != nil || got != "5" {
			t.Errorf("%s, %v", got, err)
		}
		if _, err := c.Invoke("lambda", `{"A":-1}`); err == nil || err.Error() != `{"errorMessage":"negative","errorType":"errorString"}` {
			t.Errorf("%v", err)
		}
		if got, err := c.Invoke("lambda", `{"A":2000}`); err != nil || !strings.Contains(got, `"state":"waiting"`) {
			t.Errorf("%s, %v", got, err)
		}
	})
	t.Run("http", func(t *testing.T) {
		a := c.must(http.StatusOK, "", "GET", "/hello/you", "")
		if a.Body != "hello you\xff" || !slices.Equal(a.Header["Set-Cookie"], []string{"a=1", "b=2"}) || a.Header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%+v", a)
		}
		a = c.must(http.StatusAccepted, "", "POST", "/slow", "")
		if a.Header.Get("Hark-Run") == "" || !strings.Contains(a.Body, `"state":"waiting"`) {
			t.Errorf("%+v", a)
		}
		c.advance(2 * time.Hour)
		c.says("slow is done", "tick")
		c.advance(11 * time.Minute)
		c.says("tock")
	})
	t.Run("s3", func(t *testing.T) {
		store := s3.NewFromConfig(c.Config(), func(o *s3.Options) { o.UsePathStyle = true })
		if _, err := store.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: aws.String("a.txt"), Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
		c.says("object a.txt")
	})
	t.Run("sqs", func(t *testing.T) {
		queue := c.Info().Outputs["OrdersEvents"]
		for _, body := range []string{`{"id":1}`, `{"id":2,"fail":"now"}`, `{"id":3,"fail":"later"}`} {
			if _, err := sqs.NewFromConfig(c.Config()).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(queue), MessageBody: aws.String(body)}); err != nil {
				t.Fatal(err)
			}
		}
		c.says("shipping 1", "shipping 2", "shipping 3")
		c.advance(25 * time.Hour)
		c.says("shipped 1")
		c.Until("order 3 is a dead letter by the host", func() bool {
			return slices.ContainsFunc(c.dead("handlers-ship"), func(b string) bool { return strings.Contains(b, "order 3 cannot be shipped") })
		})
		c.Until("order 2 is a dead letter by the queue, tried several times", func() bool {
			c.advance(time.Hour) // over the visibility timeout
			return slices.ContainsFunc(c.dead("handlers-ship"), func(b string) bool { return b == `{"id":2,"fail":"now"}` })
		})
		if n := strings.Count(c.Log(), "shipping 2\n"); n < 2 {
			t.Errorf("order 2 was tried %d times", n)
		}
	})
}
