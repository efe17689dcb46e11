package events

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/api"
	"github.com/harkgen/harkgen/internal/awsemu/pattern"
	"github.com/harkgen/harkgen/rt/clock"
)

// This file defines the service. Rules are set by [Service.Rule], not by requests.

// Service is EventBridge.
type Service struct {
	clock *clock.Clock

	mu    sync.Mutex
	buses map[string]map[string]rule // by the names of bus and rule
	n     int                        // events so far, for their ids
}

type rule struct {
	pattern pattern.Pattern
	target  func(event []byte)
}

// New returns an EventBridge with the bus "default".
func New(c *clock.Clock) *Service {
	return &Service{clock: c, buses: map[string]map[string]rule{"default": {}}}
}

// Bus makes a bus if it is not there.
func (s *Service) Bus(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buses[name] == nil {
		s.buses[name] = map[string]rule{}
	}
}

// Rule makes or replaces a rule of a bus. target is called with each event that matches, in JSON, before its PutEvents is answered.
func (s *Service) Rule(bus, name string, p pattern.Pattern, target func(event []byte)) {
	s.Bus(bus)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buses[bus][name] = rule{p, target}
}

// Ops returns the operations.
func (s *Service) Ops() api.Ops {
	return api.Ops{"PutEvents": api.JSON(s.putEvents)}
}

// An Entry is an event as it is put.
type Entry struct {
	Source, DetailType, Detail string
	EventBusName               string   // or ARN; "": default
	Time                       *float64 // Unix time in seconds
	Resources                  []string
	TraceHeader                string
}

type putEventsInput struct {
	Entries    []Entry
	EndpointId string
}

type putResult struct {
	EventId      string `json:",omitempty"`
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

type putEventsOutput struct {
	FailedEntryCount int
	Entries          []putResult
}

func (s *Service) putEvents(_ *api.Call, in *putEventsInput) (out putEventsOutput, err error) {
	if n := len(in.Entries); n == 0 || n > 10 {
		return out, api.Invalid("1 validation error detected: 'entries' has %d members, must have 1 to 10", n)
	}
	if in.EndpointId != "" {
		return out, api.Invalid("the emulator does not know global endpoints")
	}
	size := 0
	for _, e := range in.Entries {
		size += e.size()
	}
	if size > 1<<20 {
		return out, api.Invalid("Total size of the entries in the request is over the limit.")
	}
	for _, e := range in.Entries {
		id, err := s.Put(e)
		if err != nil {
			out.FailedEntryCount++
			bad := err.(*api.Error)
			out.Entries = append(out.Entries, putResult{ErrorCode: bad.Code, ErrorMessage: bad.Message})
			continue
		}
		out.Entries = append(out.Entries, putResult{EventId: id})
	}
	return out, nil
}

// size is as in "Calculating PutEvents event entry size" of the manual.
func (e *Entry) size() int {
	n := len(e.Source) + len(e.DetailType) + len(e.Detail)
	if e.Time != nil {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// event is what targets get.
type event struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// Put puts one event, and returns its id. An error is an [*api.Error].
func (s *Service) Put(e Entry) (id string, err error) {
	var detail map[string]json.RawMessage
	switch {
	case e.Source == "" || e.DetailType == "" || e.Detail == "":
		return "", api.Errorf("InvalidArgument", "Parameter Source, DetailType or Detail is not valid. Reason: it is a required argument.")
	case strings.HasPrefix(e.Source, "aws."):
		return "", api.Errorf("NotAuthorizedForSourceException", "Not authorized for the source.")
	case json.Unmarshal([]byte(e.Detail), &detail) != nil:
		return "", api.Errorf("MalformedDetail", "Detail is malformed.")
	}
	s.mu.Lock()
	bus := e.EventBusName
	if _, name, ok := strings.Cut(bus, ":event-bus/"); ok {
		bus = name
	}
	if bus == "" {
		bus = "default"
	}
	rules := s.buses[bus]
	s.n++
	n := s.n
	var targets []func([]byte)
	at := s.clock.Now()
	if e.Time != nil {
		sec, frac := math.Modf(*e.Time)
		at = time.Unix(int64(sec), int64(frac*1e9))
	}
	ev := event{
		Version: "0", ID: fmt.Sprintf("%08x-0000-4000-8000-%012x", n, n), DetailType: e.DetailType, Source: e.Source, Account: api.Account,
		Time: at.UTC().Format(time.RFC3339), Region: api.Region, Resources: append([]string{}, e.Resources...), Detail: json.RawMessage(e.Detail),
	}
	text, err := json.Marshal(ev)
	if err == nil {
		for _, r := range rules {
			if ok, _ := r.pattern.Match(text); ok { // it is JSON
				targets = append(targets, r.target)
			}
		}
	}
	s.mu.Unlock()
	switch {
	case err != nil:
		return "", api.Errorf("MalformedDetail", "Detail is malformed.")
	case rules == nil:
		return "", api.Errorf("ResourceNotFoundException", "Event bus %s does not exist.", bus)
	}
	for _, f := range targets {
		f(text)
	}
	return ev.ID, nil
}
