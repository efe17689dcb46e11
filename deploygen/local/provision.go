package local

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines the resources of the template, which are made through the API, as CloudFormation does. What is there stays.

// provision makes the resources that the plan has besides functions.
func (c *Cloud) provision(ctx context.Context, p *plan.Plan) error {
	errs := []error{c.makeTable(ctx, plan.TableID), c.expireItems(ctx, plan.TableID), c.makeBucket(ctx, bucketName), c.makeGroup(ctx, plan.SchedulesID)}
	for i := range p.Entries {
		e := &p.Entries[i]
		errs = append(errs, c.makeQueue(ctx, e.DeadLettersID(), nil), c.makeQueue(ctx, e.QueueID(), e), c.makeLogs(ctx, logGroup(e), p.LogRetention))
		for _, t := range e.Triggers {
			if t.MadeID() != "" {
				errs = append(errs, c.makeSource(ctx, e, t))
			}
		}
	}
	return errors.Join(errs...)
}

// makeSource makes what the events of a trigger come from.
func (c *Cloud) makeSource(ctx context.Context, e *plan.Entry, t plan.Trigger) error {
	switch t.Type {
	case "sqs":
		return c.makeQueue(ctx, t.Queue, e)
	case "s3":
		return c.makeBucket(ctx, t.Bucket)
	case "sns":
		_, err := sns.NewFromConfig(c.config).CreateTopic(ctx, &sns.CreateTopicInput{Name: &t.Topic})
		return err
	case "dynamodb-stream":
		return c.makeTable(ctx, t.Table)
	}
	return nil
}

func (c *Cloud) makeTable(ctx context.Context, name string) error {
	_, err := dynamodb.NewFromConfig(c.config).CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   &name,
		BillingMode: dynamotypes.BillingModePayPerRequest,
		AttributeDefinitions: []dynamotypes.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: "S"},
			{AttributeName: aws.String("sk"), AttributeType: "S"},
		},
		KeySchema: []dynamotypes.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: "HASH"},
			{AttributeName: aws.String("sk"), KeyType: "RANGE"},
		},
	})
	if _, there := errors.AsType[*dynamotypes.ResourceInUseException](err); there {
		return nil
	}
	return err
}

// expireItems lets the table forget items when their attribute ttl says so.
func (c *Cloud) expireItems(ctx context.Context, table string) error {
	client := dynamodb.NewFromConfig(c.config)
	now, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &table})
	if err != nil || now.TimeToLiveDescription.TimeToLiveStatus == dynamotypes.TimeToLiveStatusEnabled {
		return err
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               &table,
		TimeToLiveSpecification: &dynamotypes.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(true)},
	})
	return err
}

func (c *Cloud) makeBucket(ctx context.Context, name string) error {
	client := s3.NewFromConfig(c.config, func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
	if _, missing := errors.AsType[*s3types.NotFound](err); !missing {
		return err
	}
	_, err = client.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket:                    &name,
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(api.Region)},
	})
	return err
}

// makeGroup makes a group of schedules.
func (c *Cloud) makeGroup(ctx context.Context, name string) error {
	_, err := scheduler.NewFromConfig(c.config).CreateScheduleGroup(ctx, &scheduler.CreateScheduleGroupInput{Name: &name})
	if _, there := errors.AsType[*schedulertypes.ConflictException](err); there {
		return nil
	}
	return err
}

// makeLogs makes a log group.
func (c *Cloud) makeLogs(ctx context.Context, name string, retention int) error {
	client := cloudwatchlogs.NewFromConfig(c.config)
	_, err := client.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name})
	if _, there := errors.AsType[*logstypes.ResourceAlreadyExistsException](err); err != nil && !there {
		return err
	}
	_, err = client.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &name, RetentionInDays: aws.Int32(int32(retention))})
	return err
}

// Settings of queues, as in the template.
const (
	maxReceive      = 5              // deliveries of a message before it is a dead letter
	retention       = 14 * 24 * 3600 // seconds
	visibilityTimes = 6              // times the function's timeout
)

// makeQueue makes a queue that the function of an entry reads, or with nil one of dead letters.
func (c *Cloud) makeQueue(ctx context.Context, name string, e *plan.Entry) error {
	attrs := map[string]string{"MessageRetentionPeriod": strconv.Itoa(retention)}
	if e != nil {
		attrs["VisibilityTimeout"] = strconv.Itoa(visibilityTimes * e.Timeout)
		attrs["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, api.ARN("sqs", e.DeadLettersID()), maxReceive)
	}
	client := sqs.NewFromConfig(c.config)
	out, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if err == nil {
		_, err = client.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: out.QueueUrl, Attributes: attrs})
		return err
	}
	_, err = client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attrs})
	return err
}

// send sends a message to a queue.
func (c *Cloud) send(ctx context.Context, queue, body string) error {
	_, err := sqs.NewFromConfig(c.config).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(c.queueURL(queue)), MessageBody: &body})
	return err
}
