// Package wire is the protocol between a worker and its host: the messages, their framing, and the worker's side as an rt.Host.
//
// A frame is
//
//	uint32, big endian   length of what follows
//	byte                 kind
//	uint32, big endian   length of the JSON
//	JSON                 the message
//	raw bytes            the snapshot, if the message carries one
//
// The dialogue:
//
//	worker            host
//	Load         ->
//	             <-   Start + snapshot (none if New)
//	Commit + snapshot ->
//	             <-   Committed, or SIGKILL when Reason is "chaos"
//	             <-   Wanted, at any time
//	Refused      ->   and the host ends the worker
//
// The end of the stream means that the other side is gone; a worker then exits at once, with status 137.
package wire

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
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
)

// Load asks for what to run. Worker to host.
type Load struct{}

// Commit asks to make a step durable; the frame carries the snapshot. Worker to host.
type Commit struct {
	Reason     string
	Wake       time.Time `json:",omitzero"`
	Goroutines []rt.Goroutine
	ElapsedNS  int64
}

// Start says what to run; unless New, the frame carries the snapshot. Host to worker.
type Start struct {
	Run    string
	Chaos  int
	InProc bool
	Visits bool
	New    bool
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

// Refused says that the process cannot be saved for good. Worker to host.
type Refused struct{ Err string }

// ErrProtocol is returned by Receive for a frame that makes no sense.
var ErrProtocol = errors.New("wire: malformed frame")

// A Conn is one side of a connection. Send may be called by several goroutines, Receive by one.
type Conn struct {
	rwc io.ReadWriteCloser
	r   *bufio.Reader
	mu  sync.Mutex // orders writes
}

// NewConn makes a Conn of a stream.
func NewConn(rwc io.ReadWriteCloser) *Conn {
	return &Conn{rwc: rwc, r: bufio.NewReader(rwc)}
}

// Close closes the stream.
func (c *Conn) Close() error { return c.rwc.Close() }

// Send sends a message, which is one of the struct types above (not a pointer), with raw bytes or none.
func (c *Conn) Send(msg any, raw []byte) error {
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
	case Refused:
		k = kindRefused
	default:
		return fmt.Errorf("wire: cannot send %T", msg)
	}
	text, err := json.Marshal(msg)
	if err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	rest := 5 + len(text) + len(raw)
	if uint64(rest) > math.MaxUint32 {
		return fmt.Errorf("wire: snapshot of %d bytes is too large", len(raw))
	}
	head := make([]byte, 0, 9+len(text))
	head = binary.BigEndian.AppendUint32(head, uint32(rest))
	head = append(head, byte(k))
	head = binary.BigEndian.AppendUint32(head, uint32(len(text)))
	head = append(head, text...)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.rwc.Write(head); err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	if len(raw) > 0 {
		if _, err := c.rwc.Write(raw); err != nil {
			return fmt.Errorf("wire: %w", err)
		}
	}
	return nil
}

// Receive returns the next message, one of the struct types above (not a pointer), and its raw bytes. The error is io.EOF at the end of the stream.
func (c *Conn) Receive() (msg any, raw []byte, err error) {
	var head [9]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return nil, nil, err
	}
	rest := int64(binary.BigEndian.Uint32(head[0:]))
	textLen := int64(binary.BigEndian.Uint32(head[5:]))
	rawLen := rest - 5 - textLen
	if rawLen < 0 {
		return nil, nil, ErrProtocol
	}
	text, err := c.read(textLen)
	if err != nil {
		return nil, nil, err
	}
	if raw, err = c.read(rawLen); err != nil {
		return nil, nil, err
	}
	if msg, err = decode(kind(head[4]), text); err != nil {
		return nil, nil, err
	}
	return msg, raw, nil
}

// read reads n bytes. A false length costs no more memory than what really arrives.
func (c *Conn) read(n int64) ([]byte, error) {
	const chunk = 1 << 20
	b := make([]byte, 0, min(n, chunk))
	for int64(len(b)) < n {
		if len(b) == cap(b) {
			grown := make([]byte, len(b), min(n, 4*int64(len(b))))
			copy(grown, b)
			b = grown
		}
		m := len(b)
		b = b[:cap(b)]
		if _, err := io.ReadFull(c.r, b[m:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return b, nil
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
	case kindRefused:
		return parse[Refused](text)
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
