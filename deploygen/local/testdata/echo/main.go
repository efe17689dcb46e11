// A function for tests: it logs its event, and answers with it. {"env":NAME} is answered with that variable, and {"put":KEY} puts an object into the bucket.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func main() {
	entry := os.Getenv("HARK_ENTRY")
	lambda.Start(func(ctx context.Context, event json.RawMessage) (any, error) {
		fmt.Printf("event of %s: %s\n", entry, event)
		var ask struct{ Env, Put string }
		json.Unmarshal(event, &ask)
		switch {
		case ask.Env != "":
			return os.Getenv(ask.Env), nil
		case ask.Put != "":
			return "ok", put(ctx, ask.Put)
		}
		return map[string]string{"entry": entry, "event": string(event)}, nil
	})
}

func put(ctx context.Context, key string) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	_, err = s3.NewFromConfig(cfg).PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(os.Getenv("HARK_BUCKET")), Key: &key, Body: strings.NewReader(key)})
	return err
}
