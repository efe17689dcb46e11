package aws

import (
	"context"
	"crypto/rand"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

type queue interface {
	SendMessage(ctx context.Context, in *sqs.SendMessageInput, opts ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

func text(s string) *string { return &s }

func operations(wait chan int, ctx context.Context, q *sqs.Client, i queue, d *dynamodb.Client, o *s3.Client, m *sfn.Client) {
	<-wait
	q.SendMessage(ctx, &sqs.SendMessageInput{}) // want `sqs.SendMessage may be repeated; a crash .*; give it a condition, or a token that was made before the last commit, or `
	<-wait
	i.SendMessage(ctx, &sqs.SendMessageInput{}) // want `sqs.SendMessage may be repeated`
	<-wait
	in := &sqs.SendMessageInput{}
	in.MessageDeduplicationId = text("17")
	q.SendMessage(ctx, in)
	q.SendMessage(ctx, &sqs.SendMessageInput{MessageDeduplicationId: text(rand.Text())}) // want `sqs.SendMessage \(whose MessageDeduplicationId is another one each time\) may be repeated`
	<-wait
	d.UpdateItem(ctx, &dynamodb.UpdateItemInput{UpdateExpression: text("SET a = :a")})
	d.UpdateItem(ctx, &dynamodb.UpdateItemInput{UpdateExpression: text("ADD n :one")}) // want `dynamodb.UpdateItem may be repeated`
	<-wait
	d.UpdateItem(ctx, &dynamodb.UpdateItemInput{UpdateExpression: text("ADD n :one"), ConditionExpression: text("v = :v")})
	o.PutObject(ctx, &s3.PutObjectInput{})
	m.StartExecution(ctx, &sfn.StartExecutionInput{Name: text("17")})
	m.StartExecution(ctx, &sfn.StartExecutionInput{}) // want `sfn.StartExecution may be repeated`
}
