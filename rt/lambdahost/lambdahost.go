// Package lambdahost is the handler of a compiled program on AWS Lambda.
//
// One binary is both sides. Lambda starts it as the handler; for each invocation that has
// something to execute the handler starts it again as the worker, a child
// process that has HARK_FD in its environment, speaks rt/wire and lives no longer than the
// invocation: a program ends by os.Exit and its heap must not leak
// into the next run, while one Lambda environment serves many runs. The worker
// is supervised by rt/local, which commits, shows output after the
// commit and deals with every way in which a worker ends; what Lambda adds is here.
//
// # An invocation
//
// An invocation is the steps of one run until it is done, waits for a timer, or is out of time. Of a run of several processes it executes one, and
// the others by further invocations: see fleet.go.
//
//	   start event, wake-up
//	          |
//	          v                    (timer)  wake-up, delayed       leave
//	.---> executing --- waits ------------------------------------> waiting
//	|      |     |
//	|      |     '---- ends -----> done
//	|      '--- stopAt: asked for a last commit --- wake-up ------> running
//	'---------------------------------------------------------------'
//
// The context's deadline is when Lambda kills everything. So the worker is asked for its last commit at
// stopAt and is killed at killAt, both well before. What it has done since its last commit
// is then repeated by the next invocation.
//
// # Events
//
//	entry.go     what an invocation is for
//	records.go   a run for each event: attempts, answers, failures
//	http.go      requests and responses, as API Gateway and as programs have them
//	server.go    one run for all requests
//	outlet.go    events to a run, and its responses out
//	signed.go    what people ask by signed requests
//
// # Wake-ups
//
// A wake-up is a message {"run": id, "step": n} in the queue of the function, with a delay of at most 900
// seconds; before that a schedule has it, if it is far away. SQS delivers it late, twice, or (when this side crashes) not at all. The record says when there is
// something to do for somebody who finds it: Wake is the end of the wait of a Waiting
// run and, for a Running one, the time at which the invocation that executes it will be gone.
//
//	the record is                the wake-up is       then
//	done                         any                  drop it
//	failed                       with a step          drop it; people may send one without, to try again
//	not due (now < Wake)         stale: step < Step,  drop it: whoever made the record Waiting
//	  and Waiting                                     has sent another before
//	not due and Running          received before      send it on, delayed until Wake: whoever had it may have the lease
//	                             stale: until < Wake, drop it: whoever has taken the lease since has
//	                             or step < Step       another, or the message that woke it
//	not due and Running          step, without until  ahead of the commit that it is for: look again soon
//	not due                      not stale            send it on, delayed until Wake
//	due                          any                  execute
//	that of a server, Running    any                  drop it: who has the lease sees to the rest
//	and not due
//	that of a server, Waiting    with a step          execute it if there are events, else drop it
//	for events only
//
// # Invariants
//
//  1. While a run has not ended there is a message for it, in the queue or being delivered: a wake-up is sent before the
//     commit that makes the run wait, the message that an invocation has got is deleted by
//     Lambda only when the invocation has succeeded, and an event, which nobody may repeat, sends a wake-up for
//     the time when its invocation is over before it creates the run, or executes one that was there.
//  2. Two invocations may execute the same run at the same time, after a late delivery. The conditional put
//     lets one of them commit; the other stops at once and leaves the run alone.
//  3. Messages do not multiply: an invocation sends at most one for each that it deletes, but for the one of a start event, and of whoever takes the lease of a server for a request.
//  4. A run is executed only by the build that started it, since a snapshot fits no other. A wake-up that reaches another
//     is passed on to that version of the function; if there is none any more, the run fails.
//  5. A run that does not make a step in maxTries invocations in a row fails, rather than cost money for ever, whether it was out of time or waits again. They
//     are counted in the wake-up. One that waits does so for longer than stay, so no run wakes itself more often than that.
//
// What it does not do: output that was committed when this side crashed, and was not in the log by then, is logged by who executes the run next, so lines may be there twice, with the same
// places; without places (a log that is text) it is in the record only. What a run of several processes has written then is shown again. A run whose start event's invocation was killed goes on after at most 15 minutes;
// one whose wake-up's invocation was killed, when SQS shows the message again (the visibility timeout); one whose wake-up was lost when it was
// passed on, with the next sweep.
package lambdahost

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/clock"
	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/runlog"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/dynamo"
	"github.com/harkgen/harkgen/rt/wire"
)

// Names of the environment variables that say where the resources are. deploygen/plan has the same ones.
const (
	EnvTable     = "HARK_TABLE"
	EnvBucket    = "HARK_BUCKET"
	EnvQueue     = "HARK_QUEUE"     // URL
	EnvQueueARN  = "HARK_QUEUE_ARN" // the same, as the target of schedules
	EnvSchedules = "HARK_SCHEDULES" // group of one-time schedules; without it there are none
	EnvScheduler = "HARK_SCHEDULER" // ARN of the role with which they send to the queue
	EnvClasses   = "HARK_CLASSES"   // JSON: class of goroutines -> ARN of a version of its function; not set without classes
	EnvRetention = "HARK_RETENTION" // days for which finished runs are kept; without it they are kept for ever

	EnvDeadLetters = "HARK_DEADLETTERS" // URL of the queue of events that failed
	EnvTracing     = "HARK_TRACING"     // URL of the collector that gets spans; without it nobody does
)

const envWorker = "HARK_FD" // as in rt/wire

// Main is the func main of the handler of an entry. It never returns.
func Main(p *rt.Program, e Entry) {
	if _, ok := os.LookupEnv(envWorker); ok {
		host, err := wire.Dial()
		if err != nil {
			fatal(err)
		}
		rt.Main(p, host)
	}
	h, err := newHost(p.Name, e)
	if err != nil {
		fatal(err)
	}
	lambda.Start(h)
	os.Exit(0)
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "harkgen:", err)
	os.Exit(1)
}

// host implements lambda.Handler.
type host struct {
	program string // name of the entry
	entry   Entry
	version string // of the function
	build   string // buildName of this binary
	exe     string // path of this binary
	spread  bool   // the program may have several processes
	clock   *clock.Clock
	store   store.Atomic
	queue   *queue
	self    *function
	classes map[string]string // ARNs of the functions of classes of goroutines, with their versions
	meter   *meter
	metrics io.Writer // gets CloudWatch's embedded metrics; nil: nobody does
	tally   tally     // what it is told of
	traces  *tracing  // nil: there are none

	retention time.Duration // of the records of runs that are done; 0: for ever

	stepping string         // the run that stepper is for
	stepper  *local.Stepper // nil: there is none

	log            *runlog.Writer   // of what is said and written; nil: it goes to these as it is
	logged         map[string]int64 // steps of runs whose output this environment has logged
	stdout, stderr io.Writer
	patience       time.Duration // how long output may wait for a commit
	linger         time.Duration // how long a run of several processes may have nothing to do before it is left, and one that has answered may go on
	leaseTime      time.Duration // of servers
	margin         func(left time.Duration) time.Duration
}

// Patience is how long output waits before a commit is made for it. A commit costs a write, so it
// is longer than on a terminal.
const patience = 3 * time.Second

// linger is short beside what it costs to leave and to be woken again.
const linger = 100 * time.Millisecond

func newHost(program string, e Entry) (*host, error) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		return nil, errors.New("this is the handler of a compiled program; it runs only on AWS Lambda")
	}
	for _, name := range []string{EnvTable, EnvBucket, EnvQueue} {
		if os.Getenv(name) == "" {
			return nil, fmt.Errorf("the environment variable %s is not set; deploy with the template that harkgen has written", name)
		}
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	identity, err := buildIdentity(exe)
	if err != nil {
		return nil, err
	}
	cfg, err := awsConfig()
	if err != nil {
		return nil, err
	}
	m := &meter{}
	m.attach(&cfg)
	s, err := dynamo.Open(dynamo.Options{
		Table: os.Getenv(EnvTable), Bucket: os.Getenv(EnvBucket), DynamoDB: dynamodb.NewFromConfig(cfg), S3: s3.NewFromConfig(cfg),
	})
	if err != nil {
		return nil, err
	}
	queue, err := newQueue(cfg)
	if err != nil {
		return nil, err
	}
	fns, err := newLambda(cfg)
	if err != nil {
		return nil, err
	}
	classes := map[string]string{}
	if text := os.Getenv(EnvClasses); text != "" {
		if err := json.Unmarshal([]byte(text), &classes); err != nil {
			return nil, fmt.Errorf("%s: %w", EnvClasses, err)
		}
	}
	ticks := clock.FromEnv()
	version := cmp.Or(lambdacontext.FunctionVersion, "$LATEST")
	h := &host{
		program:   program,
		entry:     e,
		version:   version,
		build:     buildName(version, identity),
		exe:       exe,
		spread:    rt.Distributed(),
		clock:     ticks,
		store:     s,
		queue:     queue,
		self:      &function{client: fns, name: lambdacontext.FunctionName},
		classes:   classes,
		retention: retention(),
		meter:     m,
		metrics:   os.Stderr,
		log:       newLog(os.Stdout, ticks),
		stdout:    os.Stdout,
		stderr:    os.Stderr,
		patience:  patience,
		linger:    linger,
		leaseTime: leaseTime,
		margin:    margin,
	}
	h.traces, err = h.startTracing(os.Getenv(EnvTracing))
	return h, err
}

// retention returns that of the environment.
func retention() time.Duration {
	days, _ := strconv.Atoi(os.Getenv(EnvRetention))
	return time.Duration(days) * 24 * time.Hour
}

// margin is what is kept of an invocation for the last commit and what comes after it.
func margin(left time.Duration) time.Duration {
	return min(max(left/10, 2*time.Second), 30*time.Second)
}
