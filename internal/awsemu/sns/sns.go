// Package sns emulates SNS: standard topics, subscriptions of queues and functions with filter policies, and messages that are published.
//
// Other protocols, FIFO topics and text messages are refused. A subscription is confirmed at once.
package sns

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/api"
	"github.com/harkgen/harkgen/internal/awsemu/pattern"
	"github.com/harkgen/harkgen/internal/lazyre"
	"github.com/harkgen/harkgen/rt/clock"
)

// Namespace is that of answers.
const Namespace = "http://sns.amazonaws.com/doc/2010-03-31/"

// An Attribute is one of a message.
type Attribute struct {
	Type  string // String, Number, Binary or String.Array
	Value string // of Binary in base64
}

// A Message is one that was published.
type Message struct {
	ID         string
	TopicArn   string
	Subject    string
	Message    string
	Time       time.Time
	Attributes map[string]Attribute
}

// A Subscription is of a queue or a function.
type Subscription struct {
	Arn      string
	TopicArn string
	Protocol string // sqs or lambda
	Endpoint string // an ARN
	Raw      bool   // a queue gets the message alone

	policy     *pattern.Pattern
	attributes map[string]string
}

// Service is SNS.
type Service struct {
	clock   *clock.Clock
	deliver func(Subscription, Message)

	mu        sync.Mutex
	topics    map[string]map[string]string // attributes, by ARN
	subs      map[string]*Subscription     // by ARN
	n         int                          // of messages and subscriptions, for their ids
	onPublish func(Message)
}

// New returns an SNS without topics. It calls deliver for each subscription that a message is for, before its publisher is answered.
func New(c *clock.Clock, deliver func(Subscription, Message)) *Service {
	return &Service{clock: c, deliver: deliver, topics: map[string]map[string]string{}, subs: map[string]*Subscription{}}
}

// OnPublish sets a function that is called with each message, before its publisher is answered.
func (s *Service) OnPublish(f func(Message)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onPublish = f
}

// Ops returns the operations. Their results are to be written as XML.
func (s *Service) Ops() api.Ops {
	return api.Ops{
		"CreateTopic":               api.JSON(s.createTopic),
		"DeleteTopic":               api.JSON(s.deleteTopic),
		"ListTopics":                api.JSON(s.listTopics),
		"GetTopicAttributes":        api.JSON(s.getTopicAttributes),
		"Subscribe":                 api.JSON(s.subscribe),
		"Unsubscribe":               api.JSON(s.unsubscribe),
		"ListSubscriptionsByTopic":  api.JSON(s.listSubscriptions),
		"GetSubscriptionAttributes": api.JSON(s.getSubscriptionAttributes),
		"SetSubscriptionAttributes": api.JSON(s.setSubscriptionAttributes),
		"Publish":                   api.JSON(s.publish),
		"PublishBatch":              api.JSON(s.publishBatch),
	}
}

func badParameter(format string, args ...any) error {
	return api.Errorf("InvalidParameter", "Invalid parameter: "+format, args...)
}

func notFound(what string) error {
	return &api.Error{Status: 404, Code: "NotFound", Message: what + " does not exist"}
}

type pair struct {
	Key   string `json:"key" xml:"key"`
	Value string `json:"value" xml:"value"`
}

type createTopicInput struct {
	Name       string
	Attributes []pair
	Tags       []struct{ Key, Value string }
}

type topic struct{ TopicArn string }

var topicName = lazyre.New(`^[A-Za-z0-9_-]{1,256}$`)

func (s *Service) createTopic(_ *api.Call, in *createTopicInput) (out topic, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !topicName().MatchString(in.Name) {
		return out, badParameter("Topic Name")
	}
	attrs := map[string]string{}
	for _, a := range in.Attributes {
		switch a.Key {
		case "DisplayName", "Policy", "KmsMasterKeyId", "TracingConfig":
			attrs[a.Key] = a.Value
		default:
			return out, badParameter("Attributes Reason: the emulator does not know %s", a.Key)
		}
	}
	arn := api.ARN("sns", in.Name)
	if s.topics[arn] == nil {
		s.topics[arn] = attrs
	}
	return topic{arn}, nil
}

func (s *Service) deleteTopic(_ *api.Call, in *topic) (none api.None, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.topics, in.TopicArn)
	maps.DeleteFunc(s.subs, func(_ string, sub *Subscription) bool { return sub.TopicArn == in.TopicArn })
	return none, nil
}

type listTopicsInput struct{ NextToken string }

type listTopicsOutput struct {
	Topics    []topic `xml:"Topics>member"`
	NextToken string  `xml:",omitempty"`
}

const pageSize = 100

func (s *Service) listTopics(_ *api.Call, in *listTopicsInput) (out listTopicsOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, arn := range slices.Sorted(maps.Keys(s.topics)) {
		if arn <= in.NextToken {
			continue
		}
		if len(out.Topics) == pageSize {
			out.NextToken = out.Topics[pageSize-1].TopicArn
			break
		}
		out.Topics = append(out.Topics, topic{arn})
	}
	return out, nil
}

type attributesOutput struct {
	Attributes []pair `xml:"Attributes>entry"`
}

func pairs(m map[string]string) (out attributesOutput) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out.Attributes = append(out.Attributes, pair{name, m[name]})
	}
	return out
}

func (s *Service) getTopicAttributes(_ *api.Call, in *topic) (out attributesOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	attrs, ok := s.topics[in.TopicArn]
	if !ok {
		return out, notFound("Topic")
	}
	all := maps.Clone(attrs)
	all["TopicArn"], all["Owner"] = in.TopicArn, api.Account
	all["SubscriptionsConfirmed"] = fmt.Sprint(len(s.subscriptions(in.TopicArn)))
	return pairs(all), nil
}

// subscriptions returns those of a topic, in the order of their making.
func (s *Service) subscriptions(topicARN string) (subs []*Subscription) {
	for _, arn := range slices.Sorted(maps.Keys(s.subs)) {
		if s.subs[arn].TopicArn == topicARN {
			subs = append(subs, s.subs[arn])
		}
	}
	return subs
}

type subscribeInput struct {
	TopicArn, Protocol, Endpoint string
	Attributes                   []pair
	ReturnSubscriptionArn        string
}

type subscription struct{ SubscriptionArn string }

func (s *Service) subscribe(_ *api.Call, in *subscribeInput) (out subscription, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.topics[in.TopicArn] == nil {
		return out, notFound("Topic")
	}
	if in.Protocol != "sqs" && in.Protocol != "lambda" || !strings.HasPrefix(in.Endpoint, "arn:aws:"+in.Protocol+":") {
		return out, badParameter("the emulator does not know endpoint %q of protocol %q", in.Endpoint, in.Protocol)
	}
	sub := &Subscription{TopicArn: in.TopicArn, Protocol: in.Protocol, Endpoint: in.Endpoint, attributes: map[string]string{}}
	for _, a := range in.Attributes {
		if err := sub.set(a.Key, a.Value); err != nil {
			return out, err
		}
	}
	for _, old := range s.subscriptions(in.TopicArn) {
		if old.Protocol == in.Protocol && old.Endpoint == in.Endpoint {
			if !maps.Equal(old.attributes, sub.attributes) {
				return out, badParameter("Attributes Reason: Subscription already exists with different attributes")
			}
			return subscription{old.Arn}, nil
		}
	}
	s.n++
	sub.Arn = fmt.Sprintf("%s:%08x-0000-4000-8000-000000000000", in.TopicArn, s.n)
	s.subs[sub.Arn] = sub
	return subscription{sub.Arn}, nil
}

// set sets an attribute.
func (sub *Subscription) set(name, value string) error {
	switch name {
	case "RawMessageDelivery":
		sub.Raw = value == "true"
	case "FilterPolicy":
		p, err := pattern.Parse([]byte(value))
		if err != nil && value != "" {
			return badParameter("FilterPolicy: %v", err)
		}
		if sub.policy = &p; value == "" {
			sub.policy = nil
		}
	case "FilterPolicyScope":
		if value != "MessageAttributes" && value != "MessageBody" {
			return badParameter("FilterPolicyScope: %q", value)
		}
	case "RedrivePolicy":
	default:
		return badParameter("AttributeName: the emulator does not know %s", name)
	}
	sub.attributes[name] = value
	return nil
}

func (s *Service) unsubscribe(_ *api.Call, in *subscription) (none api.None, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.subs, in.SubscriptionArn)
	return none, nil
}

type listSubscriptionsInput struct{ TopicArn, NextToken string }

type listedSubscription struct {
	SubscriptionArn, Owner, Protocol, Endpoint, TopicArn string
}

type listSubscriptionsOutput struct {
	Subscriptions []listedSubscription `xml:"Subscriptions>member"`
}

func (s *Service) listSubscriptions(_ *api.Call, in *listSubscriptionsInput) (out listSubscriptionsOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.topics[in.TopicArn] == nil {
		return out, notFound("Topic")
	}
	for _, sub := range s.subscriptions(in.TopicArn) {
		out.Subscriptions = append(out.Subscriptions, listedSubscription{sub.Arn, api.Account, sub.Protocol, sub.Endpoint, sub.TopicArn})
	}
	return out, nil
}

func (s *Service) getSubscriptionAttributes(_ *api.Call, in *subscription) (out attributesOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.subs[in.SubscriptionArn]
	if sub == nil {
		return out, notFound("Subscription")
	}
	all := maps.Clone(sub.attributes)
	all["SubscriptionArn"], all["TopicArn"], all["Owner"] = sub.Arn, sub.TopicArn, api.Account
	all["Protocol"], all["Endpoint"], all["PendingConfirmation"] = sub.Protocol, sub.Endpoint, "false"
	return pairs(all), nil
}

type setSubscriptionInput struct {
	SubscriptionArn, AttributeName, AttributeValue string
}

func (s *Service) setSubscriptionAttributes(_ *api.Call, in *setSubscriptionInput) (none api.None, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.subs[in.SubscriptionArn]
	if sub == nil {
		return none, notFound("Subscription")
	}
	return none, sub.set(in.AttributeName, in.AttributeValue)
}

// wants reports whether a message passes the filter policy.
func (sub *Subscription) wants(m Message) bool {
	if sub.policy == nil {
		return true
	}
	text := []byte(m.Message)
	if sub.attributes["FilterPolicyScope"] != "MessageBody" {
		text = m.attributesJSON()
	}
	ok, err := sub.policy.Match(text)
	return ok && err == nil
}

// attributesJSON returns the attributes as filter policies see them.
func (m Message) attributesJSON() []byte {
	values := map[string]any{}
	for name, a := range m.Attributes {
		switch {
		case (a.Type == "Number" || a.Type == "String.Array") && json.Valid([]byte(a.Value)):
			values[name] = json.RawMessage(a.Value)
		case a.Type != "Binary":
			values[name] = a.Value
		}
	}
	text, err := json.Marshal(values)
	if err != nil {
		panic(err) // they are strings, or were found valid
	}
	return text
}
