// This file defines how events get to the program exactly once.

package local

import (
	"context"
	"slices"
	"strings"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/wire"
)

// Events is where events of a run come from, and where its responses go.
//
//	front    appends to the mailbox, durably (store.AppendEvent), and says so
//	deliver  mailbox -> worker, each event once to each worker
//	commit   the worker says which events its snapshot has: they are in the record, and their messages are deleted
//
// An event that a worker had and no commit has taken goes to the next worker.
type Events interface {
	// Appended delivers a value when events have been appended to the mailbox of the run.
	Appended() <-chan struct{}
	// Respond takes the response to an event, which is durable. After a crash it may come again.
	Respond(id string, data []byte) error
	// Listen says at which addresses the program serves HTTP from now on.
	Listen(addrs []string) error
}

// mail has the events that wait and those that a worker has.
type mail struct {
	list  []store.Event
	taken []store.Event // by the step that is being committed
}

// waits reports whether there are others than those taken.
func (m *mail) waits(taken []string) bool {
	return slices.ContainsFunc(m.list, func(e store.Event) bool { return !slices.Contains(taken, e.ID) })
}

// take notes in next that the step has taken these events.
func (m *mail) take(next *store.Run, taken []string) {
	var left []store.Event
	m.taken = nil
	for _, e := range m.list {
		if slices.Contains(taken, e.ID) {
			m.taken = append(m.taken, e)
		} else {
			left = append(left, e)
		}
	}
	m.list = left
	next.Taken = taken
	if e := next.Program.Event; e != nil && slices.Contains(taken, e.ID) {
		next.Program.Event = nil
	}
}

// taken deletes what the last step has taken, and listens where the program wants to be reached.
func (r *Run) taken(ctx context.Context, w *worker) error {
	if err := store.DeleteEvents(ctx, r.o.Store, r.rec.ID, r.mail.taken...); err != nil {
		return err
	}
	r.mail.taken = nil
	if w.told == nil {
		return nil
	}
	w.told = nil
	return r.listen()
}

// openMail deletes what a supervisor that crashed has left of events that were taken, and finds those that wait.
func (r *Run) openMail(ctx context.Context) error {
	list, err := store.Events(ctx, r.o.Store, r.rec.ID)
	if err != nil {
		return err
	}
	var taken []store.Event
	for _, e := range list {
		if slices.Contains(r.rec.Taken, e.ID) {
			taken = append(taken, e)
		}
	}
	if err := store.DeleteEvents(ctx, r.o.Store, r.rec.ID, taken...); err != nil {
		return err
	}
	return r.fetch(ctx)
}

// fetch reads the mailbox.
func (r *Run) fetch(ctx context.Context) error {
	if r.o.Events == nil {
		return nil
	}
	list, err := store.Events(ctx, r.o.Store, r.rec.ID)
	if err != nil {
		return err
	}
	r.mail.list = nil
	if e := r.rec.Program.Event; e != nil {
		r.mail.list = append(r.mail.list, *e)
	}
	r.mail.list = append(r.mail.list, list...)
	return nil
}

// deliver sends the worker the events that it has not had.
func (r *Run) deliver(ctx context.Context, w *worker) error {
	if r.o.Events == nil || !w.loaded {
		return nil
	}
	if err := r.fetch(ctx); err != nil {
		return err
	}
	for _, e := range r.mail.list {
		if w.sent[e.ID] {
			continue
		}
		data, err := e.Data(ctx, r.o.Store)
		if err != nil {
			return err
		}
		w.send(wire.Event{ID: e.ID, Kind: e.Kind, Data: data})
		if w.sent == nil {
			w.sent = map[string]bool{}
		}
		w.sent[e.ID] = true
	}
	return nil
}

// appended delivers a value when events have been appended.
func (r *Run) appended() <-chan struct{} {
	if r.o.Events == nil {
		return nil
	}
	return r.o.Events.Appended()
}

// listen listens where the program wants to be reached.
func (r *Run) listen() error {
	if r.o.Events == nil || r.rec.Listen == nil {
		return nil
	}
	return r.o.Events.Listen(r.rec.Listen)
}

// listening returns addrs as told changes them: "listen ADDRESS", "close ADDRESS".
func listening(addrs, told []string) []string {
	addrs = slices.Clone(addrs)
	for _, text := range told {
		verb, addr, _ := strings.Cut(text, " ")
		addrs = slices.DeleteFunc(addrs, func(a string) bool { return a == addr })
		if verb == "listen" {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}
