// Empty is a handler that does nothing but print the time.
package main

import (
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func() (map[string]string, error) {
		fmt.Println("begin", time.Now().UnixNano(), "ns")
		return map[string]string{"state": "done"}, nil
	})
}
