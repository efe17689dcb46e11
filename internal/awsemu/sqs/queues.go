package sqs

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/api"
	"github.com/harkgen/harkgen/internal/lazyre"
)

// This file defines the operations on queues.

// settable are the attributes that can be set, with what they are if they are not. Those with a range are numbers.
var settable = map[string]struct {
	def      string
	min, max int
}{
	"VisibilityTimeout":             {"30", 0, 43200},
	"DelaySeconds":                  {"0", 0, 900},
	"MaximumMessageSize":            {"1048576", 1024, 1048576},
	"MessageRetentionPeriod":        {"345600", 60, 1209600},
	"ReceiveMessageWaitTimeSeconds": {"0", 0, 20},
	"RedrivePolicy":                 {},
	"RedriveAllowPolicy":            {},
	"Policy":                        {},
	"SqsManagedSseEnabled":          {def: "true"},
}

func (q *queue) attr(name string) string {
	if v, ok := q.attrs[name]; ok {
		return v
	}
	return settable[name].def
}

func (q *queue) number(name string) int {
	n, _ := strconv.Atoi(q.attr(name)) // checked when it was set
	return n
}

func (q *queue) seconds(name string) time.Duration {
	return time.Duration(q.number(name)) * time.Second
}

// redrivePolicy is the value of an attribute, in JSON.
type redrivePolicy struct {
	Target string      `json:"deadLetterTargetArn"`
	Max    json.Number `json:"maxReceiveCount"`
}

// redrive returns where messages go that were received max times; max is 0 if nowhere.
func (q *queue) redrive() (target string, max int) {
	var p redrivePolicy
	if json.Unmarshal([]byte(strings.ReplaceAll(q.attr("RedrivePolicy"), `'`, `"`)), &p) != nil {
		return "", 0
	}
	n, _ := strconv.Atoi(p.Max.String())
	return p.Target, n
}

func (s *Service) checkAttributes(attrs map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		a, ok := settable[name]
		if !ok {
			return fail("InvalidAttributeName", "InvalidAttributeName", "Unknown Attribute %s.", name)
		}
		n, err := strconv.Atoi(attrs[name])
		if a.max > 0 && (err != nil || n < a.min || n > a.max) {
			return fail("InvalidAttributeValue", "InvalidAttributeValue", "Invalid value for the parameter %s.", name)
		}
	}
	if attrs["RedrivePolicy"] == "" {
		return nil
	}
	target, n := (&queue{attrs: attrs}).redrive()
	if n < 1 || n > 1000 {
		return badParameter("Value %s for parameter RedrivePolicy is invalid. Reason: Invalid value for maxReceiveCount.", attrs["RedrivePolicy"])
	}
	if s.byARN(target) == nil {
		return badParameter("Value %s for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.", attrs["RedrivePolicy"])
	}
	return nil
}

type createQueueInput struct {
	QueueName  string
	Attributes map[string]string
	Tags       map[string]string `json:"tags"`
}

type queueURLOutput struct{ QueueUrl string }

var queueName = lazyre.New(`^[A-Za-z0-9_-]{1,80}$`)

func (s *Service) createQueue(c *api.Call, in *createQueueInput) (out queueURLOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !queueName().MatchString(in.QueueName) {
		return out, badParameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	if err := s.checkAttributes(in.Attributes); err != nil {
		return out, err
	}
	if q := s.queues[in.QueueName]; q != nil {
		for name, v := range in.Attributes {
			if q.attr(name) != v {
				return out, fail("QueueNameExists", "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute %s", name)
			}
		}
		return queueURLOutput{queueURL(c, in.QueueName)}, nil
	}
	now := s.clock.Now()
	attrs := maps.Clone(in.Attributes)
	if attrs == nil {
		attrs = map[string]string{}
	}
	s.queues[in.QueueName] = &queue{name: in.QueueName, attrs: attrs, created: now, changed: now, waiting: map[*func()]bool{}}
	return queueURLOutput{queueURL(c, in.QueueName)}, nil
}

func queueURL(c *api.Call, name string) string { return c.Endpoint + "/" + api.Account + "/" + name }

type getQueueURLInput struct{ QueueName, QueueOwnerAWSAccountId string }

func (s *Service) getQueueURL(c *api.Call, in *getQueueURLInput) (out queueURLOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queues[in.QueueName] == nil || in.QueueOwnerAWSAccountId != "" && in.QueueOwnerAWSAccountId != api.Account {
		return out, noQueue()
	}
	return queueURLOutput{queueURL(c, in.QueueName)}, nil
}

type listQueuesInput struct {
	QueueNamePrefix string
	MaxResults      int
	NextToken       string
}

type listQueuesOutput struct {
	QueueUrls []string
	NextToken string `json:",omitempty"`
}

func (s *Service) listQueues(c *api.Call, in *listQueuesInput) (out listQueuesOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	max := 1000
	if in.MaxResults != 0 {
		max = in.MaxResults
	}
	if max < 1 || max > 1000 {
		return out, badParameter("Value for parameter MaxResults is invalid. Reason: Must be between 1 and 1000.")
	}
	for _, name := range slices.Sorted(maps.Keys(s.queues)) {
		if !strings.HasPrefix(name, in.QueueNamePrefix) || name <= in.NextToken {
			continue
		}
		if len(out.QueueUrls) == max {
			out.NextToken = out.QueueUrls[max-1][strings.LastIndexByte(out.QueueUrls[max-1], '/')+1:]
			break
		}
		out.QueueUrls = append(out.QueueUrls, queueURL(c, name))
	}
	return out, nil
}

type getQueueAttributesInput struct {
	QueueUrl       string
	AttributeNames []string
}

type getQueueAttributesOutput struct {
	Attributes map[string]string `json:",omitempty"`
}

func (s *Service) getQueueAttributes(_ *api.Call, in *getQueueAttributesInput) (out getQueueAttributesOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return out, err
	}
	all := q.allAttributes(s.clock.Now())
	out.Attributes = map[string]string{}
	for _, name := range in.AttributeNames {
		_, known := settable[name]
		switch v, there := all[name]; {
		case name == "All":
			out.Attributes = all
			return out, nil
		case there:
			out.Attributes[name] = v
		case !known:
			return out, fail("InvalidAttributeName", "InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	}
	return out, nil
}

// allAttributes returns all attributes that have a value.
func (q *queue) allAttributes(now time.Time) map[string]string {
	all := map[string]string{}
	for name := range settable {
		if v := q.attr(name); v != "" {
			all[name] = v
		}
	}
	visible, inFlight, delayed := 0, 0, 0
	for _, m := range q.messages {
		switch {
		case !m.visible.After(now):
			visible++
		case m.receipt != "":
			inFlight++
		default:
			delayed++
		}
	}
	all["ApproximateNumberOfMessages"] = strconv.Itoa(visible)
	all["ApproximateNumberOfMessagesNotVisible"] = strconv.Itoa(inFlight)
	all["ApproximateNumberOfMessagesDelayed"] = strconv.Itoa(delayed)
	all["CreatedTimestamp"] = strconv.FormatInt(q.created.Unix(), 10)
	all["LastModifiedTimestamp"] = strconv.FormatInt(q.changed.Unix(), 10)
	all["QueueArn"] = q.arn()
	return all
}

type setQueueAttributesInput struct {
	QueueUrl   string
	Attributes map[string]string
}

func (s *Service) setQueueAttributes(_ *api.Call, in *setQueueAttributesInput) (none api.None, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return none, err
	}
	if err := s.checkAttributes(in.Attributes); err != nil {
		return none, err
	}
	maps.Copy(q.attrs, in.Attributes)
	q.changed = s.clock.Now()
	return none, nil
}

type queueInput struct{ QueueUrl string }

func (s *Service) deleteQueue(_ *api.Call, in *queueInput) (none api.None, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return none, err
	}
	delete(s.queues, q.name)
	q.wake()
	return none, nil
}

func (s *Service) purgeQueue(_ *api.Call, in *queueInput) (none api.None, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return none, err
	}
	q.messages = nil
	return none, nil
}

type listSourcesInput struct {
	QueueUrl   string
	MaxResults int
	NextToken  string
}

type listSourcesOutput struct {
	QueueUrls []string `json:"queueUrls"`
}

func (s *Service) listDeadLetterSourceQueues(c *api.Call, in *listSourcesInput) (out listSourcesOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return out, err
	}
	for _, src := range s.sources(q) {
		out.QueueUrls = append(out.QueueUrls, queueURL(c, src.name))
	}
	return out, nil
}

// sources returns the queues whose dead-letter queue is q.
func (s *Service) sources(q *queue) (qs []*queue) {
	for _, name := range slices.Sorted(maps.Keys(s.queues)) {
		if target, max := s.queues[name].redrive(); max > 0 && target == q.arn() {
			qs = append(qs, s.queues[name])
		}
	}
	return qs
}

// A moveTask has moved messages back from a dead-letter queue.
type moveTask struct {
	TaskHandle                        string
	Status                            string
	SourceArn                         string
	DestinationArn                    string `json:",omitempty"`
	ApproximateNumberOfMessagesMoved  int
	ApproximateNumberOfMessagesToMove int
	StartedTimestamp                  int64
}

type startMoveInput struct {
	SourceArn, DestinationArn    string
	MaxNumberOfMessagesPerSecond int // it is done at once
}

type startMoveOutput struct{ TaskHandle string }

func (s *Service) startMessageMoveTask(_ *api.Call, in *startMoveInput) (out startMoveOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.byARN(in.SourceArn)
	if q == nil {
		return out, fail("ResourceNotFoundException", "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist.")
	}
	sources := s.sources(q)
	if len(sources) == 0 {
		return out, badParameter("Source queue must be configured as a Dead Letter Queue.")
	}
	now := s.clock.Now()
	n := len(q.messages)
	var left []*message
	for _, m := range q.messages {
		to := s.byARN(in.DestinationArn)
		if in.DestinationArn == "" {
			to = s.byARN(m.system[deadLetterSource])
		}
		if to == nil || m.visible.After(now) {
			left = append(left, m)
			continue
		}
		m.reset(now)
		delete(m.system, deadLetterSource)
		to.messages = append(to.messages, m)
		to.wake()
	}
	q.messages = left
	task := moveTask{
		TaskHandle:                        fmt.Sprintf("task-%d", len(s.tasks)+1),
		Status:                            "COMPLETED",
		SourceArn:                         in.SourceArn,
		DestinationArn:                    in.DestinationArn,
		ApproximateNumberOfMessagesMoved:  n - len(left),
		ApproximateNumberOfMessagesToMove: n,
		StartedTimestamp:                  now.UnixMilli(),
	}
	s.tasks = append(s.tasks, task)
	return startMoveOutput{task.TaskHandle}, nil
}

type listMovesInput struct {
	SourceArn  string
	MaxResults int
}

type listMovesOutput struct{ Results []moveTask }

func (s *Service) listMessageMoveTasks(_ *api.Call, in *listMovesInput) (out listMovesOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	max := in.MaxResults
	if max == 0 {
		max = 1
	}
	for _, t := range slices.Backward(s.tasks) {
		if t.SourceArn == in.SourceArn && len(out.Results) < max {
			t.TaskHandle = "" // only of a running one
			out.Results = append(out.Results, t)
		}
	}
	return out, nil
}
