package directive

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// This file reads what starts an entry.

// A kind of entry reads the words after its name into the trigger.
type kind struct {
	form string // what is to be written
	read func(s *scanner, t *plan.Trigger)
}

var kinds = map[string]kind{
	Main: {"", func(*scanner, *plan.Trigger) {}},
	"http": {"METHOD /path/{name}", func(s *scanner, t *plan.Trigger) {
		t.Method, _ = s.word()
		t.Path, _ = s.word()
	}},
	"schedule": {"rate(5 minutes), or cron(0 8 ? * MON *)", func(s *scanner, t *plan.Trigger) { t.Schedule = s.through(')') }},
	"sqs":      {"QUEUE", func(s *scanner, t *plan.Trigger) { t.Queue, _ = s.word() }},
	"sns":      {"TOPIC", func(s *scanner, t *plan.Trigger) { t.Topic, _ = s.word() }},
	"s3": {"BUCKET EVENT [SUFFIX]", func(s *scanner, t *plan.Trigger) {
		t.Bucket, _ = s.word()
		t.Event, _ = s.word()
		before := s.off
		if t.Suffix, _ = s.word(); strings.Contains(t.Suffix, "=") {
			t.Suffix, s.off = "", before // a setting
		}
	}},
	"dynamodb-stream": {"TABLE", func(s *scanner, t *plan.Trigger) { t.Table, _ = s.word() }},
	"eventbridge":     {`{"source":["my.app"]}`, func(s *scanner, t *plan.Trigger) { t.Pattern = s.json() }},
}

// trigger takes the kind and what belongs to it.
func (s *scanner) trigger(t *plan.Trigger) bool {
	name, pos := s.word()
	k, ok := kinds[name]
	if !ok {
		what := "event type unknown: " + name
		if name == "" {
			what = EntryName + " without the type of an event"
		}
		s.problem(pos, what, "there are "+strings.Join(slices.Sorted(maps.Keys(kinds)), ", "), "write one of them")
		return false
	}
	t.Type = name
	pos = s.at()
	k.read(s, t)
	if name == Main {
		return true
	}
	if wrong := t.Check(); wrong != "" {
		s.problem(pos, EntryName+" "+name, wrong, "write "+EntryName+" "+name+" "+k.form)
		return false
	}
	return true
}

// through takes the text up to and with c, or the next word if there is no c.
func (s *scanner) through(c byte) string {
	s.at()
	end := strings.IndexByte(s.text[s.off:], c)
	if end < 0 {
		word, _ := s.word()
		return word
	}
	out := s.text[s.off : s.off+end+1]
	s.off += len(out)
	return out
}

// json takes a value of JSON, which may have spaces and comments' slashes in it, or the next word if there is none.
func (s *scanner) json() string {
	s.at()
	var v json.RawMessage
	dec := json.NewDecoder(strings.NewReader(s.text[s.off:]))
	if dec.Decode(&v) != nil {
		word, _ := s.word()
		return word
	}
	s.off += int(dec.InputOffset())
	return string(v)
}
