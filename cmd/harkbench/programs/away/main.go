// Away measures a run on AWS but for its functions: the engine, the exchange, the DynamoDB store and the AWS SDK are the real ones, and speak to an emulator over HTTP, each request to
// which takes so long. Goroutines are executed by a stand-in for Lambda's functions, which takes no processor time to speak of; what they commit is real.
//
//	away slice N LATENCY      N goroutines at the same time, which write their results to a slice
//	away channel N LATENCY    the same, but each sends its result to main
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/harkgen/harkgen/internal/awsemu"
	"github.com/harkgen/harkgen/internal/awsemu/emutest"
	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store/behind"
	"github.com/harkgen/harkgen/rt/store/dynamo"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "away:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 || args[0] != "slice" && args[0] != "channel" {
		return errors.New("usage: away slice|channel N LATENCY")
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	latency, err := time.ParseDuration(args[2])
	if err != nil {
		return err
	}
	f := &function{n: n, send: args[0] == "channel"}
	emu, err := awsemu.Serve(awsemu.Options{Lambda: f})
	if err != nil {
		return err
	}
	defer emu.Close()
	if err := f.open(emu.Config()); err != nil {
		return err
	}
	emu.ResetCounts()
	emu.SetFault(func(string) awsemu.Fault { return awsemu.Fault{Delay: latency} })
	ctx := context.Background()
	began := time.Now()
	e, err := engine.Open(ctx, engine.Options{Store: behind.New(f.store), Run: "run", PollAfter: time.Minute, PauseAfter: 100 * time.Millisecond})
	if err != nil {
		return err
	}
	e.Attach(f, n+1)
	if _, err := e.Run(ctx); err != nil {
		return err
	}
	took := time.Since(began)
	invocations := emu.Count("lambda.POST")
	fmt.Println("away", float64(took)/float64(time.Millisecond), "ms", invocations, "invocations", emu.Count("")-invocations, "requests")
	return nil
}

// A function executes process 0, main, where the engine is, and the others by invocations of itself. It implements engine.Worker, and the API of Lambda.
type function struct {
	store  *dynamo.Store
	lambda *lambda.Client
	n      int
	send   bool // results go over a channel
}

func (f *function) open(cfg aws.Config) (err error) {
	if err := emutest.Setup(context.Background(), cfg); err != nil {
		return err
	}
	f.lambda = lambda.NewFromConfig(cfg, func(o *lambda.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.MaxIdleConnsPerHost = f.n })
	})
	f.store, err = dynamo.Open(dynamo.Options{
		Table: emutest.Table, Bucket: emutest.Bucket, DynamoDB: dynamodb.NewFromConfig(cfg),
		S3: s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }),
	})
	return err
}

// What processes share.
var (
	group   = exchange.NewObjectID(0, 1) // for which main waits
	results = exchange.NewObjectID(0, 2) // a region or a channel
)

func (f *function) Execute(ctx context.Context, t *engine.Task) error {
	if t.Process() == 0 {
		return f.main(ctx, t)
	}
	for {
		k, err := t.Ticket(ctx, time.Now().Add(time.Minute))
		if err != nil {
			return err
		}
		out, err := f.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("away"), Payload: k.Append(nil)})
		if err != nil {
			return err
		}
		o, err := engine.DecodeOutcome(out.Payload)
		if err != nil {
			return err
		}
		if last, err := t.Adopt(ctx, o); last || err != nil {
			return err
		}
	}
}

// main starts all, and takes the results.
func (f *function) main(ctx context.Context, t *engine.Task) error {
	share := func(id exchange.ObjectID, s exchange.Share) exchange.Op {
		return exchange.Op{Kind: exchange.OpShare, Object: id, Share: &s}
	}
	kind := exchange.KindRegion
	if f.send {
		kind = exchange.KindChannel
	}
	ops := []exchange.Op{share(group, exchange.Share{Kind: exchange.KindWaitGroup, Count: int64(f.n)}), share(results, exchange.Share{Kind: kind})}
	for range f.n {
		ops = append(ops, exchange.Op{Kind: exchange.OpSpawn, Value: exchange.Value{Refs: []exchange.ObjectID{group, results}}})
	}
	taken := uint64(0)
	if f.send {
		for ; taken < uint64(f.n); taken++ {
			ops = append(ops, exchange.Op{Kind: exchange.OpSelect, G: 1, Cases: []exchange.Case{{Channel: results}}})
			if _, err := await(ctx, t, taken, ops); err != nil {
				return err
			}
			ops = nil
		}
	}
	y, err := await(ctx, t, taken, append(ops, exchange.Op{Kind: exchange.OpWait, G: 1, Object: group}))
	if err != nil {
		return err
	}
	if !f.send && len(y.Stores) != f.n {
		return fmt.Errorf("%d results of %d", len(y.Stores), f.n)
	}
	return t.Commit(ctx, &exchange.Batch{Consumed: y.Seq, Exit: &exchange.Exit{}}, nil)
}

// await commits operations, of which the last one waits for a reply, and returns that.
func await(ctx context.Context, t *engine.Task, taken uint64, ops []exchange.Op) (*exchange.Reply, error) {
	if err := t.Commit(ctx, &exchange.Batch{Consumed: taken, Ops: ops, Idle: true}, state{}); err != nil {
		return nil, err
	}
	for {
		rs, err := t.Replies(ctx)
		switch {
		case err != nil:
			return nil, err
		case len(rs) > 0:
			return &rs[0], nil
		}
	}
}

// ServeHTTP implements [http.Handler]: it is invoked with a ticket.
func (f *function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ticket, err := io.ReadAll(r.Body)
	var outcome []byte
	if err == nil {
		outcome, err = f.step(r.Context(), ticket)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Write(outcome)
}

// step executes a ticket as a step invocation would: the process delivers its result, and ends.
func (f *function) step(ctx context.Context, ticket []byte) ([]byte, error) {
	k, err := engine.DecodeTicket(ticket)
	if err != nil {
		return nil, err
	}
	g, err := engine.OpenTicket(f.store, k)
	if err != nil {
		return nil, err
	}
	if err := g.Commit(ctx, f.batch(g), state{}); err != nil {
		return nil, err
	}
	o, _ := g.Outcome()
	return o.Append(nil), nil
}

// batch is what the process does in a step.
func (f *function) batch(g *engine.Guest) *exchange.Batch {
	result := exchange.Value{Data: []byte(strconv.Itoa(int(g.Process())))}
	done := exchange.Op{Kind: exchange.OpAdd, Object: group, N: -1}
	switch {
	case !f.send:
		write := exchange.Op{Kind: exchange.OpPatch, Object: results, Offset: uint32(g.Process()), Value: result}
		return &exchange.Batch{Consumed: 1, Ended: true, Ops: []exchange.Op{write, done}}
	case g.Step() == 0:
		send := exchange.Op{Kind: exchange.OpSelect, G: 1, Cases: []exchange.Case{{Channel: results, Send: true, Value: result}}}
		return &exchange.Batch{Consumed: 1, Idle: true, Ops: []exchange.Op{send}}
	}
	return &exchange.Batch{Consumed: 2, Ended: true, Ops: []exchange.Op{done}}
}

// state is that of a process that waits.
type state struct{}

func (state) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, "waits")
	return int64(n), err
}
