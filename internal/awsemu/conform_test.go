package awsemu_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/harkgen/harkgen/internal/awsemu"
)

// This file defines the conformance test: one table of calls with their outcomes, which the emulator is held to and, if they
// are started (see peers.sh), the emulators that others maintain. Where a peer is known to differ, the table says so, and the package doc has a summary.

// A check is some calls, and what comes of them, as text.
type check struct {
	name string
	do   func(e *env) string
	want string

	// differs is what a peer does instead, by its name. "-" is: it is not asked.
	differs map[string]string
}

func moto(outcome string) map[string]string      { return map[string]string{"moto": outcome} }
func elasticmq(outcome string) map[string]string { return map[string]string{"elasticmq": outcome} }

func both(m, e string) map[string]string { return map[string]string{"moto": m, "elasticmq": e} }

// env is what a check can use.
type env struct {
	t    *testing.T
	ctx  context.Context
	name string // unique: for resources
	cfg  aws.Config

	db        *dynamodb.Client
	sqs       *sqs.Client
	s3        *s3.Client
	sns       *sns.Client
	events    *eventbridge.Client
	scheduler *scheduler.Client
	logs      *cloudwatchlogs.Client
}

func newEnv(t *testing.T, endpoint, name string) *env {
	cfg := awsemu.Config(endpoint)
	cfg.Retryer = func() aws.Retryer { return retry.AddWithMaxAttempts(retry.NewStandard(), 1) }
	return &env{
		t: t, ctx: t.Context(), name: name, cfg: cfg,
		db:        dynamodb.NewFromConfig(cfg),
		sqs:       sqs.NewFromConfig(cfg),
		s3:        s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }),
		sns:       sns.NewFromConfig(cfg),
		events:    eventbridge.NewFromConfig(cfg),
		scheduler: scheduler.NewFromConfig(cfg),
		logs:      cloudwatchlogs.NewFromConfig(cfg),
	}
}

// ok ends the check if there is an error.
func (e *env) ok(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// sqsNames are the newer names of errors of SQS, which some peers send alone.
var sqsNames = strings.NewReplacer("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "QueueAlreadyExists", "QueueNameExists", "AWS.SimpleQueueService.", "")

// code names an error, "ok" if there is none.
func code(err error) string {
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &api):
		return sqsNames.Replace(api.ErrorCode())
	case errors.As(err, &response) && response.HTTPStatusCode() != 0:
		return fmt.Sprint(response.HTTPStatusCode())
	}
	return err.Error()
}

// A peer is an endpoint that checks are run against.
type peer struct {
	name, endpoint string
	groups         []string // of checks that it knows; nil: all
}

func peers(t *testing.T) []peer {
	s, err := awsemu.Serve(awsemu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ps := []peer{{"awsemu", s.URL(), nil}}
	if url := os.Getenv("AWSEMU_MOTO"); url != "" {
		ps = append(ps, peer{"moto", url, nil})
	}
	if url := os.Getenv("AWSEMU_ELASTICMQ"); url != "" {
		ps = append(ps, peer{"elasticmq", url, []string{"sqs"}})
	}
	return ps
}

func TestConformance(t *testing.T) {
	groups := map[string][]check{
		"dynamodb": slices.Concat(dynamodbChecks, conditionChecks(), updateChecks(), queryChecks()), "sqs": sqsChecks, "s3": s3Checks,
		"scheduler": schedulerChecks, "sns": snsChecks, "events": eventsChecks, "logs": logsChecks,
	}
	for _, p := range peers(t) {
		t.Run(p.name, func(t *testing.T) {
			for group, checks := range groups {
				if p.groups != nil && !slices.Contains(p.groups, group) {
					continue
				}
				t.Run(group, func(t *testing.T) {
					for i, c := range checks {
						t.Run(c.name, func(t *testing.T) { c.run(t, p, fmt.Sprintf("%s-%d-%x", group, i, os.Getpid())) })
					}
				})
			}
		})
	}
}

func (c check) run(t *testing.T, p peer, name string) {
	want := c.want
	if d, ok := c.differs[p.name]; ok {
		want = d
	}
	if want == "-" {
		t.Skip("not for " + p.name)
	}
	got := strings.ReplaceAll(c.do(newEnv(t, p.endpoint, name)), name, "NAME")
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// lines joins outcomes.
func lines(parts ...any) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprint(&b, p)
	}
	return b.String()
}

func toJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// soon repeats f until it is true, for a while.
func soon(f func() bool) bool {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if f() {
			return true
		}
	}
	return false
}
