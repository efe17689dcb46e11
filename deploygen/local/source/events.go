package source

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/internal/awsemu/s3"
)

// This file defines the events of services that invoke functions asynchronously.

// Matches reports whether a notification configuration for an event like "ObjectCreated:*" and a suffix takes the change.
func Matches(o s3.Change, event, suffix string) bool {
	category, all := strings.CutSuffix(event, ":*")
	if !strings.HasSuffix(o.Key, suffix) {
		return false
	}
	return all && strings.HasPrefix(o.Event, category+":") || o.Event == event
}

// S3Event returns the event of a change; config is the id of the notification configuration.
func S3Event(o s3.Change, config string) []byte {
	object := map[string]any{"key": url.QueryEscape(o.Key), "sequencer": fmt.Sprintf("%016X", o.Time.UnixNano())}
	if strings.HasPrefix(o.Event, "ObjectCreated") {
		object["size"], object["eTag"] = o.Size, o.ETag
	}
	owner := map[string]string{"principalId": "LOCAL"}
	return mustJSON(map[string]any{"Records": []any{map[string]any{
		"eventVersion":      "2.1",
		"eventSource":       "aws:s3",
		"awsRegion":         lambda.DefaultRegion,
		"eventTime":         stamp(o.Time),
		"eventName":         o.Event,
		"userIdentity":      owner,
		"requestParameters": map[string]string{"sourceIPAddress": "127.0.0.1"},
		"responseElements":  map[string]string{"x-amz-request-id": strings.ToUpper(randomHex(8)), "x-amz-id-2": randomHex(32)},
		"s3": map[string]any{
			"s3SchemaVersion": "1.0",
			"configurationId": config,
			"bucket":          map[string]any{"name": o.Bucket, "ownerIdentity": owner, "arn": "arn:aws:s3:::" + o.Bucket},
			"object":          object,
		},
	}}})
}

// ScheduledEvent returns the event of a rule with a schedule.
func ScheduledEvent(rule string, at time.Time) []byte {
	return mustJSON(events.EventBridgeEvent{
		Version: "0", ID: lambda.NewID(), DetailType: "Scheduled Event", Source: "aws.events", AccountID: lambda.DefaultAccount,
		Time: at.UTC().Truncate(time.Second), Region: lambda.DefaultRegion,
		Resources: []string{"arn:aws:events:" + lambda.DefaultRegion + ":" + lambda.DefaultAccount + ":rule/" + rule},
		Detail:    json.RawMessage("{}"),
	})
}
