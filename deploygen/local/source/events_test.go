package source

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/harkgen/harkgen/deploygen/local/eventtest"
	"github.com/harkgen/harkgen/internal/awsemu/dynamodb"
	"github.com/harkgen/harkgen/internal/awsemu/s3"
)

var at = time.Date(2026, 11, 26, 12, 0, 0, 123e6, time.UTC)

// decode decodes as a user's handler does.
func decode[T any](t *testing.T, data []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	return v
}

func TestSQSEvent(t *testing.T) {
	data := SQSEvent("arn:q", []types.Message{{
		MessageId: aws.String("m"), ReceiptHandle: aws.String("r"), Body: aws.String("body"), MD5OfBody: aws.String("5"), MD5OfMessageAttributes: aws.String("6"),
		Attributes: map[string]string{"ApproximateReceiveCount": "2", "SentTimestamp": "1", "SenderId": "s", "ApproximateFirstReceiveTimestamp": "1"},
		MessageAttributes: map[string]types.MessageAttributeValue{
			"Attribute1": {DataType: aws.String("String"), StringValue: aws.String("x")},
			"Attribute3": {DataType: aws.String("Binary"), BinaryValue: []byte{1}},
		},
	}})
	eventtest.SameFields(t, data, eventtest.Example(t, "sqs-event.json"), "Records.messageAttributes.Attribute2", "Records.messageAttributes.Attribute3.stringListValues",
		"Records.messageAttributes.Attribute3.binaryListValues")
	r := decode[events.SQSEvent](t, data).Records[0]
	if r.MessageId != "m" || r.Body != "body" || r.Attributes["ApproximateReceiveCount"] != "2" || r.EventSourceARN != "arn:q" || r.EventSource != "aws:sqs" ||
		*r.MessageAttributes["Attribute1"].StringValue != "x" || string(r.MessageAttributes["Attribute3"].BinaryValue) != "\x01" {
		t.Errorf("%+v", r)
	}
}

func TestS3Event(t *testing.T) {
	o := s3.Change{Event: "ObjectCreated:Put", Bucket: "b", Key: "Happy Face/ä.jpg", Size: 7, ETag: "e", Time: at}
	data := S3Event(o, "c")
	eventtest.SameFields(t, data, eventtest.Example(t, "s3-event.json"), "Records.s3.object.versionId")
	r := decode[events.S3Event](t, data).Records[0]
	if r.S3.Object.URLDecodedKey != o.Key || r.S3.Object.Key != "Happy+Face%2F%C3%A4.jpg" || r.S3.Object.Size != 7 || r.S3.Bucket.Name != "b" || !r.EventTime.Equal(at) || r.EventName != o.Event {
		t.Errorf("%+v", r)
	}
	for _, test := range []struct {
		event, suffix string
		want          bool
	}{
		{"ObjectCreated:*", "", true}, {"ObjectCreated:Put", ".jpg", true}, {"ObjectCreated:Copy", "", false},
		{"ObjectRemoved:*", "", false}, {"ObjectCreated:*", ".png", false},
	} {
		if Matches(o, test.event, test.suffix) != test.want {
			t.Errorf("%+v", test)
		}
	}
}

func TestScheduledEvent(t *testing.T) {
	e := decode[events.EventBridgeEvent](t, ScheduledEvent("hourly", at))
	if e.Source != "aws.events" || e.DetailType != "Scheduled Event" || !e.Time.Equal(at.Truncate(time.Second)) || string(e.Detail) != "{}" ||
		e.Resources[0] != "arn:aws:events:eu-central-1:123456789012:rule/hourly" {
		t.Errorf("%+v", e)
	}
}

func TestStreamEvent(t *testing.T) {
	data := StreamEvent("arn:s", []Change{{Event: "INSERT", Sequence: 7, Time: at, Expired: true,
		Keys: decode[dynamodb.Item](t, []byte(`{"key":{"S":"binary"},"val":{"S":"data"}}`)),
		New:  decode[dynamodb.Item](t, []byte(`{"key":{"S":"binary"},"val":{"S":"data"},"asdf1":{"B":"AAEqQQ=="},"asdf2":{"BS":["AAEqQQ=="]}}`))}})
	eventtest.SameFields(t, data, eventtest.Example(t, "dynamodb-event.json"))
	r := decode[events.DynamoDBEvent](t, data).Records[0]
	if r.EventName != "INSERT" || r.Change.SequenceNumber != "7" || r.Change.NewImage["key"].String() != "binary" || r.Change.ApproximateCreationDateTime.Unix() != at.Unix() {
		t.Errorf("%+v", r)
	}
}
