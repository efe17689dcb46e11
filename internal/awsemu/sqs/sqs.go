// Package sqs emulates SQS: standard queues, with delays, visibility timeouts, long polling, retention and dead-letter queues, all by the clock.
//
// Queues that are FIFO are refused. A message is deleted by its newest receipt handle only; with an older one DeleteMessage succeeds
// and does nothing, as the service may do.
package sqs

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/api"
	"github.com/harkgen/harkgen/rt/clock"
)

// Service is SQS.
type Service struct {
	clock *clock.Clock

	mu       sync.Mutex
	queues   map[string]*queue
	messages int // sent so far, for their ids
	receipts int
	tasks    []moveTask
}

// New returns an SQS without queues.
func New(c *clock.Clock) *Service { return &Service{clock: c, queues: map[string]*queue{}} }

// Ops returns the operations.
func (s *Service) Ops() api.Ops {
	return api.Ops{
		"CreateQueue":                  api.JSON(s.createQueue),
		"GetQueueUrl":                  api.JSON(s.getQueueURL),
		"ListQueues":                   api.JSON(s.listQueues),
		"GetQueueAttributes":           api.JSON(s.getQueueAttributes),
		"SetQueueAttributes":           api.JSON(s.setQueueAttributes),
		"DeleteQueue":                  api.JSON(s.deleteQueue),
		"PurgeQueue":                   api.JSON(s.purgeQueue),
		"ListDeadLetterSourceQueues":   api.JSON(s.listDeadLetterSourceQueues),
		"SendMessage":                  api.JSON(s.sendMessage),
		"SendMessageBatch":             api.JSON(s.sendMessageBatch),
		"ReceiveMessage":               api.JSON(s.receiveMessage),
		"DeleteMessage":                api.JSON(s.deleteMessage),
		"DeleteMessageBatch":           api.JSON(s.deleteMessageBatch),
		"ChangeMessageVisibility":      api.JSON(s.changeVisibility),
		"ChangeMessageVisibilityBatch": api.JSON(s.changeVisibilityBatch),
		"StartMessageMoveTask":         api.JSON(s.startMessageMoveTask),
		"ListMessageMoveTasks":         api.JSON(s.listMessageMoveTasks),
	}
}

// fail returns an error with its code in both protocols.
func fail(code, query, format string, args ...any) *api.Error {
	e := api.Errorf(code, format, args...)
	e.Query = query
	return e
}

func badParameter(format string, args ...any) *api.Error {
	return fail("InvalidParameterValue", "InvalidParameterValue", format, args...)
}

func noQueue() *api.Error {
	return fail("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
}

// find returns the queue with a URL, of which only the path counts: the host may be any of those that SQS has had.
func (s *Service) find(queueURL string) (*queue, error) {
	u, err := url.Parse(queueURL)
	if err != nil || queueURL == "" {
		return nil, fail("InvalidAddress", "InvalidAddress", "The address %q is not valid for this endpoint.", queueURL)
	}
	account, name, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	q := s.queues[name]
	if q == nil || account != api.Account {
		return nil, noQueue()
	}
	q.expire(s.clock.Now())
	return q, nil
}

// byARN returns the queue with an ARN, nil if there is none.
func (s *Service) byARN(arn string) *queue {
	name, ok := strings.CutPrefix(arn, api.ARN("sqs", ""))
	if !ok {
		return nil
	}
	return s.queues[name]
}

// A queue has its messages in the order in which they were sent.
type queue struct {
	name     string
	attrs    map[string]string
	created  time.Time
	changed  time.Time
	messages []*message
	waiting  map[*func()]bool // to be called when a message may have become visible
}

func (q *queue) arn() string { return api.ARN("sqs", q.name) }

// wake makes those who wait for a message look again.
func (q *queue) wake() {
	for f := range q.waiting {
		(*f)()
	}
}

// expire drops the messages that are older than the queue keeps them.
func (q *queue) expire(now time.Time) {
	keep := q.seconds("MessageRetentionPeriod")
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return now.Sub(m.sent) > keep })
}

// nextVisible returns when the next message becomes visible, the zero time if none is hidden.
func (q *queue) nextVisible() (t time.Time) {
	for _, m := range q.messages {
		if t.IsZero() || m.visible.Before(t) {
			t = m.visible
		}
	}
	return t
}

func (q *queue) find(receipt string) *message {
	i := slices.IndexFunc(q.messages, func(m *message) bool { return m.receipt == receipt && receipt != "" })
	if i < 0 {
		return nil
	}
	return q.messages[i]
}

func (q *queue) remove(m *message) {
	q.messages = slices.DeleteFunc(q.messages, func(o *message) bool { return o == m })
}

// A message is in one queue.
type message struct {
	id      string
	body    string
	attrs   map[string]attribute
	system  map[string]string // those that the sender or a move has set
	delay   time.Duration
	sent    time.Time
	visible time.Time // from then on it can be received

	receives int
	first    time.Time     // when it was first received
	receipt  string        // of the newest receive
	timeout  time.Duration // its visibility timeout, as last set
}

// Message is a message as tests see it.
type Message struct {
	ID      string
	Body    string
	Delay   time.Duration
	Sent    time.Time
	Receipt string
	Timeout time.Duration // the visibility timeout, as last set
}

func (m *message) export() Message {
	return Message{m.id, m.body, m.delay, m.sent, m.receipt, m.timeout}
}

// Drain receives all messages that are in a queue and not in flight, without waiting for delays to pass. They stay in flight for 12 hours.
func (s *Service) Drain(name string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, now := s.queues[name], s.clock.Now()
	if q == nil {
		return nil
	}
	var ms []Message
	for _, m := range q.messages {
		if m.receipt == "" || !m.visible.After(now) {
			s.take(m, now, maxVisibility)
			ms = append(ms, m.export())
		}
	}
	return ms
}

// InFlight returns a message of a queue that was received with a receipt handle and not deleted.
func (s *Service) InFlight(name, receipt string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[name]
	if q == nil {
		return Message{}, false
	}
	m := q.find(receipt)
	if m == nil {
		return Message{}, false
	}
	return m.export(), true
}

// take makes a message received.
func (s *Service) take(m *message, now time.Time, timeout time.Duration) {
	s.receipts++
	m.receipt = fmt.Sprintf("%s/%d", m.id, s.receipts)
	m.receives++
	if m.first.IsZero() {
		m.first = now
	}
	m.timeout, m.visible = timeout, now.Add(timeout)
}
