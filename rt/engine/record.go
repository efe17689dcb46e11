// This file defines the record of a process.

package engine

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
)

const recordFormat = 2

// A record is a process as of its last commit. Its encoding is
//
//	uvarint format, step, consumed, began (UnixNano); origin with its length before it; content batch; snapshot
type record struct {
	step     uint64
	consumed uint64        // number of the last reply that the state knows
	began    int64         // when its first step did, and
	origin   string        // where it comes from, as OpSpawn says it; of processes that are executed elsewhere
	batch    store.Content // of the step: it counts once the exchange has consumed it
	state    store.Snapshot
}

// recordID names the record of a process, which also owns its blobs.
func recordID(run string, p exchange.ProcessID) string {
	id := make([]byte, 0, len(run)+11)
	id = append(append(id, run...), "/p/"...)
	return string(hex.AppendEncode(id, binary.BigEndian.AppendUint32(nil, uint32(p))))
}

func (r *record) encode() []byte {
	b := make([]byte, 0, 64+len(r.batch.Inline)+len(r.state.Inline)+len(r.state.Pages))
	b = binary.AppendUvarint(b, recordFormat)
	b = binary.AppendUvarint(b, r.step)
	b = binary.AppendUvarint(b, r.consumed)
	b = binary.AppendUvarint(b, uint64(r.began))
	b = appendBytes(b, []byte(r.origin))
	b = appendContent(b, r.batch)
	return appendSnapshot(b, r.state)
}

func decodeRecord(b []byte) (*record, error) {
	d := &decoder{b: b}
	d.format(recordFormat)
	r := &record{step: d.uint(), consumed: d.uint(), began: int64(d.uint()), origin: string(d.bytes()), batch: d.content(), state: d.snapshot()}
	return r, d.end()
}
