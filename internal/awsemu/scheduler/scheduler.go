// Package scheduler emulates EventBridge Scheduler: schedules in groups, which invoke targets at their times by the clock.
//
// A time in the past is due at once, and so is the first of a rate without a start date, as the manual says. Nothing is early or late,
// but for a flexible time window, whose choice depends on the name only. Targets are what [Options.Deliver] knows. Tags and keys are refused.
package scheduler

import (
	"fmt"
	"hash/fnv"
	"math"
	"sync"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/schedule"
	"github.com/harkgen/harkgen/rt/clock"
)

// A Target is what a schedule invokes.
type Target struct {
	Arn                   string
	RoleArn               string
	Input                 string            `json:",omitempty"`
	DeadLetterConfig      *deadLetterConfig `json:",omitempty"`
	RetryPolicy           *retryPolicy      `json:",omitempty"`
	SqsParameters         *sqsParameters    `json:",omitempty"`
	EventBridgeParameters *EventParameters  `json:",omitempty"`
}

// EventParameters are for a target that is an event bus.
type EventParameters struct{ DetailType, Source string }

type deadLetterConfig struct{ Arn string }

type sqsParameters struct{ MessageGroupId string }

type retryPolicy struct {
	MaximumEventAgeInSeconds *int `json:",omitempty"`
	MaximumRetryAttempts     *int `json:",omitempty"`
}

const (
	maxAge     = 24 * time.Hour
	maxRetries = 185
)

// limits returns how long and how often an invocation is tried again.
func (t *Target) limits() (age time.Duration, retries int) {
	age, retries = maxAge, maxRetries
	if p := t.RetryPolicy; p != nil && p.MaximumEventAgeInSeconds != nil {
		age = time.Duration(*p.MaximumEventAgeInSeconds) * time.Second
	}
	if p := t.RetryPolicy; p != nil && p.MaximumRetryAttempts != nil {
		retries = *p.MaximumRetryAttempts
	}
	return age, retries
}

// Service is EventBridge Scheduler.
type Service struct {
	clock   *clock.Clock
	deliver func(t Target) error
	dead    func(queueARN, body string) error

	mu      sync.Mutex
	groups  map[string]*group
	retries []invocation
	wake    chan struct{} // closed when the first due time may have changed
	closed  bool
	running sync.WaitGroup
}

type group struct {
	name              string
	arn               string
	created, modified time.Time
	schedules         map[string]*entry
}

// An entry is a schedule.
type entry struct {
	spec              spec
	parsed            schedule.Schedule
	group             *group
	created, modified time.Time
	next              time.Time // by the expression, zero if never
}

// An invocation is one whose delivery has failed so far.
type invocation struct {
	target Target
	first  time.Time
	tries  int
	due    time.Time
}

// New returns a scheduler with the group "default". It calls deliver to invoke a target, and dead to put into a dead-letter queue what could not be delivered.
func New(c *clock.Clock, deliver func(t Target) error, dead func(queueARN, body string) error) *Service {
	s := &Service{clock: c, deliver: deliver, dead: dead, groups: map[string]*group{}, wake: make(chan struct{})}
	s.addGroup("default")
	s.running.Go(s.run)
	return s
}

// Close ends all invocations.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	s.changed()
	s.mu.Unlock()
	s.running.Wait()
}

// changed wakes run; s.mu is held.
func (s *Service) changed() {
	close(s.wake)
	s.wake = make(chan struct{})
}

// run invokes what is due.
func (s *Service) run() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed {
		wake, at := s.wake, s.first()
		s.mu.Unlock()
		due := s.sleep(wake, at)
		s.mu.Lock()
		if due && !s.closed {
			s.invokeDue(s.clock.Now())
		}
	}
}

// sleep waits until t, for ever if it is zero, or until wake is closed.
func (s *Service) sleep(wake <-chan struct{}, t time.Time) bool {
	if t.IsZero() {
		<-wake
		return false
	}
	return s.clock.Sleep(wake, t)
}

// first returns when something is due first, the zero time if never.
func (s *Service) first() (t time.Time) {
	earlier := func(due time.Time) {
		if !due.IsZero() && (t.IsZero() || due.Before(t)) {
			t = due
		}
	}
	for _, g := range s.groups {
		for _, e := range g.schedules {
			earlier(e.due())
		}
	}
	for _, i := range s.retries {
		earlier(i.due)
	}
	return t
}

func (s *Service) invokeDue(now time.Time) {
	var later []invocation
	for _, i := range s.retries {
		if i.due.After(now) {
			later = append(later, i)
		} else {
			s.start(i)
		}
	}
	s.retries = later
	for _, g := range s.groups {
		for _, e := range g.schedules {
			if due := e.due(); due.IsZero() || due.After(now) {
				continue
			}
			s.start(invocation{target: e.spec.Target, first: now})
			e.advance(e.next)
			if e.next.IsZero() && e.spec.ActionAfterCompletion == "DELETE" {
				delete(g.schedules, e.spec.Name)
			}
		}
	}
}

// start delivers an invocation in the background.
func (s *Service) start(i invocation) {
	s.running.Go(func() {
		err := s.deliver(i.target)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			s.failed(i)
		}
	})
}

// failed plans another try, after a time that doubles, or gives up.
func (s *Service) failed(i invocation) {
	now := s.clock.Now()
	age, retries := i.target.limits()
	i.due = now.Add(min(time.Second<<min(i.tries, 10), 10*time.Minute))
	if i.tries++; i.tries > retries || i.due.Sub(i.first) > age {
		if d := i.target.DeadLetterConfig; d != nil {
			s.dead(d.Arn, i.target.Input) // if it cannot be put there, it is lost
		}
		return
	}
	s.retries = append(s.retries, i)
	s.changed()
}

// advance sets the next time, after t.
func (e *entry) advance(t time.Time) {
	e.next = e.parsed.Next(t)
	e.end()
}

// begin sets the first time of a schedule that is created or changed now.
func (e *entry) begin(now time.Time) {
	from := now
	if start := fromEpoch(e.spec.StartDate); start.After(now) {
		from = start
	}
	switch {
	case e.spec.State == "DISABLED":
		e.next = time.Time{}
	case e.parsed.Once():
		if e.next = e.parsed.Next(now); e.next.IsZero() {
			e.next = now
		}
	case e.parsed.Rate() > 0:
		e.next = from
	default:
		e.next = e.parsed.Next(from.Add(-1))
	}
	e.end()
}

// end drops a next time that is after the end date.
func (e *entry) end() {
	if end := fromEpoch(e.spec.EndDate); !end.IsZero() && e.next.After(end) && !e.parsed.Once() {
		e.next = time.Time{}
	}
}

// due returns when it is to be invoked next: at some time in the flexible window.
func (e *entry) due() time.Time {
	window := time.Duration(e.spec.FlexibleTimeWindow.MaximumWindowInMinutes) * time.Minute
	if e.next.IsZero() || window == 0 {
		return e.next
	}
	h := fnv.New64a()
	fmt.Fprint(h, e.spec.Name, e.next.Unix())
	return e.next.Add(time.Duration(h.Sum64() % uint64(window)))
}

func fromEpoch(f *float64) time.Time {
	if f == nil {
		return time.Time{}
	}
	sec, frac := math.Modf(*f)
	return time.Unix(int64(sec), int64(frac*1e9))
}

func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
