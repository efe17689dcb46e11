// Goroutines that use the AWS SDK.
package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

var (
	client = s3.NewFromConfig(load())
	table  = dynamodb.NewFromConfig(load())
	ctx    = context.Background()
)

func load() aws.Config {
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithRegion("eu-west-1"))
	if err != nil {
		panic(err)
	}
	return cfg
}

func main() {
	get()
	put()
	list()
	items()
	sharedInput()
	sharedBody()
	sharedItem()
	sharedPages()
	madeInMain()
	passedClient(client)
	passedOn()
	writtenByBoth()
}

func fetch(key string) (string, error) {
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("b"), Key: &key})
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	return string(text) + aws.ToString(out.ETag), err
}

type result struct {
	text string
	err  error
}

func get() {
	results := make(chan result)
	for _, key := range []string{"a", "b"} {
		go func() { // remote
			text, err := fetch(key)
			results <- result{text, err}
		}()
	}
	for range 2 {
		r := <-results
		fmt.Println(r.text, r.err)
	}
}

func put() {
	errs := make(chan error)
	for _, key := range []string{"a", "b"} {
		go func() { // remote
			_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String(key), Body: strings.NewReader(key)})
			errs <- err
		}()
	}
	fmt.Println(<-errs, <-errs)
}

func list() {
	keys := make(chan string)
	for _, prefix := range []string{"a", "b"} {
		go func() { // remote
			pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: aws.String("b"), Prefix: &prefix})
			for pages.HasMorePages() {
				page, err := pages.NextPage(ctx)
				if err != nil {
					break
				}
				for _, o := range page.Contents {
					keys <- *o.Key
				}
			}
			keys <- ""
		}()
	}
	for range 2 {
		for k := range keys {
			if k == "" {
				break
			}
			fmt.Println(k)
		}
	}
}

func items() {
	errs := make(chan error)
	for _, id := range []string{"a", "b"} {
		go func() { // remote
			_, err := table.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("t"), Item: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}}})
			errs <- err
		}()
	}
	fmt.Println(<-errs, <-errs)
}

// An operation may set fields of its input.
func sharedInput() {
	in := &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}
	for range 2 {
		go func() { client.GetObject(ctx, in) }() // local: a value of type s3.GetObjectInput made at .*: .*GetObject, which may change it, .*
	}
}

func sharedBody() {
	body := strings.NewReader("text")
	for range 2 {
		go func() { // local: what strings.NewReader returns .*PutObject, which may change it, .*
			client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), Body: body})
		}()
	}
}

func sharedItem() {
	item := map[string]types.AttributeValue{}
	go func() { table.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("t"), Item: item}) }() // local: a map .*PutItem, .* is written
	item["id"] = &types.AttributeValueMemberS{Value: "a"}
}

func sharedPages() {
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: aws.String("b")})
	for range 2 {
		go func() { pages.NextPage(ctx) }() // local: .*
	}
}

func madeInMain() {
	c := s3.NewFromConfig(load())
	go func() { c.GetObject(ctx, &s3.GetObjectInput{}) }() // local: .* is shared, the connections of an AWS client belong to one process
}

// It may be another client than that of the variable.
func passedClient(c *s3.Client) {
	go func() { c.GetObject(ctx, &s3.GetObjectInput{}) }() // local: .* is shared, the connections of an AWS client belong to one process
}

func passedOn() {
	outs := make(chan *s3.GetObjectOutput)
	for range 2 {
		go func() { // local: what .*GetObject returns .*
			out, err := client.GetObject(ctx, &s3.GetObjectInput{})
			if err == nil {
				out.ETag = nil
				outs <- out
			}
		}()
	}
	(<-outs).ETag = nil
}

func writtenByBoth() {
	outs := make(chan *s3.GetObjectOutput)
	go func() { // local: what .*GetObject returns .*
		out, err := client.GetObject(ctx, &s3.GetObjectInput{})
		if err == nil {
			outs <- out
			out.ETag = nil
		}
	}()
	(<-outs).ETag = aws.String("e")
}
