// Package faulttest has the proof that faults change nothing in what runs do: its test runs programs in a local cloud in which everything goes wrong,
// by seeds, and compares how they end with how they do where nothing goes wrong.
//
//	go test ./internal/faulttest -parallel 8 -timeout 1h -seeds 200
//	go test ./internal/faulttest -run Faults/s3words -first 17 -seeds 1
//
// Each seed has a cloud of its own, which throttles requests, fails them, loses answers, delays them, delivers messages late, twice and in another order, and
// kills functions at some of their requests to the store. Invocations there end after few seconds, so that what a killed one has leased is free soon.
package faulttest
