package main

// This file has the list prices of AWS, and the rows of what constructs cost.

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// pricesOf says where and when these prices were on AWS's price lists. Free tiers are left out.
const pricesOf = "us-east-1, November 2026; Lambda on arm64, DynamoDB on demand with the standard class, S3 Standard"

// Prices in dollars.
const (
	million = 1e6

	lambdaRequest  = 0.20 / million
	lambdaGBSecond = 0.0000133334
	dynamoWrite    = 0.625 / million // a write request unit: 1 KB
	dynamoRead     = 0.125 / million // a read request unit: 4 KB, strongly consistent
	s3Put          = 0.005 / 1000    // also a list
	s3Get          = 0.0004 / 1000
	sqsRequest     = 0.40 / million
	schedule       = 1.00 / million

	// What durable work costs elsewhere, besides its invocations.
	stepFunctionsTransition = 25.0 / million
	durableOperation        = 8.0 / million
)

// memory of a function that says nothing about it, in GB.
const memory = 1.0

// price returns what was used in dollars.
func (u *used) price() float64 {
	p := u.Invocations*lambdaRequest + u.Billed/1000*memory*lambdaGBSecond + u.WriteUnits*dynamoWrite + u.ReadUnits*dynamoRead
	p += (u.Requests["s3.PUT"]+u.Requests["s3.LIST"])*s3Put + u.Requests["s3.GET"]*s3Get + u.Requests["scheduler.CreateSchedule"]*schedule
	return p + u.queue()*sqsRequest
}

// queue is the requests to SQS. Each message that is sent is received, and deleted; how many of these a poll shares is left to chance, so none.
func (u *used) queue() float64 { return 3 * u.Requests["sqs.SendMessage"] }

// constructs are the rows of what programs do.
func constructs() []benchmark {
	var bs []benchmark
	for _, c := range []construct{
		{name: "run", placement: "local", run: "begin", elsewhere: 1, comment: "main that prints a line"},
		{name: "run of several", placement: "remote", run: "begin", comment: "the same in a program with remote goroutines"},
		{name: "local", placement: "local", run: "messages", few: 1, many: 11, comment: "a message, or anything else between goroutines of one process"},
		{name: "fanout", placement: "remote", run: "fanout", few: 10, many: 60, elsewhere: 1, comment: "a remote goroutine that is started with others, and writes a result to a slice"},
		{name: "collect", placement: "remote", run: "collect", few: 10, many: 60, elsewhere: 1, comment: "the same, but it sends the result, and main receives them all"},
		{name: "spawn", placement: "remote", run: "spawn", few: 1, many: 11, elsewhere: 1, comment: "remote goroutines one after the other, each of which sends a result on a channel"},
		{name: "message", placement: "remote", run: "messages", few: 1, many: 11, elsewhere: 1, comment: "send and receive between processes, unbuffered: the two of them"},
		{name: "select", placement: "remote", run: "selects", few: 1, many: 11, comment: "the same where the receiver selects"},
		{name: "lock", placement: "remote", run: "locks", few: 1, many: 11, comment: "Lock and Unlock of a mutex that another process knows, and a change of what it guards"},
		{name: "sleep 1s", placement: "local", run: "sleeps", arg: "1s", few: 1, many: 3, elsewhere: 1, comment: "the invocation stays; it commits"},
		{name: "sleep 3s", placement: "local", run: "sleeps", arg: "3s", few: 1, many: 3, elsewhere: 1, comment: "a delayed message of SQS"},
		{name: "sleep 16m", placement: "local", run: "sleeps", arg: "16m", few: 1, many: 2, flags: []string{"-advance", "16m"}, alone: true, elsewhere: 1, comment: "a schedule"},
		{name: "sleep 3s of several", placement: "remote", run: "sleeps", arg: "3s", few: 1, many: 3, elsewhere: 1, comment: "as 3s, in a run of several processes"},
		{name: "request", program: "server", placement: "local", run: "turn", few: 2, many: 12, comment: "a request to a server, when the one before is answered"},
		{name: "request of many", program: "server", placement: "local", run: "together", few: 4, many: 24, comment: "a request to a server, together with others"},
	} {
		bs = append(bs, benchmark{
			name: "requests " + c.name, unit: "$/million", once: true, comment: c.comment, elsewhere: c.elsewhere,
			uses: func(b *bench) (*used, error) { return b.each(c) },
		})
	}
	return bs
}

// printUses prints what the rows have used, for those that say so.
func printUses(w io.Writer, rows []row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")+"\t") }
	any := false
	for _, r := range rows {
		if r.Uses == nil {
			continue
		}
		if !any {
			any = true
			fmt.Fprintln(w, "\nrequests to AWS, and $ per million (prices of", pricesOf+"):")
			line("what", "invocations", "ms", "table put", "delete", "transact", "get", "query", "write units", "read units", "s3 put", "s3 get", "s3 list", "sqs", "schedule", "$", "Step Functions $", "durable functions $")
		}
		u, n := r.Uses, func(op string) string { return count(r.Uses.Requests[op]) }
		line(r.Name, count(u.Invocations), count(u.Billed), n("dynamodb.PutItem"), n("dynamodb.DeleteItem"), n("dynamodb.TransactWriteItems"), n("dynamodb.GetItem"), n("dynamodb.Query"),
			count(u.WriteUnits), count(u.ReadUnits), n("s3.PUT"), n("s3.GET"), n("s3.LIST"), count(u.queue()), n("scheduler.CreateSchedule"), number(r.Compiled),
			number(float64(r.elsewhere)*stepFunctionsTransition*million), number(float64(r.elsewhere)*durableOperation*million))
	}
	if !any {
		return nil
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, elsewhere)
	return err
}

const elsewhere = `ms: billed, of all invocations, on this machine; $ has them at 1 GB.
Step Functions: the state transitions that the same takes at least, without the invocations of its tasks: a Task in a Map, a Task that waits for a callback, a Wait.
durable functions: the operations (step, invoke, callback, wait) that the same takes at least, without its invocations and the data that it writes.`

// count prints a number of requests, of which the differences of two runs make fractions; nothing for none.
func count(x float64) string {
	if x > -0.005 && x < 0.005 {
		return ""
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", x), "0"), ".")
}
