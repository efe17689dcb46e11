// This file defines how events wait for a run.

package store

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
)

// An Event is something that has happened outside, for a run. It waits in the mailbox of the run; the one that starts a run is in its record.
//
// The record says which events the last commit has taken; their messages are deleted after it, or by whoever loads the record. A message that is deleted before
// a record is put does not come back once that is durable.
type Event struct {
	ID   string `json:"id"`   // as CheckID wants it, with room for the sender's name around it
	Kind string `json:"kind"` // "http", "http ADDRESS", "lambda"
	Content
}

// eventSender begins the names of the senders of events.
const eventSender = "e:"

// eventOwner is the owner of the blobs of a run's events. It is not the run, which deletes blobs that its record does not know.
func eventOwner(run string) string { return "e:" + run }

// NewEvent makes an event with these data, which it stores in a blob if they are many.
func NewEvent(ctx context.Context, s Store, run, id, kind string, data []byte) (Event, error) {
	e := Event{ID: id, Kind: kind}
	if len(data) <= MaxInline {
		e.Inline = data
		return e, nil
	}
	b := NewBlob(eventOwner(run), append([]byte(id+"\n"), data...)) // so that no other event has the blob
	e.Blobs = []string{b.Name}
	return e, s.PutBlob(ctx, b)
}

// Data returns the data.
func (e Event) Data(ctx context.Context, s Store) ([]byte, error) {
	if len(e.Blobs) == 0 {
		return e.Inline, nil
	}
	b, err := s.GetBlob(ctx, e.Blobs[0])
	if errors.Is(err, ErrNotFound) || err == nil && !strings.HasPrefix(string(b[:min(len(b), len(e.ID)+1)]), e.ID+"\n") {
		err = Damagedf("event %s is damaged: its blob %s is missing; nothing was deleted", e.ID, e.Blobs[0])
	}
	if err != nil {
		return nil, err
	}
	return b[len(e.ID)+1:], nil
}

// AppendEvent puts an event into the mailbox of a run.
func AppendEvent(ctx context.Context, s Store, run, id, kind string, data []byte) error {
	e, err := NewEvent(ctx, s, run, id, kind, data)
	if err != nil {
		return err
	}
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return s.Append(ctx, run, Message{Key: Key{Sender: eventSender + id, Seq: 1}, Data: text})
}

// Events returns the events in the mailbox of a run, in the order of their ids.
func Events(ctx context.Context, s Store, run string) (list []Event, err error) {
	for after := (Key{Sender: eventSender}); ; {
		ms, err := s.Messages(ctx, run, after, 100)
		if err != nil || len(ms) == 0 {
			return list, err
		}
		for _, m := range ms {
			if after = m.Key; !strings.HasPrefix(m.Sender, eventSender) {
				return list, nil
			}
			var e Event
			if err := json.Unmarshal(m.Data, &e); err != nil {
				return nil, Damagedf("an event of run %s is damaged: %v; nothing was deleted", run, err)
			}
			list = append(list, e)
		}
	}
}

// FindEvent returns the event with this id in a mailbox, nil if it is not there.
func FindEvent(ctx context.Context, s Store, mailbox, id string) (*Event, error) {
	sender := eventSender + id
	ms, err := s.Messages(ctx, mailbox, Key{Sender: sender}, 1)
	if err != nil || len(ms) == 0 || ms[0].Sender != sender {
		return nil, err
	}
	e := new(Event)
	if err := json.Unmarshal(ms[0].Data, e); err != nil {
		return nil, Damagedf("event %s of %s is damaged: %v; nothing was deleted", id, mailbox, err)
	}
	return e, nil
}

// DeleteEvents deletes events that were taken.
func DeleteEvents(ctx context.Context, s Store, run string, list ...Event) error {
	var keys []Key
	for _, e := range list {
		keys = append(keys, Key{Sender: eventSender + e.ID, Seq: 1})
		for _, name := range e.Blobs {
			if err := s.DeleteBlob(ctx, name); err != nil {
				return err
			}
		}
	}
	if keys == nil {
		return nil
	}
	return s.DeleteMessages(ctx, run, keys...)
}

// DeleteEventBlobs deletes the blobs of all events of a run, which has ended.
func DeleteEventBlobs(ctx context.Context, s Store, run string) error {
	for page := ""; ; {
		names, next, err := s.Blobs(ctx, eventOwner(run), page, 1000)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := s.DeleteBlob(ctx, name); err != nil {
				return err
			}
		}
		if page = next; page == "" {
			return nil
		}
	}
}
