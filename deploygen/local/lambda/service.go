package lambda

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/clock"
)

// Options of a Service. Dir is needed.
type Options struct {
	Dir      string       // for code and temporary files; it is emptied
	Clock    *clock.Clock // nil: the machine's
	Region   string       // "" is DefaultRegion
	Account  string       // "" is DefaultAccount
	Endpoint string       // AWS_ENDPOINT_URL of the functions; "": not set
	Env      []string     // more variables of all functions, NAME=value
	Sink     Sink         // takes the logs; nil: nobody does

	Concurrency int           // invocations at the same time, of all functions; 0 is 1000
	Idle        time.Duration // for how long an environment is kept, on the clock; 0 is ten minutes

	// Failed takes what is to be sent to a destination about an asynchronous event that was given up. May be nil.
	Failed func(ctx context.Context, arn string, record []byte) error

	// Duplicate reports whether an asynchronous event is to be handled twice, a fault. May be nil.
	Duplicate func(function string) bool
}

// Defaults, which the other services of a local cloud share.
const (
	DefaultRegion  = "eu-central-1"
	DefaultAccount = "123456789012"
	Secret         = "local" // the secret key of all access keys
)

// A Service is Lambda in one region of one account. Its methods may be called by several goroutines.
type Service struct {
	o     Options
	ctx   context.Context // ends with Close
	stop  context.CancelFunc
	tasks sync.WaitGroup // what Close waits for
	api   http.Handler

	mu        sync.Mutex
	functions map[string]*function
	envs      map[string]*environment // all, by access key
	running   int
	closed    bool
}

// New returns the service, without functions.
func New(o Options) (*Service, error) {
	o.Region = cmp.Or(o.Region, DefaultRegion)
	o.Account = cmp.Or(o.Account, DefaultAccount)
	o.Concurrency = cmp.Or(o.Concurrency, 1000)
	o.Idle = cmp.Or(o.Idle, 10*time.Minute)
	if o.Sink == nil {
		o.Sink = nobody{}
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(o.Dir); err != nil {
		return nil, err
	}
	s := &Service{o: o, functions: map[string]*function{}, envs: map[string]*environment{}}
	if err := os.MkdirAll(s.tmp(), 0o700); err != nil {
		return nil, err
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.api = s.newAPI()
	s.tasks.Go(s.expire)
	return s, nil
}

// tmp is where the environments have their TMPDIR.
func (s *Service) tmp() string { return filepath.Join(s.o.Dir, ".tmp") }

// Close kills all environments. Invocations that are running fail.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	envs := slices.Collect(maps.Values(s.envs))
	s.mu.Unlock()
	s.stop()
	for _, e := range envs {
		e.kill()
	}
	s.tasks.Wait()
	for _, e := range envs {
		e.remove()
	}
}

// Kill kills the environment with that access key, a fault, and reports whether there is one.
func (s *Service) Kill(accessKey string) bool {
	s.mu.Lock()
	e := s.envs[accessKey]
	s.mu.Unlock()
	if e == nil {
		return false
	}
	e.kill()
	return true
}

// Function returns the name of the function whose environment has that access key, "" if none has.
func (s *Service) Function(accessKey string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.envs[accessKey]; e != nil {
		return e.v.Name
	}
	return ""
}

// acquire returns an environment for an invocation of the version: the one that was used last, or a new one.
func (s *Service) acquire(v *version) (*environment, *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[v.Name]
	switch {
	case s.closed:
		return nil, errClosed
	case f == nil || f.versions[v.Number] != v:
		return nil, notFound(s.arn(v.Name, v.Number))
	case v.Concurrency > 0 && f.running >= v.Concurrency:
		return nil, throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
	case s.running >= s.o.Concurrency:
		return nil, throttled("ConcurrentInvocationLimitExceeded")
	}
	s.tasks.Add(1) // until release
	s.running++
	f.running++
	for len(v.idle) > 0 {
		last := len(v.idle) - 1
		e := v.idle[last]
		v.idle = v.idle[:last]
		if !e.dead() {
			return e, nil
		}
		s.discard(e)
	}
	e := newEnvironment(s, f, v)
	s.envs[e.key] = e
	return e, nil
}

// release takes back what acquire has returned.
func (s *Service) release(e *environment) {
	defer s.tasks.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	e.f.running--
	if e.dead() || s.closed || e.v.deleted {
		s.discard(e)
		return
	}
	e.idleSince = s.o.Clock.Now()
	e.v.idle = append(e.v.idle, e)
}

// discard ends an environment that nobody uses. s.mu is held.
func (s *Service) discard(e *environment) {
	delete(s.envs, e.key)
	s.tasks.Go(func() {
		e.kill()
		e.remove()
	})
}

// expire discards what has idled for long.
func (s *Service) expire() {
	for next := s.o.Clock.Now(); s.o.Clock.Sleep(s.ctx.Done(), next); {
		now := s.o.Clock.Now()
		next = now.Add(s.o.Idle / 10)
		s.mu.Lock()
		for _, f := range s.functions {
			for _, v := range f.versions {
				n := 0 // the first are those that have idled longest
				for n < len(v.idle) && now.Sub(v.idle[n].idleSince) >= s.o.Idle {
					s.discard(v.idle[n])
					n++
				}
				v.idle = slices.Delete(v.idle, 0, n)
			}
		}
		s.mu.Unlock()
	}
}
