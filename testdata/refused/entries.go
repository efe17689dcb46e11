// Directives of entry points that mean nothing, or ask for what is not there.

package main

import (
	"net/http"
	"time"
)

//hark:entries // ERROR "unknown directive //hark:entries; there are //hark:go, //hark:entry and //hark:ok"

//hark:entry http POST /orders
func order(w http.ResponseWriter, r *http.Request) {}

//hark:entry http POST orders // ERROR "//hark:entry http; the path .orders. does not begin with /; write //hark:entry http METHOD /path/{name}"
func relative(w http.ResponseWriter, r *http.Request) {}

//hark:entry kafka orders // ERROR "event type unknown: kafka; there are dynamodb-stream, eventbridge, http, main, s3, schedule, sns, sqs"
func consume(v order2) {}

//hark:entry sqs orders memory=64 // ERROR "memory=64; it must be a whole number from 128 to 10240 .MB."
func small(v order2) {}

//hark:entry sqs orders // ERROR "//hark:entry sqs on both, whose signature is not supported; it takes two arguments, and the first is not a context.Context; write func.context.Context, TIn. .TOut, error."
func both(a, b order2) {}

//hark:entry s3 uploads ObjectCreated // ERROR "a record of s3 has no data of the sender's to decode into a main.order2; let it take an events.S3Event or events.S3EventRecord"
func upload(v order2) {}

//hark:entry schedule rate(1 minutes) // ERROR "the unit of 1 is minute"
func tick() {}

//hark:entry main // ERROR "//hark:entry on the method run"
func (order2) run() {}

//hark:entry main // ERROR "//hark:entry on the generic function generic"
func generic[T any]() {}

type order2 struct{} //hark:entry main // ERROR "//hark:entry is not in the doc comment of a function"

//hark:entry sqs orders // ERROR "//hark:entry sqs on func main; main takes no event"
func main() {
	go time.Sleep(1) //hark:go remote memory=1 // ERROR "memory=1; it must be a whole number"
	//hark:go local // ERROR "//hark:go local places nothing"
}
