// Lambda adds, for lambda.Start.
package main

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

type sum struct{ A, B int }

func main() { lambda.Start(add) }

func add(ctx context.Context, s sum) (int, error) {
	if s.A < 0 {
		return 0, errors.New("negative")
	}
	if s.A > 1000 {
		time.Sleep(time.Hour)
	}
	return s.A + s.B, nil
}
