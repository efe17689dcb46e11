// Cloud runs a compiled program in the local cloud and says what that has used.
//
//	cloud [-latency D] [-advance D] [-handler PACKAGE] DIR ARGS...
//
// Each of ARGS is the arguments of one run, with spaces between them. Runs are made one after the other, and for each there is a line of JSON, a Use. Whenever one waits the
// clock is set forward by what -advance says. With -handler the functions have the code of that package instead of the program's.
//
// If the program is a server, each of ARGS is requests to it instead: "turn N", one after the other, or "together N".
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/harkgen/harkgen/deploygen/local"
	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/rt/runlog"
)

// patience is how long a run may take.
const patience = 5 * time.Minute

func main() {
	latency := flag.Duration("latency", 0, "of each request to a service")
	advance := flag.Duration("advance", 0, "set the clock forward when a run waits")
	handler := flag.String("handler", "", "use the code of `PACKAGE`")
	flag.Parse()
	if flag.NArg() < 2 {
		flag.Usage()
		os.Exit(2)
	}
	o := local.Options{Dir: flag.Arg(0), Faults: &local.Faults{Latency: *latency}}
	if *handler != "" {
		o.Build = func(ctx context.Context, _ *plan.Entry, exe string) error {
			out, err := exec.CommandContext(ctx, "go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", exe, *handler).CombinedOutput()
			if err != nil {
				return fmt.Errorf("%w\n%s", err, out)
			}
			return nil
		}
	}
	if err := run(o, *advance, flag.Args()[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cloud:", err)
		os.Exit(1)
	}
}

func run(o local.Options, advance time.Duration, runs []string) (err error) {
	m := &meter{advance: advance, news: make(chan bool, 1), done: map[string]bool{}}
	o.Log = m.line
	if o.Plan, err = local.ReadPlan(o.Dir); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m.cloud, err = local.Start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.cloud.Close()) }()
	for i, args := range runs {
		u, err := m.measure(ctx, &o.Plan.Entries[0], fmt.Sprint("run", i), strings.Fields(args))
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", args, err, strings.Join(m.text, "\n"))
		}
		if err := json.NewEncoder(os.Stdout).Encode(u); err != nil {
			return err
		}
	}
	return nil
}

// A Use is what a run has used, and said.
type Use struct {
	Run         []string       `json:"run"`
	Invoked     int64          `json:"invoked"` // when, UnixNano
	Output      string         `json:"output"`
	Requests    map[string]int `json:"requests"`    // but for polls of queues; lambda.POST are invocations by functions
	WriteUnits  float64        `json:"writeUnits"`  // of the table
	ReadUnits   float64        `json:"readUnits"`   //
	Invocations int            `json:"invocations"` // of functions, by all
	Billed      float64        `json:"billed"`      // ms of them together
}

// A meter reads the functions' logs.
type meter struct {
	cloud   *local.Cloud
	advance time.Duration

	mu          sync.Mutex
	text        []string // lines that are not the platform's
	begun, over int      // invocations
	billed      float64
	waits       bool            // a run has begun to
	done        map[string]bool // runs
	news        chan bool       // a line has come; has room for one
}

// line takes a line of a log.
func (m *meter) line(e lambda.LogEvent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer func() {
		select {
		case m.news <- true:
		default:
		}
	}()
	var l struct {
		Type   string
		Record struct {
			Metrics struct{ BilledDurationMs float64 }
		}
		Run, State string
	}
	if !strings.HasPrefix(e.Message, "{") || json.Unmarshal([]byte(e.Message), &l) != nil {
		m.text = append(m.text, e.Message)
		return
	}
	switch {
	case l.Type == "" && l.State == "":
		m.text = append(m.text, runlog.Text(e.Message))
	case l.Type == "platform.start":
		m.begun++
	case l.Type == "platform.report":
		m.over++
		m.billed += l.Record.Metrics.BilledDurationMs
	case l.State == "waiting":
		m.waits = true
	case l.State == "done":
		m.done[l.Run] = true
	}
}

// measure makes a run, or requests.
func (m *meter) measure(ctx context.Context, entry *plan.Entry, run string, args []string) (*Use, error) {
	m.mu.Lock()
	m.text, m.begun, m.over, m.billed = nil, 0, 0, 0
	m.mu.Unlock()
	before := m.cloud.Usage()
	u := &Use{Run: args, Invoked: time.Now().UnixNano()}
	do := m.start
	if entry.Kind == plan.Server {
		do = m.ask
	}
	if err := do(ctx, entry.Name, run, args); err != nil {
		return nil, err
	}
	if err := m.wait(run); err != nil {
		return nil, err
	}
	after := m.cloud.Usage()
	u.Requests = map[string]int{}
	for op, n := range after.Requests {
		if n -= before.Requests[op]; n > 0 && op != "sqs.ReceiveMessage" {
			u.Requests[op] = n
		}
	}
	if entry.Kind != plan.Server {
		u.Requests["lambda.POST"]-- // ours
	}
	u.WriteUnits, u.ReadUnits = after.Table.Write-before.Table.Write, after.Table.Read-before.Table.Read
	m.mu.Lock()
	defer m.mu.Unlock()
	u.Output, u.Invocations, u.Billed = strings.Join(m.text, "\n"), m.over, m.billed
	return u, nil
}

// start starts a run. It returns when that is done or waits.
func (m *meter) start(ctx context.Context, entry, run string, args []string) error {
	payload, err := json.Marshal(map[string]any{"run": run, "args": args})
	if err != nil {
		return err
	}
	name := m.cloud.Info().Entries[entry].Function
	out, err := awslambda.NewFromConfig(m.cloud.Config()).Invoke(ctx, &awslambda.InvokeInput{FunctionName: &name, Qualifier: aws.String(lambda.Live), Payload: payload})
	if err != nil {
		return err
	}
	var res struct{ State, Error string }
	if err := json.Unmarshal(out.Payload, &res); err != nil || out.FunctionError != nil || res.Error != "" {
		return fmt.Errorf("the answer is %s", out.Payload)
	}
	if res.State == "done" {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.done[run] = true
	}
	return nil
}

// ask makes requests to a server.
func (m *meter) ask(ctx context.Context, entry, run string, args []string) error {
	if len(args) != 2 {
		return errors.New("want turn N or together N")
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	errs := make([]error, n)
	var clients sync.WaitGroup
	for i := range n {
		if args[0] == "turn" {
			errs[i] = m.get(ctx, entry)
			continue
		}
		clients.Go(func() { errs[i] = m.get(ctx, entry) })
	}
	clients.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done[run] = true
	return errors.Join(errs...)
}

func (m *meter) get(ctx context.Context, entry string) error {
	req, err := http.NewRequestWithContext(ctx, "GET", m.cloud.Info().HTTP[entry], nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// wait waits until the run is done and no function is executing.
func (m *meter) wait(run string) error {
	late := time.After(patience)
	for {
		m.mu.Lock()
		over := m.done[run] && m.begun > 0 && m.begun == m.over
		waits := m.waits
		m.waits = false
		m.mu.Unlock()
		switch {
		case over:
			return nil
		case waits && m.advance > 0:
			if err := m.cloud.Advance(m.advance); err != nil {
				return err
			}
		}
		select {
		case <-m.news:
		case <-late:
			return fmt.Errorf("it is not done after %v", patience)
		}
	}
}
