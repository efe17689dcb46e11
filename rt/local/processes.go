// This file has a run of several processes described.

package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/wire"
)

// A Spread is what the processes of a run are doing and what they share, as of the last commit of each. The JSON is that of harkgen inspect -json.
type Spread struct {
	Processes []ProcessInfo  `json:"processes"`
	Omitted   int            `json:"omittedProcesses,omitempty"`
	Shared    []SharedObject `json:"shared"`
}

// A ProcessInfo is a process.
type ProcessInfo struct {
	Number     uint32            `json:"number"`
	State      string            `json:"state"`           // "running": it has something to do; "waiting": for others; "sleeping": until Wake
	Wake       time.Time         `json:"wake,omitzero"`   // when it goes on by itself
	Step       uint64            `json:"step"`            // 0: it has not made one
	Bytes      int64             `json:"bytes"`           // of its snapshot
	Goroutines []ProcessG        `json:"goroutines"`      // none if it has not made a step
	Origin     []InspectedOrigin `json:"origin"`          // see Inspection
	Err        string            `json:"error,omitempty"` // why it could not be described
}

// A ProcessG is a goroutine in a few words.
type ProcessG struct {
	ID       int64  `json:"id"`
	Op       string `json:"op"`
	Function string `json:"function,omitempty"`
	Position string `json:"position,omitempty"`
	Shared   string `json:"shared,omitempty"` // what it waits for, if it is one of Spread.Shared
	frames   []wire.InspectedFrame
}

// A SharedObject is something that processes share.
type SharedObject struct {
	ID        string         `json:"id"`
	Type      string         `json:"type"`
	Len       int            `json:"len"` // of a channel, as Cap and Closed
	Cap       int            `json:"cap"`
	Closed    bool           `json:"closed"`
	State     string         `json:"state"`           // in words
	Bytes     int            `json:"bytes,omitempty"` // of memory
	Processes int            `json:"processes"`       // that know it
	Waiting   []SharedWaiter `json:"waiting"`         // in the order in which they began
}

// A SharedWaiter is a goroutine that waits.
type SharedWaiter struct {
	Process   uint32 `json:"process"`
	Goroutine int64  `json:"goroutine"`
	Op        string `json:"op"`
}

// Counts says how many processes a run has, and what they do.
type Counts struct {
	Processes int       `json:"count"`
	Running   int       `json:"running"` // have something to do
	Waiting   int       `json:"waiting"` // for others
	Sleeping  int       `json:"sleeping"`
	Wake      time.Time `json:"wake,omitzero"` // the first of those that sleep
}

// CountProcesses counts the processes of a run that may have several. It reads the state of the exchange, and no process.
func CountProcesses(ctx context.Context, s store.Store, id string) (c Counts, err error) {
	x, err := engine.Look(ctx, s, id)
	if err != nil {
		return c, err
	}
	for _, st := range x.Live {
		c.Processes++
		switch state, wake := processState(st); state {
		case "running":
			c.Running++
		case "sleeping":
			if c.Sleeping++; c.Wake.IsZero() || wake.Before(c.Wake) {
				c.Wake = wake
			}
		default:
			c.Waiting++
		}
	}
	return c, nil
}

func processState(st exchange.Status) (state string, wake time.Time) {
	switch {
	case !st.Idle || st.Acked < st.Sent:
		return "running", wake
	case st.Wake == 0:
		return "waiting", wake
	}
	return "sleeping", time.Unix(0, st.Wake)
}

// InspectSpread describes the first most processes of a run that may have several. As Inspect does, it starts the program.
func InspectSpread(ctx context.Context, o *Options, id string, most int) (*Spread, *store.Run, error) {
	run, err := Stored(ctx, o.Dir, o.Store, id)
	if err != nil {
		return nil, nil, err
	}
	x, err := engine.Look(ctx, o.Store, id)
	if err != nil {
		return nil, nil, err
	}
	s := &Spread{Processes: []ProcessInfo{}, Shared: []SharedObject{}}
	types := map[string]string{} // of shared objects
	d := &processDescriber{o: o, run: run, how: InspectOptions{Depth: 1, Elems: 1, String: 1, Goroutines: 1000}}
	defer d.end()
	for p, st := range x.Live {
		if len(s.Processes) == most {
			s.Omitted = x.Len() - most
			break
		}
		info := ProcessInfo{Number: uint32(p), Goroutines: []ProcessG{}, Origin: []InspectedOrigin{}}
		info.State, info.Wake = processState(st)
		if err := d.fill(ctx, &info, types); ctx.Err() != nil {
			return nil, nil, err
		} else if err != nil {
			info.Err = err.Error()
		}
		s.Processes = append(s.Processes, info)
	}
	for _, desc := range x.Describe() {
		s.Shared = append(s.Shared, sharedObject(&desc, types))
	}
	s.wait()
	return s, run, nil
}

// wait notes in the goroutines what they wait for.
func (s *Spread) wait() {
	for _, o := range s.Shared {
		for _, w := range o.Waiting {
			i, ok := slices.BinarySearchFunc(s.Processes, w.Process, func(p ProcessInfo, n uint32) int { return int(int64(p.Number) - int64(n)) })
			if !ok {
				continue
			}
			for j := range s.Processes[i].Goroutines {
				if g := &s.Processes[i].Goroutines[j]; g.ID == w.Goroutine && g.Shared == "" {
					g.Shared = o.ID
				}
			}
		}
	}
}

func sharedObject(d *exchange.Description, types map[string]string) SharedObject {
	o := SharedObject{ID: d.ID.String(), Type: types[d.ID.String()], Len: d.Len, Cap: d.Cap, Closed: d.Closed, Bytes: d.Size, Processes: d.Processes, Waiting: []SharedWaiter{}}
	kind := ""
	switch d.Kind {
	case exchange.KindChannel:
		kind, o.State = "chan", fmt.Sprintf("%d of %d", d.Len, d.Cap)
		if d.Cap == 0 {
			o.State = "unbuffered"
		}
		if d.Closed {
			o.State += ", closed"
		}
	case exchange.KindWaitGroup:
		kind, o.State = "sync.WaitGroup", fmt.Sprint("counter ", d.Count)
	case exchange.KindMutex, exchange.KindRWMutex:
		kind, o.State = "sync.Mutex", "unlocked"
		if d.Kind == exchange.KindRWMutex {
			kind = "sync.RWMutex"
		}
		if d.Locked {
			o.State = "locked"
		} else if d.Count > 0 {
			o.State = fmt.Sprintf("read-locked by %d", d.Count)
		}
	case exchange.KindCond:
		kind = "sync.Cond"
	case exchange.KindRegion:
		kind, o.State = "memory", fmt.Sprint(d.Size, " bytes")
	}
	if o.Type == "" {
		o.Type = kind
	}
	for _, w := range d.Waits {
		o.Waiting = append(o.Waiting, SharedWaiter{uint32(w.Process), int64(w.G), w.Reason})
	}
	return o
}

// InspectProcess describes one process of a run that may have several, as Inspect does a run. Step and size of the state in the result are
// those of the process.
func InspectProcess(ctx context.Context, o *Options, id string, process uint32, how InspectOptions) (*Inspection, *store.Run, error) {
	run, err := Stored(ctx, o.Dir, o.Store, id)
	if err != nil {
		return nil, nil, err
	}
	i, err := inspectProcess(ctx, o, run, process, how)
	return i, run, err
}

func inspectProcess(ctx context.Context, o *Options, run *store.Run, process uint32, how InspectOptions) (*Inspection, error) {
	d := &processDescriber{o: o, run: run, how: how}
	defer d.end()
	i, st, err := d.describe(ctx, process)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("process %d of run %s has not made a step yet, or has ended; harkgen inspect %s lists the processes", process, run.ID, run.ID)
	}
	if err != nil || how.Build {
		return i, err
	}
	x, err := engine.Look(ctx, o.Store, run.ID)
	if err != nil {
		return nil, err
	}
	for _, desc := range x.Describe() {
		mergeShared(i, &desc, process)
	}
	run.Step, run.Snap.Size = int64(st.Step), st.Size // those of the process
	return i, nil
}

// mergeShared adds to the description of a process what the exchange knows of an object.
func mergeShared(i *Inspection, d *exchange.Description, process uint32) {
	id := d.ID.String()
	typ := ""
	var waits []exchange.Waiting
	for _, w := range d.Waits {
		if uint32(w.Process) == process {
			waits = append(waits, w)
		}
	}
	for j := range i.Channels {
		c := &i.Channels[j]
		if c.Shared != id {
			continue
		}
		typ, c.Len, c.Cap, c.Closed = c.Type, d.Len, d.Cap, d.Closed
		for _, w := range waits {
			if strings.HasSuffix(w.Reason, "send") {
				c.Senders = append(c.Senders, int64(w.G))
			} else {
				c.Receivers = append(c.Receivers, int64(w.G))
			}
		}
	}
	for j := range i.Locks {
		l := &i.Locks[j]
		if l.Shared != id {
			continue
		}
		typ, l.State, l.Unknown = l.Type, sharedObject(d, nil).State, false
		for _, w := range waits {
			l.Waiters = append(l.Waiters, wire.InspectedWaiter{Goroutine: int64(w.G), Op: w.Reason})
		}
	}
	for _, w := range waits {
		for j := range i.Goroutines {
			if g := &i.Goroutines[j]; g.ID == int64(w.G) {
				g.Waits = append(g.Waits, InspectedWait{Op: w.Reason, Type: typ, Shared: id})
			}
		}
	}
}

// A processDescriber describes processes of a run.
type processDescriber struct {
	o   *Options
	run *store.Run
	how InspectOptions
	d   *describer // for processes other than 0
}

func (d *processDescriber) end() {
	if d.d != nil {
		d.d.w.end()
	}
}

// describe describes a process as of its last commit. The error may wrap store.ErrNotFound.
func (d *processDescriber) describe(ctx context.Context, process uint32) (i *Inspection, st engine.ProcessState, err error) {
	err = engine.ReadProcess(ctx, d.o.Store, d.run.ID, exchange.ProcessID(process), func(s engine.ProcessState, state io.Reader) (err error) {
		st = s
		w := d.d
		if w == nil {
			if w, err = newDescriber(ctx, d.o, d.run); err != nil {
				return err
			}
			if process == 0 { // its worker has the package variables
				defer w.w.end()
			} else {
				d.d = w
			}
		}
		src := &watched{r: state}
		var size int64
		if _, size, err = readHeader(src); err == nil {
			i, err = w.describe(ctx, wire.Start{Run: d.run.ID, Process: process, Size: s.Size - size, Inspect: &d.how}, src)
		}
		if err != nil { // it has ended, or is in the middle of something
			w.w.end()
			d.d = nil
		}
		if src.err != nil {
			return src.err
		}
		return err
	})
	return i, st, err
}

// fill describes a process in a few words, and notes the types of what it shares.
func (d *processDescriber) fill(ctx context.Context, p *ProcessInfo, types map[string]string) error {
	i, st, err := d.describe(ctx, p.Number)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	p.Step, p.Bytes = st.Step, st.Size
	if err != nil {
		return err
	}
	p.Origin = append(p.Origin, i.Origin...)
	for _, g := range i.Goroutines {
		pg := ProcessG{ID: g.ID, Op: g.Op, frames: g.Frames}
		if len(g.Frames) > 0 {
			pg.Function, pg.Position = g.Frames[0].Function, g.Frames[0].Position
		}
		p.Goroutines = append(p.Goroutines, pg)
	}
	for _, c := range i.Channels {
		types[c.Shared] = c.Type
	}
	for _, l := range i.Locks {
		types[l.Shared] = l.Type
	}
	return nil
}
