package wire

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"
)

// This file defines how messages are written. Numbers are varints, strings have their length before them. What is rare and large, descriptions for people, is JSON.

// The flags of a message.
const (
	flagInProc = 1 << iota
	flagVisits
	flagNew
	flagInspect
	flagEvents
)

const (
	flagEnded = 1 << iota
	flagLeaves
	flagWake
	flagGoroutines
	flagExternal
	flagTaken
)

func flags(list ...bool) (mask uint64) {
	for i, f := range list {
		if f {
			mask |= 1 << i
		}
	}
	return mask
}

func appendMessage(b []byte, msg any) ([]byte, error) {
	switch m := msg.(type) {
	case Start:
		b = binary.AppendUvarint(b, flags(m.InProc, m.Visits, m.New, m.Inspect != nil, m.Events))
		b = appendString(b, m.Run)
		for _, n := range []uint64{uint64(m.Chaos), uint64(m.Size), uint64(m.Task), uint64(m.Process)} {
			b = binary.AppendUvarint(b, n)
		}
		if m.Inspect != nil {
			return appendJSON(b, m.Inspect)
		}
	case Commit:
		b = binary.AppendUvarint(b, flags(m.Ended, m.Leaves, !m.Wake.IsZero(), len(m.Goroutines) > 0, m.External, len(m.Taken) > 0))
		b = appendString(b, m.Reason)
		b = binary.AppendVarint(binary.AppendUvarint(b, uint64(m.Task)), m.ElapsedNS)
		if !m.Wake.IsZero() {
			b = binary.AppendVarint(b, m.Wake.UnixNano())
		}
		if len(m.Taken) > 0 {
			b = binary.AppendUvarint(b, uint64(len(m.Taken)))
			for _, id := range m.Taken {
				b = appendString(b, id)
			}
		}
		if len(m.Goroutines) > 0 {
			return appendJSON(b, m.Goroutines)
		}
	case Committed:
		b = appendString(b, m.Verdict)
	case Replies:
		b = binary.AppendUvarint(b, uint64(m.Task))
	case Output:
		b = binary.AppendUvarint(b, uint64(m.Task))
	case Event:
		b = appendString(appendString(binary.AppendUvarint(b, uint64(m.Task)), m.ID), m.Kind)
	case Response:
		b = appendString(binary.AppendUvarint(b, uint64(m.Task)), m.ID)
	case Unload:
		b = binary.AppendUvarint(b, uint64(m.Task))
	case Left:
		b = binary.AppendUvarint(b, uint64(m.Task))
	case Trace:
		b = appendString(b, m.Text)
	case Refused:
		b = appendString(b, m.Err)
	case Unsaved:
		b = appendString(b, m.Why)
	case Inspected:
		return appendJSON(b, m)
	}
	return b, nil
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendJSON(b []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return append(b, text...), err
}

func decode(k kind, text, data []byte) (any, error) {
	r := &reader{b: text}
	var msg any
	switch k {
	case kindLoad:
		msg = Load{}
	case kindStart:
		msg = r.start(data)
	case kindCommit:
		msg = r.commit(data)
	case kindCommitted:
		msg = Committed{r.string()}
	case kindWanted:
		msg = Wanted{}
	case kindReplies:
		msg = Replies{r.uint32(), data}
	case kindOutput:
		msg = Output{r.uint32(), data}
	case kindEvent:
		msg = Event{r.uint32(), r.string(), r.string(), data}
	case kindResponse:
		msg = Response{r.uint32(), r.string(), data}
	case kindUnload:
		msg = Unload{r.uint32()}
	case kindLeft:
		msg = Left{r.uint32()}
	case kindTrace:
		msg = Trace{r.string()}
	case kindRefused:
		msg = Refused{r.string()}
	case kindUnsaved:
		msg = Unsaved{r.string()}
	case kindInspected:
		var m Inspected
		r.json(&m)
		msg = m
	default:
		return nil, fmt.Errorf("%w: kind %d", ErrProtocol, k)
	}
	if r.err == nil && len(r.b) > 0 {
		r.fail("bytes after the message")
	}
	return msg, r.err
}

func (r *reader) start(data []byte) (m Start) {
	f := r.uint()
	m.InProc, m.Visits, m.New, m.Events = f&flagInProc != 0, f&flagVisits != 0, f&flagNew != 0, f&flagEvents != 0
	m.Run = r.string()
	m.Chaos, m.Size = int(r.uint()), int64(r.uint())
	m.Task, m.Process = r.uint32(), r.uint32()
	m.Replies = data
	if f&flagInspect != 0 {
		r.json(&m.Inspect)
	}
	return m
}

func (r *reader) commit(data []byte) (m Commit) {
	f := r.uint()
	m.Ended, m.Leaves, m.External = f&flagEnded != 0, f&flagLeaves != 0, f&flagExternal != 0
	m.Reason = r.string()
	m.Task, m.ElapsedNS = r.uint32(), r.int()
	if f&flagWake != 0 {
		m.Wake = time.Unix(0, r.int()).UTC()
	}
	if f&flagTaken != 0 {
		m.Taken = r.strings()
	}
	m.Batch = data
	if f&flagGoroutines != 0 {
		r.json(&m.Goroutines)
	}
	return m
}

// A reader reads a message. After its first error it reads zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrProtocol, what)
	}
	r.b = nil
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail("bad number")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail("bad number")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) uint32() uint32 {
	v := r.uint()
	if v > 1<<32-1 {
		r.fail("bad number")
	}
	return uint32(v)
}

func (r *reader) string() string {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.fail("ends early")
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *reader) strings() (list []string) {
	for n := r.uint(); n > 0 && r.err == nil; n-- {
		list = append(list, r.string())
	}
	return list
}

// json reads the rest.
func (r *reader) json(v any) {
	if err := json.Unmarshal(r.b, v); err != nil && r.err == nil {
		r.err = fmt.Errorf("%w: %v", ErrProtocol, err)
	}
	r.b = nil
}
