package sns

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines how messages are published, and how they look to those who get them.

type attributeInput struct {
	Name  string
	Value struct{ DataType, StringValue, BinaryValue string }
}

// entry is a message to be published.
type entry struct {
	Message           string
	Subject           string
	MessageStructure  string
	MessageAttributes []attributeInput
}

type publishInput struct {
	TopicArn, TargetArn string
	entry
}

type published struct{ MessageId string }

func (s *Service) publish(_ *api.Call, in *publishInput) (out published, err error) {
	arn := in.TopicArn
	if arn == "" {
		arn = in.TargetArn
	}
	id, err := s.Publish(arn, in.entry)
	return published{id}, err
}

// Publish publishes a message, and returns its id.
func (s *Service) Publish(topicARN string, e entry) (id string, err error) {
	m, err := e.message()
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	if s.topics[topicARN] == nil {
		s.mu.Unlock()
		return "", notFound("Topic")
	}
	s.n++
	m.ID, m.TopicArn, m.Time = fmt.Sprintf("%08x-0000-4000-8000-%012x", s.n, s.n), topicARN, s.clock.Now()
	hook := s.onPublish
	var to []Subscription
	for _, sub := range s.subscriptions(topicARN) {
		if sub.wants(m) {
			to = append(to, *sub)
		}
	}
	s.mu.Unlock()
	if hook != nil {
		hook(m)
	}
	for _, sub := range to {
		s.deliver(sub, m)
	}
	return m.ID, nil
}

const maxMessage = 256 << 10

func (e entry) message() (m Message, err error) {
	m = Message{Message: e.Message, Subject: e.Subject, Attributes: map[string]Attribute{}}
	switch {
	case e.Message == "":
		return m, badParameter("Empty message")
	case len(e.Message) > maxMessage:
		return m, badParameter("Message too long")
	case len(e.Subject) > 100 || strings.ContainsAny(e.Subject, "\r\n"):
		return m, badParameter("Subject")
	}
	if e.MessageStructure != "" {
		return m, badParameter("MessageStructure: the emulator does not know %q", e.MessageStructure)
	}
	for _, a := range e.MessageAttributes {
		v := a.Value
		m.Attributes[a.Name] = Attribute{v.DataType, v.StringValue + v.BinaryValue}
		if v.DataType == "" || v.StringValue+v.BinaryValue == "" {
			return m, api.Errorf("ParameterValueInvalid", "The message attribute '%s' must contain a type and a non-empty value.", a.Name)
		}
	}
	return m, nil
}

type batchEntry struct {
	Id string
	entry
}

type publishBatchInput struct {
	TopicArn                   string
	PublishBatchRequestEntries []batchEntry
}

type publishedEntry struct{ Id, MessageId string }

type failedEntry struct {
	Id, Code, Message string
	SenderFault       bool
}

type publishBatchOutput struct {
	Successful []publishedEntry `xml:"Successful>member"`
	Failed     []failedEntry    `xml:"Failed>member"`
}

func (s *Service) publishBatch(_ *api.Call, in *publishBatchInput) (out publishBatchOutput, err error) {
	if n := len(in.PublishBatchRequestEntries); n == 0 || n > 10 {
		return out, api.Errorf("TooManyEntriesInBatchRequest", "A batch has 1 to 10 entries, this has %d", n)
	}
	seen := map[string]bool{}
	for _, e := range in.PublishBatchRequestEntries {
		if seen[e.Id] || e.Id == "" {
			return out, api.Errorf("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
		}
		seen[e.Id] = true
	}
	for _, e := range in.PublishBatchRequestEntries {
		id, err := s.Publish(in.TopicArn, e.entry)
		if bad, ok := err.(*api.Error); ok && bad.Code != "NotFound" {
			out.Failed = append(out.Failed, failedEntry{e.Id, bad.Code, bad.Message, true})
			continue
		}
		if err != nil {
			return out, err
		}
		out.Successful = append(out.Successful, publishedEntry{e.Id, id})
	}
	return out, nil
}

// notification is a message as a queue gets it, and a function, which has the attributes in another form.
type notification struct {
	Type              string
	MessageId         string
	TopicArn          string
	Subject           *string `json:",omitempty"`
	Message           string
	Timestamp         string
	SignatureVersion  string
	Signature         string
	SigningCertURL    string               `json:",omitempty"`
	UnsubscribeURL    string               `json:",omitempty"`
	MessageAttributes map[string]Attribute `json:",omitempty"`
}

func (m Message) notification(sub Subscription) notification {
	n := notification{
		Type: "Notification", MessageId: m.ID, TopicArn: m.TopicArn, Message: m.Message,
		Timestamp:        m.Time.UTC().Format("2006-01-02T15:04:05.000Z"),
		SignatureVersion: "1", Signature: "EXAMPLE", SigningCertURL: "EXAMPLE",
		UnsubscribeURL:    "https://sns." + api.Region + ".amazonaws.com/?Action=Unsubscribe&SubscriptionArn=" + sub.Arn,
		MessageAttributes: m.Attributes,
	}
	if m.Subject != "" {
		n.Subject = &m.Subject
	}
	return n
}

// Body returns the message as a subscribed queue gets it.
func (m Message) Body(sub Subscription) string {
	if sub.Raw {
		return m.Message
	}
	return encode(m.notification(sub))
}

// LambdaEvent returns the message as a subscribed function gets it.
func (m Message) LambdaEvent(sub Subscription) []byte {
	type record struct {
		EventVersion, EventSubscriptionArn, EventSource string
		Sns                                             struct {
			notification
			SigningCertURL string `json:"SigningCertUrl"`
			UnsubscribeURL string `json:"UnsubscribeUrl"`
		}
	}
	n := m.notification(sub)
	r := record{EventVersion: "1.0", EventSubscriptionArn: sub.Arn, EventSource: "aws:sns"}
	r.Sns.SigningCertURL, r.Sns.UnsubscribeURL = n.SigningCertURL, n.UnsubscribeURL
	n.SigningCertURL, n.UnsubscribeURL = "", ""
	r.Sns.notification = n
	return []byte(encode(map[string]any{"Records": []record{r}}))
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // of plain structs
	}
	return string(text)
}
