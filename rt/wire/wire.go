// Package wire is the protocol between a worker and its host: the messages, their framing, and the worker's side as an rt.Host.
//
// A frame is
//
//	byte                 kind
//	uint32, big endian   length of the message
//	the message          see encode.go
//	uint32, bytes        what else the message has, if the kind may have some: a batch, replies, output
//	chunks               the snapshot, if the kind carries one; see chunk.go
//
// The dialogue:
//
//	worker            host
//	Load         ->
//	             <-   Start + snapshot (empty if New)
//	Commit + snapshot ->
//	             <-   Committed, or SIGKILL when Reason is "chaos"
//	             <-   Wanted, Event, at any time
//	Response     ->   at any time
//	Unsaved      ->   at any time
//	Trace        ->   when the program panics
//	Refused      ->   and the host ends the worker
//
// The worker of a run of several processes gets several, which it executes one after the other. They have numbers, Task, that come once in a connection:
//
//	worker            host
//	Load         ->                                  once
//	             <-   Start, also while others wait or are executed
//	             <-   Replies, Unload, of any of them
//	Commit       ->                                  of the one that is executed; Committed is the answer unless it Leaves
//	Output       ->                                  the same, when something waits to be committed
//	Left         ->                                  it is not here any more, what it has done since its last Commit is forgotten
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
	kindLeft      kind = 10
	kindOutput    kind = 11
	kindTrace     kind = 12
	kindEvent     kind = 13
	kindResponse  kind = 14
	kindInspected kind = 16
)

// carries reports whether a snapshot follows a message.
func (k kind) carries() bool { return k == kindCommit || k == kindStart }

// hasData reports whether bytes follow a message.
func (k kind) hasData() bool {
	return k == kindCommit || k == kindStart || k == kindReplies || k == kindOutput || k == kindEvent || k == kindResponse
}

// Load asks for what to run. Worker to host.
type Load struct{}

// Commit asks to make a step durable; the snapshot follows. Worker to host.
type Commit struct {
	Task       uint32
	Reason     string
	Wake       time.Time
	External   bool     // it waits for events
	Taken      []string // events that are part of the snapshot and were not of the last one
	Goroutines []rt.Goroutine
	ElapsedNS  int64
	Ended      bool   // the process has: there is no snapshot
	Leaves     bool   // the process is not in the worker any more, and no answer is wanted
	Batch      []byte // see package exchange
}

// Start says what to run; the snapshot follows, of Size bytes, empty if New. Host to worker.
type Start struct {
	Run    string
	Chaos  int
	InProc bool
	Visits bool
	New    bool
	Size   int64
	Events bool // may come

	Task    uint32
	Process uint32 // of the run
	Replies []byte // the first of the exchange, in the same encoding

	Inspect *rt.InspectOptions
}

// MaxQueued is the size of a snapshot up to which Start may be sent while the worker has another process.
const MaxQueued = 256 << 10

// Verdicts in Committed.
const (
	VerdictContinue = "continue"
	VerdictExit     = "exit"
)

// Committed answers Commit. Host to worker.
type Committed struct{ Verdict string }

// Wanted asks for a commit soon. Host to worker.
type Wanted struct{}

// Event is one that has happened outside. Host to worker, at any time after Start.
type Event struct {
	Task     uint32
	ID, Kind string
	Data     []byte
}

// Response answers an event; it is part of the next commit. One without an ID tells the host something. Worker to host.
type Response struct {
	Task uint32
	ID   string
	Data []byte
}

// Replies are those of the exchange. Host to worker, at any time after Start.
type Replies struct {
	Task uint32
	Data []byte // in the encoding of exchange.Told, one for the connection
}

// Unload asks to forget a process. Host to worker; the worker answers with Left, unless that or a Commit that Leaves is on its way.
type Unload struct{ Task uint32 }

// Left says that a process is not in the worker any more. Worker to host.
type Left struct{ Task uint32 }

// Output is what the process that is executed has written so far, for its next commit. Worker to host; in package exchange's encoding of a batch.
type Output struct {
	Task uint32
	Data []byte
}

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

// A Conn is one side of a connection. Send, Put and Flush may be called by several goroutines, Receive by one.
type Conn struct {
	rwc  io.ReadWriteCloser
	r    *bufio.Reader
	body *Body      // of the last message received
	mu   sync.Mutex // orders writes
	out  buffer
	text []byte // of a message, for reuse
}

// NewConn makes a Conn of a stream.
func NewConn(rwc io.ReadWriteCloser) *Conn {
	return &Conn{rwc: rwc, r: bufio.NewReaderSize(rwc, chunkSize), out: buffer{w: rwc}}
}

// Close closes the stream.
func (c *Conn) Close() error { return c.rwc.Close() }

// kindOf returns the kind of a message, and what it has that is not text.
func kindOf(msg any) (k kind, data []byte, err error) {
	switch m := msg.(type) {
	case Load:
		return kindLoad, nil, nil
	case Commit:
		return kindCommit, m.Batch, nil
	case Start:
		return kindStart, m.Replies, nil
	case Committed:
		return kindCommitted, nil, nil
	case Wanted:
		return kindWanted, nil, nil
	case Replies:
		return kindReplies, m.Data, nil
	case Event:
		return kindEvent, m.Data, nil
	case Response:
		return kindResponse, m.Data, nil
	case Unload:
		return kindUnload, nil, nil
	case Left:
		return kindLeft, nil, nil
	case Output:
		return kindOutput, m.Data, nil
	case Refused:
		return kindRefused, nil, nil
	case Unsaved:
		return kindUnsaved, nil, nil
	case Trace:
		return kindTrace, nil, nil
	case Inspected:
		return kindInspected, nil, nil
	}
	return 0, nil, fmt.Errorf("wire: cannot send %T", msg)
}

// Send sends a message, which is one of the struct types above (not a pointer), with the snapshot if it carries one; nil is an
// empty one. If snapshot fails to write itself, the error is a *SourceError and the other side gets ErrAborted.
func (c *Conn) Send(msg any, snapshot io.WriterTo) error {
	if err := c.Put(msg, snapshot); err != nil {
		return err
	}
	return c.Flush()
}

// Put is Send of a message that may wait until the next Flush, or until many have come together.
func (c *Conn) Put(msg any, snapshot io.WriterTo) error {
	k, data, err := kindOf(msg)
	if err != nil {
		return err
	}
	if snapshot != nil && !k.carries() {
		return fmt.Errorf("wire: %T carries no snapshot", msg)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.text, err = appendMessage(c.text[:0], msg); err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	head := [5]byte{byte(k)}
	binary.BigEndian.PutUint32(head[1:], uint32(len(c.text)))
	c.out.Write(head[:])
	c.out.Write(c.text)
	if k.hasData() {
		c.out.number(uint32(len(data)))
		c.out.Write(data)
	}
	if k.carries() && snapshot == nil {
		c.out.number(endOfChunks)
	}
	if snapshot == nil {
		return c.out.failed()
	}
	return sendChunks(&c.out, snapshot)
}

// Flush sends what Put has left.
func (c *Conn) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.flush()
	return c.out.failed()
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
	var data []byte
	if k.hasData() {
		if _, err := io.ReadFull(c.r, head[:4]); err != nil {
			return nil, nil, cut(err)
		}
		if data, err = c.read(int64(binary.BigEndian.Uint32(head[:4]))); err != nil {
			return nil, nil, err
		}
	}
	if msg, err = decode(k, text, data); err != nil {
		return nil, nil, err
	}
	if k.carries() {
		c.body = newBody(c.r)
	}
	return msg, c.body, nil
}

// read reads n bytes. A false length costs no more memory than what really arrives.
func (c *Conn) read(n int64) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	if n <= chunkSize {
		b := make([]byte, n)
		_, err := io.ReadFull(c.r, b)
		return b, cut(err)
	}
	var b bytes.Buffer
	_, err := io.CopyN(&b, c.r, n)
	return b.Bytes(), cut(err)
}

// cut returns the error of a stream that ends within a message.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
