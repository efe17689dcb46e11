// This file defines the record of a run: what the store keeps under the id of a run.

package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// RunFormat is the version of the encoding of a Run. It grows when a reader of
// the old version would misunderstand the new one; fields that such a reader may ignore are just added.
//
//	1  a snapshot was one blob; whoever reads such a record finds the build to be another
//	2  Snapshot
const RunFormat = 2

// ErrFormat says that a record was written by a newer harkgen.
var ErrFormat = errors.New("store: the record has a newer format; use a newer harkgen")

// A State says how far a run is. The numbers and names are part of the format.
type State string

const (
	Running State = "running" // a worker executes it, or did when its supervisor was last seen
	Waiting State = "waiting" // every goroutine waits; nothing to do before Wake, or an event
	Done    State = "done"    // the program ended by itself, with Exit
	Failed  State = "failed"  // harkgen gave up on it; see Error
)

// A Run is one execution of a program. It is the Data of the record under its ID, in JSON.
type Run struct {
	Format  int       `json:"format"`
	ID      string    `json:"id"`
	Program Program   `json:"program"`
	Build   string    `json:"build"`           // identity of the worker's binary; a snapshot fits no other
	State   State     `json:"state"`           //
	Exit    int       `json:"exit,omitempty"`  // exit status, once Done
	Signal  string    `json:"signal,omitzero"` // what killed the program, once Done; Exit is then -1
	Error   string    `json:"error,omitempty"` // why it Failed, or why it cannot be saved at present
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	Step    int64     `json:"step"`              // commits so far
	Wake    time.Time `json:"wake,omitzero"`     // while Waiting; zero: it waits for events only
	Chaos   int       `json:"chaos,omitempty"`   // of the command that started it
	Reason  string    `json:"reason,omitempty"`  // of the last commit
	Count   int       `json:"count,omitempty"`   // of goroutines at the last commit
	Gs      []G       `json:"gs,omitempty"`      // the first MaxGs of them
	Snap    Snapshot  `json:"snap,omitzero"`     // none before the first commit
	Wrote   int64     `json:"wrote,omitempty"`   // bytes of Snap that the last commit wrote: the rest was there
	Keep    int       `json:"keep,omitempty"`    // how many of the last steps stay readable; 0 is 1
	Kept    []Kept    `json:"kept,omitempty"`    // those of them that are in blobs, oldest first
	Output  Output    `json:"output,omitzero"`   // of the last step
	Stdin   Stdin     `json:"stdin,omitzero"`    //
	Taken   []string  `json:"taken,omitempty"`   // the events that the last step has taken
	Listen  []string  `json:"listen,omitempty"`  // addresses at which the program serves HTTP
	Origin  *Event    `json:"origin,omitempty"`  // the event that started it, while nobody else has it any more
	Answer  []byte    `json:"answer,omitempty"`  // to that, if it is short; else its first byte
	Lingers bool      `json:"lingers,omitempty"` // of a run of several processes: that none of its goroutines can go on is no deadlock, but its end
	Shared  []byte    `json:"shared,omitempty"`  // reserved for the state that processes of one run share
	Pending []string  `json:"pending,omitempty"` // reserved for the outbox
	Cost    Cost      `json:"cost,omitzero"`     // of the commits before, on AWS
	Bare    bool      `json:"bare,omitempty"`    // no blob and no message was ever stored for it: there is nothing to look for when it has ended
}

// A Cost is what a run has used.
type Cost struct {
	Requests map[string]int64 `json:"requests,omitempty"` // by service and operation, "dynamodb.PutItem"; attempts that have failed count
	Bytes    int64            `json:"bytes,omitempty"`    // of them and of their answers
}

// IsZero reports whether nothing was used.
func (c Cost) IsZero() bool { return len(c.Requests) == 0 && c.Bytes == 0 }

// Plus returns the sum. It changes neither.
func (c Cost) Plus(d Cost) Cost {
	sum := Cost{maps.Clone(c.Requests), c.Bytes + d.Bytes}
	for name, n := range d.Requests {
		if sum.Requests == nil {
			sum.Requests = map[string]int64{}
		}
		sum.Requests[name] += n
	}
	return sum
}

// Count returns the number of requests.
func (c Cost) Count() (n int64) {
	for _, k := range c.Requests {
		n += k
	}
	return n
}

// MaxGs is the number of goroutines that a record describes.
const MaxGs = 100

// A Program says what to compile and how to start it.
type Program struct {
	Package  string   `json:"package"`          // import path
	Patterns []string `json:"patterns"`         // as given on the command line, to be compiled in Dir
	Dir      string   `json:"dir"`              // where it was compiled
	All      bool     `json:"all,omitempty"`    // with every function transformed
	Spread   bool     `json:"spread,omitempty"` // it may have several processes, which package engine keeps
	Args     []string `json:"args,omitempty"`
	Cwd      string   `json:"cwd"` // working directory of the worker

	Placement string `json:"placement,omitempty"` // where goroutines run whose go statement does not say it; "" is in the process of the statement

	Event *Event `json:"event,omitempty"` // that starts it, until it is taken

	ArgsBlob string `json:"args_blob,omitempty"` // the arguments in JSON, if they are too long for the record
}

// PackArgs makes a blob of arguments that are too long for the record, which is to be put with it.
func (r *Run) PackArgs() (blobs []Blob, err error) {
	data, err := json.Marshal(r.Program.Args)
	if err != nil || len(data) <= MaxInline {
		return nil, err
	}
	b := NewBlob(r.ID, data)
	r.Program.Args, r.Program.ArgsBlob = nil, b.Name
	return []Blob{b}, nil
}

// A G is one goroutine at the last commit.
type G struct {
	ID       int64     `json:"id"`
	State    string    `json:"state,omitempty"` // "waiting", "ready", ...
	Op       string    `json:"op,omitempty"`    // "chan receive", "sleep", ...
	Func     string    `json:"func,omitempty"`
	Pos      string    `json:"pos,omitempty"` // file:line:col
	Deadline time.Time `json:"deadline,omitzero"`
}

// A Snapshot says where the saved memory of the program is: in the record itself, if it is small, or else in pages; see package pages.
type Snapshot struct {
	Size   int64  `json:"size,omitempty"` // in bytes
	Inline []byte `json:"inline,omitempty"`
	Pages  []byte `json:"pages,omitempty"` // list of pages
	Depth  int    `json:"depth,omitempty"` // levels of lists between Pages and the content
}

// IsZero reports whether there is no snapshot.
func (s Snapshot) IsZero() bool { return len(s.Inline) == 0 && len(s.Pages) == 0 }

// Kept is an earlier step. Its blob is the Run as it was then, in JSON, without its output and without what it kept itself.
type Kept struct {
	Step int64  `json:"step"`
	Blob string `json:"blob"`
}

// MaxKeep is the highest number of steps that can be kept. A record with more would be too long.
const MaxKeep = 1000

// Content is bytes in the record itself, if they are few, or else in blobs.
type Content struct {
	Inline []byte   `json:"inline,omitempty"`
	Blobs  []string `json:"blobs,omitempty"` // to be joined
}

// MaxInline is the size up to which Content stays in the record.
const MaxInline = 16 << 10

// IsZero reports whether there is no content; JSON leaves it out then.
func (c Content) IsZero() bool { return len(c.Inline) == 0 && len(c.Blobs) == 0 }

// Output is what the program wrote in a step, as a sequence of chunks in the order of
// arrival. It is shown after the commit; how much of the whole run's output was shown
// is known to whoever shows it.
type Output struct {
	Base    int64 `json:"base"` // bytes written by the steps before
	Size    int64 `json:"size,omitempty"`
	Content       // chunks: one byte 1 (stdout), 2 (stderr) or 3 (response), uvarint length, bytes; of a response uvarint length of the id, id, data
}

// IsZero reports whether nothing was ever written.
func (o Output) IsZero() bool { return o.Base == 0 && o.Size == 0 }

// Stdin says how much of the standard input the program has consumed. The input
// itself waits in the run's mailbox.
type Stdin struct {
	Attached bool  `json:"attached,omitempty"`
	Consumed int64 `json:"consumed,omitempty"`
}

// IsZero reports whether the program has no input.
func (s Stdin) IsZero() bool { return !s.Attached && s.Consumed == 0 }

// Keeps reports whether a step is one of those in Kept.
func (r *Run) Keeps(step int64) bool {
	return slices.ContainsFunc(r.Kept, func(k Kept) bool { return k.Step == step })
}

// Ended reports whether nothing more will happen. A run that Failed may be resumed.
func (r *Run) Ended() bool { return r.State == Done }

// Blobs returns the names of the blobs that the record points to, but for the pages of snapshots.
func (r *Run) Blobs() []string {
	names := append([]string(nil), r.Output.Blobs...)
	for _, k := range r.Kept {
		names = append(names, k.Blob)
	}
	if r.Program.ArgsBlob != "" {
		names = append(names, r.Program.ArgsBlob)
	}
	return names
}

// Encode returns the data of the record.
func (r *Run) Encode() ([]byte, error) {
	c := *r
	c.Format = RunFormat
	if len(c.Gs) > MaxGs {
		c.Gs = c.Gs[:MaxGs]
	}
	return json.Marshal(&c)
}

// PutRun stores the record of a run, and first the blobs, as Put does.
func PutRun(ctx context.Context, s Store, r *Run, version int64, blobs ...Blob) (int64, error) {
	data, err := r.Encode()
	if err != nil {
		return 0, err
	}
	return s.Put(ctx, Record{ID: r.ID, Version: version, Data: data}, blobs...)
}

// DecodeRun is the inverse of Encode. The error wraps ErrFormat or ErrDamaged.
func DecodeRun(rec Record) (*Run, error) {
	var r Run
	if err := json.Unmarshal(rec.Data, &r); err != nil {
		return nil, Damagedf("the record of run %s is damaged: %v; nothing was deleted", rec.ID, err)
	}
	if r.Format > RunFormat {
		return nil, fmt.Errorf("%w: run %s, format %d", ErrFormat, rec.ID, r.Format)
	}
	if r.Format < 1 || r.ID == "" {
		return nil, Damagedf("the record %s is not one of a run; nothing was deleted", rec.ID)
	}
	return &r, nil
}
