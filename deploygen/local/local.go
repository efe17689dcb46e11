// Package local is the local cloud: it runs the plan of a deployment on this machine, on loopback, without Docker.
//
//	  HTTP                AWS_ENDPOINT_URL
//	   |                         |
//	gateway                   awsemu: DynamoDB, S3, SQS, SNS, EventBridge, Scheduler, Logs
//	   |                         |
//	   '------> lambda <------ source
//	               |
//	     bootstraps, processes of this machine
//
// All is made from the plan, as the template makes it on AWS: the resources have the logical ids as their names, those that
// triggers name have these names. What the services do is described in the packages: lambda, gateway, source, internal/awsemu.
//
// # The clock
//
// The cloud has a clock that can be sped up and set forward. Delays of messages, schedules, wake times and retention go by it, as do
// the timers of programs. What a program does takes real time, and so do the deadlines of its invocations. A schedule that is due several times while the clock is
// set forward starts once.
//
// # Not as on AWS
//
// State is in memory: it ends with the cloud. There are no permissions, alarms, encryption and traces; the bucket's objects do not expire.
// Events from resources of others, by ARN, do not come.
package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/internal/awsemu"
	"github.com/harkgen/harkgen/internal/awsemu/dynamodb"
	"github.com/harkgen/harkgen/rt/clock"
)

// Options of a Cloud. Plan and Dir are needed.
type Options struct {
	Plan *plan.Plan // checked
	Dir  string     // the output module

	// Build makes the bootstrap of an entry as the file exe; nil: with the go command, as the Makefile does.
	Build func(ctx context.Context, e *plan.Entry, exe string) error

	Speed  float64 // of the clock; 0 is 1
	Faults *Faults // nil: none
	Addr   string  // of the AWS endpoint; "" is any port of loopback
	HTTP   string  // of the first HTTP front end; "" is any port of loopback. The others have any.

	// Log is told each line of the functions' logs. May be nil. It must not block.
	Log func(lambda.LogEvent)
}

// A Cloud is one that runs. Its methods may be called by several goroutines.
type Cloud struct {
	o      Options
	lock   *os.File
	clock  *clock.Clock
	emu    *awsemu.Emulator
	lambda *lambda.Service
	config aws.Config // of clients
	server *http.Server
	faults *injector
	logs   *logs

	ctx   context.Context // ends with Close
	stop  context.CancelFunc
	close func() error // end, once
	tasks sync.WaitGroup

	deploying sync.Mutex // held by deploy
	mu        sync.Mutex
	info      Info
	bindings  map[string]*binding
	fronts    map[string]*front // by name
}

// Start starts a cloud for the output module. It ends with Close.
func Start(ctx context.Context, o Options) (*Cloud, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	c := &Cloud{o: o, bindings: map[string]*binding{}, fronts: map[string]*front{}}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.close = sync.OnceValue(c.end)
	if err := c.begin(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Cloud) begin(ctx context.Context) (err error) {
	if err := os.MkdirAll(c.state("logs"), 0o700); err != nil {
		return err
	}
	if c.lock, err = lockState(c.o.Dir); err != nil {
		return err
	}
	if c.clock, err = clock.New(c.state("clock"), cmp.Or(c.o.Speed, 1)); err != nil {
		return err
	}
	if err := c.serve(); err != nil {
		return err
	}
	if err := c.Deploy(ctx, c.o.Plan); err != nil {
		return err
	}
	c.faults.arm()
	return nil
}

// StateDir is the directory in an output module where a cloud has its files.
const StateDir = ".harkgen-cloud"

func (c *Cloud) state(name string) string { return filepath.Join(c.o.Dir, StateDir, name) }

// serve starts the services.
func (c *Cloud) serve() error {
	l, err := net.Listen("tcp", cmp.Or(c.o.Addr, "127.0.0.1:0"))
	if err != nil {
		return err
	}
	endpoint := "http://" + l.Addr().String()
	c.config = awsemu.Config(endpoint)
	c.logs = &logs{dir: c.state("logs"), log: c.o.Log}
	c.faults = &injector{faults: c.o.Faults}
	c.lambda, err = lambda.New(lambda.Options{
		Dir:       c.state("functions"),
		Clock:     c.clock,
		Endpoint:  endpoint,
		Env:       []string{clock.Env + "=" + c.state("clock")},
		Sink:      c.logs,
		Failed:    c.failed,
		Duplicate: c.faults.duplicate,
	})
	if err != nil {
		l.Close()
		return err
	}
	invoke := func(arn string, payload []byte) error {
		return c.lambda.InvokeAsync(lambda.Invocation{Function: arn, Payload: payload})
	}
	if c.emu, err = awsemu.New(awsemu.Options{Clock: c.clock, Lambda: c.lambda, Fault: c.faults.fault, Invoke: invoke}); err != nil {
		l.Close()
		return err
	}
	c.logs.group = c.emu.Logs.Append
	c.hooks()
	c.info = Info{Cloud: plan.Cloud{Endpoint: endpoint, PID: os.Getpid()}, Region: awsemu.Region, Entries: map[string]EntryInfo{}, HTTP: map[string]string{}}
	c.server = &http.Server{Handler: c.control(c.faults.handler(c.emu, c.lambda))}
	go c.server.Serve(l)
	return nil
}

// Close ends the cloud: it kills the functions, and removes all that it has but its logs.
func (c *Cloud) Close() error { return c.close() }

func (c *Cloud) end() error {
	c.stop()
	if c.lambda != nil {
		c.lambda.Close()
	}
	c.tasks.Wait()
	var errs []error
	c.mu.Lock()
	for _, f := range c.fronts {
		errs = append(errs, f.server.Close())
	}
	c.mu.Unlock()
	if c.server != nil {
		errs = append(errs, c.server.Close())
	}
	if c.emu != nil {
		c.emu.Close()
	}
	if c.logs != nil {
		errs = append(errs, c.logs.close())
	}
	if c.lock != nil {
		errs = append(errs, os.RemoveAll(c.state("functions")), os.RemoveAll(c.state("build")), (*plan.Cloud)(nil).Write(c.o.Dir), c.lock.Close())
	}
	return errors.Join(errs...)
}

// Info returns where everything is.
func (c *Cloud) Info() Info {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.info.clone()
}

// Config is a configuration for clients of the services. Clients of S3 need UsePathStyle.
func (c *Cloud) Config() aws.Config { return c.config.Copy() }

// A Usage is what was used of the services, by all.
type Usage struct {
	Requests map[string]int // by operation: "dynamodb.PutItem", "s3.PUT", "lambda.POST"
	Table    dynamodb.Units // of the table of the deployment
}

// Usage returns what was used until now. Polls for messages are among it.
func (c *Cloud) Usage() Usage {
	return Usage{c.emu.Counts(), c.emu.DynamoDB.Consumed(plan.TableID)}
}

// Now returns the time of the clock.
func (c *Cloud) Now() time.Time { return c.clock.Now() }

// Advance sets the clock forward.
func (c *Cloud) Advance(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("the clock cannot be set back, by %v", d)
	}
	return c.clock.Advance(d)
}

// SetSpeed makes time pass so many times as fast as it really does.
func (c *Cloud) SetSpeed(speed float64) error {
	if speed <= 0 {
		return fmt.Errorf("the clock cannot go %v times as fast", speed)
	}
	return c.clock.SetSpeed(speed)
}
