// Package source is what brings events from services to Lambda functions: the pollers of queues and streams, and the events of
// the other services in the JSON that AWS writes.
package source

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
)

// Invoke invokes a function; see [lambda.Service.Invoke].
type Invoke func(context.Context, lambda.Invocation) (*lambda.Result, error)

// A batchResponse is what a function answers that reports failures of single records.
type batchResponse struct {
	BatchItemFailures []struct {
		ItemIdentifier string `json:"itemIdentifier"`
	} `json:"batchItemFailures"`
}

// failures returns the ids of the records that failed. All have failed if it is not ok: the function did, or what it says makes no sense.
func failures(res *lambda.Result, known func(id string) bool) (ids map[string]bool, ok bool) {
	if res.Failed {
		return nil, false
	}
	if !bytes.HasPrefix(bytes.TrimSpace(res.Payload), []byte("{")) {
		return nil, json.Valid(res.Payload) // it reports nothing
	}
	var r batchResponse
	if json.Unmarshal(res.Payload, &r) != nil {
		return nil, false
	}
	ids = map[string]bool{}
	for _, f := range r.BatchItemFailures {
		if !known(f.ItemIdentifier) {
			return nil, false
		}
		ids[f.ItemIdentifier] = true
	}
	return ids, true
}

// mustJSON encodes what cannot fail.
func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// stamp writes a time with milliseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}
