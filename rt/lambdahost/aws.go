package lambdahost

import (
	"errors"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// This file defines the configuration of AWS clients in a function. Package config would find the same, and more: profiles, SSO, roles, the
// metadata of machines. Lambda sets environment variables, and a handler without that package is 1.6 MB smaller.

// maxAttempts of a request. The SDK's default of 3 gives up after about a second; a burst that doubles a table's traffic may be throttled for longer.
const maxAttempts = 8

// awsConfig returns the configuration that the environment says. AWS_ENDPOINT_URL is for a local cloud.
func awsConfig() (aws.Config, error) {
	region := os.Getenv("AWS_REGION")
	id, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	if region == "" || id == "" || secret == "" {
		return aws.Config{}, errors.New("the environment has no AWS_REGION, AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY, which Lambda sets")
	}
	cfg := aws.Config{
		Region:      region,
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, os.Getenv("AWS_SESSION_TOKEN")),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = maxAttempts })
		},
	}
	if url := os.Getenv("AWS_ENDPOINT_URL"); url != "" {
		cfg.BaseEndpoint = aws.String(url)
	}
	return cfg, nil
}
