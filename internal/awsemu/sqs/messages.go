package sqs

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines the operations on messages.

const (
	maxVisibility    = 12 * time.Hour
	maxBatch         = 10
	deadLetterSource = "DeadLetterQueueSourceArn"
)

type attribute struct {
	DataType    string
	StringValue *string `json:",omitempty"`
	BinaryValue *string `json:",omitempty"` // in base64
}

// entry is a message to be sent.
type entry struct {
	MessageBody             string
	DelaySeconds            *int
	MessageAttributes       map[string]attribute
	MessageSystemAttributes map[string]attribute
}

func (e *entry) size() int {
	n := len(e.MessageBody)
	for name, a := range e.MessageAttributes {
		n += len(name) + len(a.DataType)
		v, _ := a.value()
		n += len(v)
	}
	return n
}

// value returns the value and how it is transported: 1 as a string, 2 in binary.
func (a attribute) value() (v []byte, transport byte) {
	if a.BinaryValue != nil {
		v, _ = base64.StdEncoding.DecodeString(*a.BinaryValue)
		return v, 2
	}
	if a.StringValue != nil {
		return []byte(*a.StringValue), 1
	}
	return nil, 0
}

func (e *entry) check(q *queue) error {
	if e.MessageBody == "" {
		return fail("MissingParameter", "MissingParameter", "The request must contain the parameter MessageBody.")
	}
	if e.size() > q.number("MaximumMessageSize") {
		return badParameter("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.number("MaximumMessageSize"))
	}
	if d := e.DelaySeconds; d != nil && (*d < 0 || *d > 900) {
		return badParameter("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", *d)
	}
	if !utf8.ValidString(e.MessageBody) || strings.ContainsFunc(e.MessageBody, notXML) {
		return fail("InvalidMessageContents", "InvalidMessageContents", "Invalid characters were found in the message body.")
	}
	if len(e.MessageAttributes) > 10 {
		return badParameter("Number of message attributes [%d] exceeds the allowed maximum [10].", len(e.MessageAttributes))
	}
	for name, a := range e.MessageAttributes {
		kind, _, _ := strings.Cut(a.DataType, ".")
		v, transport := a.value()
		if !slices.Contains([]string{"String", "Number", "Binary"}, kind) || len(v) == 0 || (transport == 2) != (kind == "Binary") {
			return badParameter("The message attribute '%s' has an invalid type or an empty value.", name)
		}
	}
	for name := range e.MessageSystemAttributes {
		if name != "AWSTraceHeader" {
			return badParameter("Message system attribute name '%s' is invalid.", name)
		}
	}
	return nil
}

// notXML reports whether a message must not have a character.
func notXML(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
}

// send puts a message into a queue; it has been checked.
func (s *Service) send(c *api.Call, q *queue, e *entry) *message {
	s.messages++
	now := s.clock.Now()
	m := &message{
		id:     fmt.Sprintf("%08x-0000-4000-8000-%012x", s.messages, s.messages),
		body:   e.MessageBody,
		attrs:  e.MessageAttributes,
		system: map[string]string{"SenderId": api.Account},
		delay:  q.seconds("DelaySeconds"),
		sent:   now,
	}
	if e.DelaySeconds != nil {
		m.delay = time.Duration(*e.DelaySeconds) * time.Second
	}
	if a, ok := e.MessageSystemAttributes["AWSTraceHeader"]; ok && a.StringValue != nil {
		m.system["AWSTraceHeader"] = *a.StringValue
	}
	m.visible = now.Add(m.delay + c.Fault.Late)
	q.messages = append(q.messages, m)
	q.wake()
	return m
}

type sendMessageInput struct {
	QueueUrl string
	entry
}

type sent struct {
	MessageId              string
	MD5OfMessageBody       string
	MD5OfMessageAttributes string `json:",omitempty"`
}

func (m *message) sentOutput() sent { return sent{m.id, digest(m.body), attributesDigest(m.attrs)} }

func (s *Service) sendMessage(c *api.Call, in *sendMessageInput) (out sent, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return out, err
	}
	if err := in.check(q); err != nil {
		return out, err
	}
	return s.send(c, q, &in.entry).sentOutput(), nil
}

func digest(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// attributesDigest is as in "Calculating the MD5 message digest for message attributes" of the manual.
func attributesDigest(attrs map[string]attribute) string {
	if len(attrs) == 0 {
		return ""
	}
	var b []byte
	put := func(s []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		a := attrs[name]
		v, transport := a.value()
		put([]byte(name))
		put([]byte(a.DataType))
		b = append(b, transport)
		put(v)
	}
	return digest(string(b))
}

type receiveMessageInput struct {
	QueueUrl                    string
	AttributeNames              []string
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
}

type received struct {
	MessageId              string
	ReceiptHandle          string
	MD5OfBody              string
	Body                   string
	Attributes             map[string]string    `json:",omitempty"`
	MD5OfMessageAttributes string               `json:",omitempty"`
	MessageAttributes      map[string]attribute `json:",omitempty"`
}

type receiveMessageOutput struct {
	Messages []received `json:",omitempty"`
}

func between(name string, v *int, def, min, max int) (int, error) {
	if v == nil {
		return def, nil
	}
	if *v < min || *v > max {
		return 0, badParameter("Value %d for parameter %s is invalid. Reason: Must be between %d and %d, if provided.", *v, name, min, max)
	}
	return *v, nil
}

func (s *Service) receiveMessage(c *api.Call, in *receiveMessageInput) (out receiveMessageOutput, err error) {
	max, err := between("MaxNumberOfMessages", in.MaxNumberOfMessages, 1, 1, maxBatch)
	if err != nil {
		return out, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return out, err
	}
	timeout, err := between("VisibilityTimeout", in.VisibilityTimeout, q.number("VisibilityTimeout"), 0, 43200)
	if err != nil {
		return out, err
	}
	wait, err := between("WaitTimeSeconds", in.WaitTimeSeconds, q.number("ReceiveMessageWaitTimeSeconds"), 0, 20)
	if err != nil {
		return out, err
	}
	end := s.clock.Now().Add(time.Duration(wait) * time.Second)
	for {
		ms := s.receive(c, q, max, time.Duration(timeout)*time.Second)
		for _, m := range ms {
			out.Messages = append(out.Messages, m.received(in))
		}
		if ms != nil || !s.wait(c, q, end) {
			return out, nil
		}
		if s.queues[q.name] != q {
			return out, noQueue()
		}
	}
}

// wait waits until a message may have become visible, and reports whether there is still time.
func (s *Service) wait(c *api.Call, q *queue, end time.Time) bool {
	if !s.clock.Now().Before(end) || c.Err() != nil {
		return false
	}
	until := end
	if t := q.nextVisible(); !t.IsZero() && t.Before(end) {
		until = t
	}
	ctx, cancel := context.WithCancel(c)
	defer cancel()
	wake := func() { cancel() }
	q.waiting[&wake] = true
	s.mu.Unlock()
	s.clock.Sleep(ctx.Done(), until)
	s.mu.Lock()
	delete(q.waiting, &wake)
	return true
}

// receive takes up to max visible messages, and moves those that were received too often.
func (s *Service) receive(c *api.Call, q *queue, max int, timeout time.Duration) (ms []*message) {
	now := s.clock.Now()
	q.expire(now)
	target, most := q.redrive()
	order := slices.Clone(q.messages)
	if c.Fault.Reorder {
		slices.Reverse(order)
	}
	for _, m := range order {
		switch {
		case len(ms) == max:
			return ms
		case m.visible.After(now):
			continue
		}
		if dead := s.byARN(target); most > 0 && m.receives >= most && dead != nil {
			q.remove(m)
			m.reset(now)
			m.system[deadLetterSource] = q.arn()
			dead.messages = append(dead.messages, m)
			dead.wake()
			continue
		}
		s.take(m, now, timeout)
		if c.Fault.Duplicate {
			m.visible = now
		}
		ms = append(ms, m)
	}
	return ms
}

// reset makes a message as if it had not been received, for another queue.
func (m *message) reset(now time.Time) {
	m.receives, m.first, m.receipt, m.timeout, m.visible = 0, time.Time{}, "", 0, now
}

// received returns the message with the attributes that the receiver asks for.
func (m *message) received(in *receiveMessageInput) received {
	r := received{MessageId: m.id, ReceiptHandle: m.receipt, MD5OfBody: digest(m.body), Body: m.body}
	system := maps.Clone(m.system)
	system["SentTimestamp"] = strconv.FormatInt(m.sent.UnixMilli(), 10)
	system["ApproximateReceiveCount"] = strconv.Itoa(m.receives)
	system["ApproximateFirstReceiveTimestamp"] = strconv.FormatInt(m.first.UnixMilli(), 10)
	wanted := append(slices.Clone(in.AttributeNames), in.MessageSystemAttributeNames...)
	maps.DeleteFunc(system, func(name, _ string) bool {
		return !slices.Contains(wanted, "All") && !slices.Contains(wanted, name)
	})
	r.Attributes = system
	for name, a := range m.attrs {
		if slices.ContainsFunc(in.MessageAttributeNames, func(w string) bool {
			prefix, wild := strings.CutSuffix(w, ".*")
			return w == "All" || w == name || wild && strings.HasPrefix(name, prefix)
		}) {
			if r.MessageAttributes == nil {
				r.MessageAttributes = map[string]attribute{}
			}
			r.MessageAttributes[name] = a
		}
	}
	r.MD5OfMessageAttributes = attributesDigest(r.MessageAttributes)
	return r
}

type deleteMessageInput struct{ QueueUrl, ReceiptHandle string }

func (s *Service) deleteMessage(_ *api.Call, in *deleteMessageInput) (none api.None, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return none, err
	}
	return none, q.delete(in.ReceiptHandle)
}

func (q *queue) delete(receipt string) error {
	if !validReceipt(receipt) {
		return badReceipt(receipt)
	}
	if m := q.find(receipt); m != nil {
		q.remove(m)
	}
	return nil
}

// validReceipt reports whether a receipt handle is one that was once given.
func validReceipt(receipt string) bool {
	id, n, ok := strings.Cut(receipt, "/")
	_, err := strconv.ParseUint(n, 10, 64)
	return ok && len(id) == 36 && err == nil
}

func badReceipt(receipt string) *api.Error {
	return fail("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", "The input receipt handle %q is invalid.", receipt)
}

type changeVisibilityInput struct {
	QueueUrl          string
	ReceiptHandle     string
	VisibilityTimeout *int
}

func (s *Service) changeVisibility(_ *api.Call, in *changeVisibilityInput) (none api.None, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return none, err
	}
	return none, s.changeOne(q, in.ReceiptHandle, in.VisibilityTimeout)
}

func (s *Service) changeOne(q *queue, receipt string, seconds *int) error {
	if seconds == nil || *seconds < 0 || *seconds > 43200 {
		return badParameter("Value for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.")
	}
	if !validReceipt(receipt) {
		return badReceipt(receipt)
	}
	now := s.clock.Now()
	m := q.find(receipt)
	if m == nil {
		return badParameter("Value %s for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", receipt)
	}
	if !m.visible.After(now) {
		return fail("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", "The specified message isn't in flight.")
	}
	m.timeout = time.Duration(*seconds) * time.Second
	m.visible = now.Add(m.timeout)
	q.wake()
	return nil
}
