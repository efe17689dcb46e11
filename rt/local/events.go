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
//	deliver  mailbox -> worker, each event once to each worker, again if it is appended again after it was taken: package rt knows it
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

// mail is what waits in the mailbox, as far as it has been read.
type mail struct{ list []store.Event }

// waits reports whether there are others than those taken.
func (m *mail) waits(taken []string) bool {
	return slices.ContainsFunc(m.list, func(e store.Event) bool { return !slices.Contains(taken, e.ID) })
}

// noteTaken notes in the record of a step which events it has taken.
func noteTaken(next *store.Run, taken []string) {
	next.Taken = taken
	if e := next.Program.Event; e != nil && slices.Contains(taken, e.ID) {
		next.Program.Event = nil
	}
}

// forget deletes what a committed step has taken.
func (r *Run) forget(ctx context.Context, taken []string) error {
	var gone, left []store.Event
	for _, e := range r.mail.list {
		if slices.Contains(taken, e.ID) {
			gone = append(gone, e)
		} else {
			left = append(left, e)
		}
	}
	r.mail.list = left
	return store.DeleteEvents(ctx, r.o.Store, r.rec.ID, gone...)
}

// openMail reads the mailbox, and deletes what a supervisor that crashed has left there of what the last step has taken.
func (r *Run) openMail(ctx context.Context, taken []string) error {
	if err := r.fetch(ctx); err != nil {
		return err
	}
	return r.forget(ctx, taken)
}

// settle does what a committed step leaves to do. An event that is delivered once more is sent to the worker, which knows it.
func (r *Run) settle(ctx context.Context, w *worker, taken []string) error {
	for _, id := range taken {
		delete(w.sent, id)
	}
	if err := r.forget(ctx, taken); err != nil || w.notices == nil {
		return err
	}
	w.notices = nil
	return r.listen()
}

// announce puts into the record of a run of several processes what the next step of process 0 tells the host. An address at which the program
// serves is there before the step is committed, and goes away after it: so none is forgotten.
func (r *Run) announce(ctx context.Context, w *worker, lingers bool) error {
	opens := slices.DeleteFunc(slices.Clone(w.notices), func(text string) bool { return !strings.HasPrefix(text, "listen ") })
	if len(opens) == 0 && lingers == r.rec.Lingers {
		return nil
	}
	return r.change(ctx, func(next *store.Run) { next.Listen, next.Lingers = listening(next.Listen, opens), lingers })
}

// settleSpread is settle of a step of process 0 in a run of several processes.
func (r *Run) settleSpread(ctx context.Context, w *worker, taken []string) error {
	if e := r.rec.Program.Event; w.notices != nil || e != nil && slices.Contains(taken, e.ID) {
		err := r.change(ctx, func(next *store.Run) {
			noteTaken(next, taken)
			next.Listen = listening(next.Listen, w.notices)
		})
		if err != nil {
			return err
		}
	}
	return r.settle(ctx, w, taken)
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

// deliver sends the worker the events that it has not had, for its task.
func (r *Run) deliver(ctx context.Context, w *worker, task uint32) error {
	if r.o.Events == nil {
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
		w.send(wire.Event{Task: task, ID: e.ID, Kind: e.Kind, Data: data})
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
