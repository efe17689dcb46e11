// Package emutest is an emulator for tests of what harkgen itself needs on AWS: one table, one bucket, one queue.
package emutest

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/harkgen/harkgen/internal/awsemu"
	emusqs "github.com/harkgen/harkgen/internal/awsemu/sqs"
)

// Names of the resources.
const (
	Table  = "hark-table"
	Bucket = "hark-bucket"
	Queue  = "hark-queue"
	Region = awsemu.Region
)

// Fault says how one request goes wrong.
type Fault = awsemu.Fault

// Message is one in the queue.
type Message = emusqs.Message

// AWS is an emulator with the resources. Requests to make them do not count, and meet no fault.
type AWS struct{ *awsemu.Server }

// New starts one, until the test ends.
func New(t testing.TB) *AWS {
	t.Helper()
	s, err := awsemu.Serve(awsemu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	a := &AWS{s}
	if err := Setup(t.Context(), s.Config()); err != nil {
		t.Fatal(err)
	}
	s.ResetCounts()
	return a
}

// Setup makes the resources.
func Setup(ctx context.Context, cfg aws.Config) error {
	if err := CreateTable(ctx, dynamodb.NewFromConfig(cfg), Table); err != nil {
		return err
	}
	_, err := s3Client(cfg).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(Bucket)})
	if err != nil {
		return err
	}
	_, err = sqs.NewFromConfig(cfg).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(Queue)})
	return err
}

// CreateTable makes a table as package rt/store/dynamo wants it.
func CreateTable(ctx context.Context, db *dynamodb.Client, name string) error {
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   aws.String(name),
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
		},
	})
	return err
}

func s3Client(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

// DynamoDBClient and S3Client are the SDK's clients.
func (a *AWS) DynamoDBClient() *dynamodb.Client { return dynamodb.NewFromConfig(a.Config()) }
func (a *AWS) S3Client() *s3.Client             { return s3Client(a.Config()) }

// QueueURL is the address of the queue.
func (a *AWS) QueueURL() string { return awsemu.QueueURL(a.URL(), Queue) }

// Objects returns the keys in the bucket.
func (a *AWS) Objects() []string { return a.S3.Keys(Bucket) }

// Damage flips a bit of an object.
func (a *AWS) Damage(t testing.TB, key string) {
	t.Helper()
	data, err := a.S3.Get(Bucket, key)
	if err != nil {
		t.Fatal(err)
	}
	data[0] ^= 1
	if err := a.S3.Put(Bucket, key, data); err != nil {
		t.Fatal(err)
	}
}

// Receive takes what is in the queue, without waiting for delays to pass.
func (a *AWS) Receive() []Message { return a.SQS.Drain(Queue) }

// Visibility returns after how long the receiver of a message wants to see it again.
func (a *AWS) Visibility(receipt string) (time.Duration, bool) {
	m, ok := a.SQS.InFlight(Queue, receipt)
	return m.Timeout, ok
}
