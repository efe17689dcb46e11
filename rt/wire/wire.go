// Package wire is the protocol between a worker and its host: the messages, their framing, and the worker's side as an rt.Host.
//
// A frame is
//
//	byte                 kind
//	uint32, big endian   length of the JSON
//	JSON                 the message
//	chunks               the snapshot, if the kind carries one; see chunk.go
//
// The dialogue:
//
//	worker            host
//	Load         ->
//	             <-   Start + snapshot (empty if New)
//	Commit + snapshot ->
//	             <-   Committed, or SIGKILL when Reason is "chaos"
//	             <-   Wanted, Replies, at any time
//	Unsaved      ->   at any time
//	Trace        ->   when the program panics
//	Refused      ->   and the host ends the worker
//
// or, to inspect what is stored:
//
//	Load         ->
//	             <-   Start + snapshot, with Inspect
//	Inspected    ->   and the worker ends
//
// A snapshot is written and read as a stream: neither side holds more than a chunk of it.
//
// The end of the stream means that the other side is gone; a worker then exits at once, with status 137.
package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt"
)

// A kind is the type of a message. The numbers are the protocol and never change.
type kind byte

const (
	kindLoad      kind = 1
	kindCommit    kind = 2
	kindStart     kind = 3
	kindCommitted kind = 4
	kindWanted    kind = 5
	kindRefused   kind = 6
	kindUnsaved   kind = 7
	kindReplies   kind = 8
	kindUnload    kind = 9
	kindTrace     kind = 12
	kindInspected kind = 16
)

// carries reports whether a snapshot follows a message.
func (k kind) carries() bool { return k == kindCommit || k == kindStart }

// Load asks for what to run. Worker to host.
type Load struct{}

// Commit asks to make a step durable; the snapshot follows. Worker to host.
type Commit struct {
	Reason     string
	Wake       time.Time `json:",omitzero"`
	Goroutines []rt.Goroutine
	ElapsedNS  int64
	Batch      []byte `json:",omitempty"` // see package exchange
	Ended      bool   `json:",omitempty"` // the process has: there is no snapshot
}

// Start says what to run; the snapshot follows, of Size bytes, empty if New. Host to worker.
type Start struct {
	Run    string
	Chaos  int
	InProc bool
	Visits bool
	New    bool
	Size   int64

	Process uint32 `json:",omitempty"` // of the run

	Inspect *rt.InspectOptions `json:",omitempty"`
}

// Verdicts in Committed.
const (
	VerdictContinue = "continue"
	VerdictExit     = "exit"
)

// Committed answers Commit. Host to worker.
type Committed struct{ Verdict string }

// Wanted asks for a commit soon. Host to worker.
type Wanted struct{}

// Replies are those of the exchange. Host to worker, at any time after Start.
type Replies struct{ Data []byte }

// Unload asks to forget the process. Host to worker; the worker answers with Load, for the next one.
type Unload struct{}

// Trace is that of a goroutine whose panic is about to end the program. Worker to host.
type Trace struct{ Text string }

// Refused says that the process cannot be saved for good. Worker to host.
type Refused struct{ Err string }

// Unsaved says what keeps the process from being saved at present. Worker to host.
type Unsaved struct{ Why string }

// Inspected is the description that Start.Inspect asked for. Worker to host.
type Inspected struct{ Inspection *rt.Inspection }

// What is inspected, for hosts that do not link rt.
type (
	InspectOptions = rt.InspectOptions
	Inspection     = rt.Inspection
	InspectedG     = rt.InspectedG
	InspectedWait  = rt.InspectedWait
	InspectedFrame = rt.InspectedFrame
	InspectedChan  = rt.InspectedChan
	InspectedLock  = rt.InspectedLock
	InspectedTimer = rt.InspectedTimer

	InspectedOrigin = rt.InspectedOrigin
	InspectedWaiter = rt.InspectedWaiter
	Variable        = rt.Variable
	Value           = rt.Value
	Part            = rt.Part
)

// ErrProtocol is returned by Receive for a frame that makes no sense.
var ErrProtocol = errors.New("wire: malformed frame")

// A Conn is one side of a connection. Send may be called by several goroutines, Receive by one.
type Conn struct {
	rwc  io.ReadWriteCloser
	r    *bufio.Reader
	body *Body      // of the last message received
	mu   sync.Mutex // orders writes
	out  []byte     // of a chunkWriter, for reuse
}

// NewConn makes a Conn of a stream.
func NewConn(rwc io.ReadWriteCloser) *Conn {
	return &Conn{rwc: rwc, r: bufio.NewReaderSize(rwc, chunkSize)}
}

// Close closes the stream.
func (c *Conn) Close() error { return c.rwc.Close() }

// Send sends a message, which is one of the struct types above (not a pointer), with the snapshot if it carries one; nil is an
// empty one. If snapshot fails to write itself, the error is a *SourceError and the other side gets ErrAborted.
func (c *Conn) Send(msg any, snapshot io.WriterTo) error {
	var k kind
	switch msg.(type) {
	case Load:
		k = kindLoad
	case Commit:
		k = kindCommit
	case Start:
		k = kindStart
	case Committed:
		k = kindCommitted
	case Wanted:
		k = kindWanted
	case Replies:
		k = kindReplies
	case Unload:
		k = kindUnload
	case Trace:
		k = kindTrace
	case Refused:
		k = kindRefused
	case Unsaved:
		k = kindUnsaved
	case Inspected:
		k = kindInspected
	default:
		return fmt.Errorf("wire: cannot send %T", msg)
	}
	text, err := json.Marshal(msg)
	if err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	if snapshot != nil && !k.carries() {
		return fmt.Errorf("wire: %T carries no snapshot", msg)
	}
	head := make([]byte, 0, 9+len(text))
	head = append(head, byte(k))
	head = binary.BigEndian.AppendUint32(head, uint32(len(text)))
	head = append(head, text...)
	if k.carries() && snapshot == nil {
		head = binary.BigEndian.AppendUint32(head, endOfChunks)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.rwc.Write(head); err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	if snapshot == nil {
		return nil
	}
	if c.out == nil {
		c.out = make([]byte, 4, 4+chunkSize)
	}
	return sendChunks(c.rwc, snapshot, c.out)
}

// Receive returns the next message, one of the struct types above (not a pointer), and its snapshot if it carries one. What of the snapshot before
// was not read is skipped. The error is io.EOF at the end of the stream.
func (c *Conn) Receive() (msg any, snapshot *Body, err error) {
	if c.body != nil {
		if _, err := io.Copy(io.Discard, c.body); err != nil && !errors.Is(err, ErrAborted) {
			return nil, nil, err
		}
		c.body = nil
	}
	var head [5]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return nil, nil, err
	}
	text, err := c.read(int64(binary.BigEndian.Uint32(head[1:])))
	if err != nil {
		return nil, nil, err
	}
	k := kind(head[0])
	if msg, err = decode(k, text); err != nil {
		return nil, nil, err
	}
	if k.carries() {
		c.body = newBody(c.r)
	}
	return msg, c.body, nil
}

// read reads n bytes. A false length costs no more memory than what really arrives.
func (c *Conn) read(n int64) ([]byte, error) {
	var b bytes.Buffer
	if _, err := io.CopyN(&b, c.r, n); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b.Bytes(), nil
}

func decode(k kind, text []byte) (any, error) {
	switch k {
	case kindLoad:
		return parse[Load](text)
	case kindCommit:
		return parse[Commit](text)
	case kindStart:
		return parse[Start](text)
	case kindCommitted:
		return parse[Committed](text)
	case kindWanted:
		return parse[Wanted](text)
	case kindReplies:
		return parse[Replies](text)
	case kindUnload:
		return parse[Unload](text)
	case kindTrace:
		return parse[Trace](text)
	case kindRefused:
		return parse[Refused](text)
	case kindUnsaved:
		return parse[Unsaved](text)
	case kindInspected:
		return parse[Inspected](text)
	}
	return nil, fmt.Errorf("%w: kind %d", ErrProtocol, k)
}

func parse[T any](text []byte) (any, error) {
	var v T
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrProtocol, err)
	}
	return v, nil
}
