package source

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/rt/clock"
)

// TestStream lets some records fail in all ways that there are.
func TestStream(t *testing.T) {
	c, err := clock.New("", 100_000)
	if err != nil {
		t.Fatal(err)
	}
	var handled []string
	var failed []string
	done := make(chan struct{})
	tries := 0
	s := &Stream{ARN: "arn:s", Function: "f:live", Batch: 4, Retries: 5, Clock: c}
	s.Invoke = func(_ context.Context, in lambda.Invocation) (*lambda.Result, error) {
		var e events.DynamoDBEvent
		if err := json.Unmarshal(in.Payload, &e); err != nil {
			t.Error(err)
		}
		if tries++; tries == 1 {
			return nil, &lambda.Error{Code: "TooManyRequestsException"}
		}
		for i, r := range e.Records {
			switch n := r.Change.SequenceNumber; n {
			case "3": // always, and says so
				return &lambda.Result{Payload: fmt.Appendf(nil, `{"batchItemFailures":[{"itemIdentifier":%q}]}`, n)}, nil
			case "6": // always, and takes the batch with it
				return &lambda.Result{Failed: true}, nil
			default:
				if i == len(e.Records)-1 || e.Records[i+1].Change.SequenceNumber == "3" {
					for _, r := range e.Records[:i+1] {
						handled = append(handled, r.Change.SequenceNumber)
					}
				}
				if n == "9" {
					close(done)
				}
			}
		}
		return &lambda.Result{Payload: []byte("null")}, nil
	}
	s.Failed = func(record []byte) { failed = append(failed, string(record)) }
	for n := range uint64(9) {
		s.Add(Change{Event: "INSERT", Sequence: n + 1})
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { s.Run(ctx); close(ended) }()
	<-done
	cancel()
	<-ended
	if want := []string{"1", "2", "4", "5", "7", "8", "9"}; !slices.Equal(handled, want) {
		t.Errorf("handled %v, want %v", handled, want)
	}
	if len(failed) != 2 || !strings.Contains(failed[0], `"startSequenceNumber":"3"`) || !strings.Contains(failed[1], `"endSequenceNumber":"6"`) || !strings.Contains(failed[0], `"batchSize":1`) {
		t.Errorf("failed %q", failed)
	}
}
