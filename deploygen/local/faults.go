package local

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/internal/awsemu"
)

// Faults say what goes wrong. The same seed makes the n-th request of an operation meet the same fault.
type Faults struct {
	Seed  uint64
	Rates awsemu.Rates // Duplicate is also that of asynchronous invocations
	Kills []Kill

	Latency time.Duration // of each request to a service, besides
}

// A Kill kills the execution environment that makes the n-th request to DynamoDB or S3 of a function, counted from 1.
type Kill struct {
	Function string // "": each function
	N        int
	After    bool // when the request has taken effect, before its answer; else instead of it
}

// ParseFaults reads switches with commas between them:
//
//	throttle 5xx lost duplicate reorder    each with =P, how likely it is for a request
//	delay late                             with =P:DURATION, the most: of requests, and of messages on the clock
//	latency                                with =DURATION, of each request
//	kill=N kill=N@FUNCTION                 before the request takes effect; killed=N after it has
//	all                                    all but latency and kill
//
// P is 0.05 if it is not given.
func ParseFaults(text string, seed uint64) (*Faults, error) {
	f := &Faults{Seed: seed}
	for _, s := range strings.Split(text, ",") {
		name, value, has := strings.Cut(strings.TrimSpace(s), "=")
		var err error
		switch name {
		case "kill", "killed":
			err = f.parseKill(value, name == "killed")
		case "latency":
			f.Latency, err = time.ParseDuration(value)
		default:
			err = f.parseRate(name, value, has)
		}
		if err != nil {
			return nil, fmt.Errorf("fault %q: %w", s, err)
		}
	}
	return f, nil
}

func (f *Faults) parseKill(value string, after bool) error {
	number, function, _ := strings.Cut(value, "@")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return fmt.Errorf("which request? It is kill=N or kill=N@FUNCTION, with N at least 1")
	}
	f.Kills = append(f.Kills, Kill{Function: function, N: n, After: after})
	return nil
}

func (f *Faults) parseRate(name, value string, has bool) error {
	p, most := 0.05, 100*time.Millisecond
	if has {
		rate, limit, limited := strings.Cut(value, ":")
		var err error
		if p, err = strconv.ParseFloat(rate, 64); err != nil || p < 0 || p > 1 {
			return fmt.Errorf("%q is not a number from 0 to 1", rate)
		}
		if limited {
			if most, err = time.ParseDuration(limit); err != nil {
				return err
			}
		}
	}
	r := &f.Rates
	switch name {
	case "throttle":
		r.Throttle = p
	case "5xx":
		r.Fail = p
	case "lost":
		r.Lose = p
	case "duplicate":
		r.Duplicate = p
	case "reorder":
		r.Reorder = p
	case "delay":
		r.Delay, r.MaxDelay = p, most
	case "late":
		r.Late, r.MaxLate = p, most
	case "all":
		*r = awsemu.Rates{Throttle: p, Fail: p, Lose: p, Duplicate: p, Reorder: p, Delay: p, MaxDelay: most, Late: p, MaxLate: most}
	default:
		return fmt.Errorf("there is no such fault; there are throttle, 5xx, lost, duplicate, reorder, delay, late, latency, kill, killed, all")
	}
	return nil
}

// An injector makes faults happen, once it is armed.
type injector struct {
	faults *Faults // nil: none

	mu       sync.Mutex
	armed    bool
	policy   func(op string) awsemu.Fault
	rand     *rand.Rand
	requests map[string]int // to stores, by function
}

// arm begins. What the cloud itself does before it is ready meets no faults.
func (i *injector) arm() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.faults == nil {
		return
	}
	i.armed, i.requests = true, map[string]int{}
	i.policy = awsemu.Faults(i.faults.Seed, i.faults.Rates)
	i.rand = rand.New(rand.NewPCG(i.faults.Seed, 0))
}

// fault is awsemu's.
func (i *injector) fault(op string) awsemu.Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.armed {
		return awsemu.Fault{}
	}
	f := i.policy(op)
	f.Delay += i.faults.Latency
	return f
}

// duplicate is lambda's.
func (i *injector) duplicate(string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.armed && i.rand.Float64() < i.faults.Rates.Duplicate
}

// kill counts a request to a store and returns what it meets, nil if nothing.
func (i *injector) kill(function string) *Kill {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.armed || function == "" {
		return nil
	}
	i.requests[function]++
	for n := range i.faults.Kills {
		k := &i.faults.Kills[n]
		if (k.Function == "" || k.Function == function) && k.N == i.requests[function] {
			return k
		}
	}
	return nil
}

// handler kills environments by the requests that they make.
func (i *injector) handler(next http.Handler, l *lambda.Service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, service := credential(r)
		var k *Kill
		if service == "dynamodb" || service == "s3" {
			k = i.kill(l.Function(key))
		}
		switch {
		case k == nil:
			next.ServeHTTP(w, r)
			return
		case k.After:
			next.ServeHTTP(httptest.NewRecorder(), r)
		}
		l.Kill(key)
		panic(http.ErrAbortHandler)
	})
}

// credential returns the access key with which a request was signed, and the service that it was signed for.
func credential(r *http.Request) (key, service string) {
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	scope, _, _ = strings.Cut(scope, ",")
	parts := strings.Split(scope, "/") // key, date, region, service, aws4_request
	if len(parts) != 5 {
		return "", ""
	}
	return parts[0], parts[3]
}
