// A function for tests: it logs its event, and answers with it. {"env":NAME} is answered with that variable.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	entry := os.Getenv("HARK_ENTRY")
	lambda.Start(func(event json.RawMessage) (any, error) {
		fmt.Printf("event of %s: %s\n", entry, event)
		var ask struct{ Env string }
		json.Unmarshal(event, &ask)
		if ask.Env != "" {
			return os.Getenv(ask.Env), nil
		}
		return map[string]string{"entry": entry, "event": string(event)}, nil
	})
}
