package snap

// This file defines what snap knows about time.Time.
//
// A time from time.Now holds, beside the wall clock, a monotonic reading: nanoseconds since the process started. Differences and comparisons
// of two such times use the readings alone. Without them two times that differ could become equal, and a clock that was set between them
// would show in their difference. So the reading is kept, as if the process had run all the time: it is saved relative to the wall clock at
// the start of this process, and restored relative to that of the new one. Time between the two processes is measured by the wall clock. The same
// time has the same bytes in all of them.

import (
	"encoding/binary"
	"runtime"
	"time"
	"unsafe"
)

// timeTime mirrors time.Time up to its location.
type timeTime struct {
	wall uint64 // top bit: there is a monotonic reading, in ext
	ext  int64
}

const hasMonotonic = 1 << 63

// monoStart is when this process started, by the wall clock, in nanoseconds.
var monoStart int64

func init() {
	t := time.Now()
	u := t.Round(0)
	m, w := (*timeTime)(unsafe.Pointer(&t)), (*timeTime)(unsafe.Pointer(&u))
	if m.wall&hasMonotonic == 0 || w.wall&hasMonotonic != 0 || t.Add(time.Hour).Sub(t) != time.Hour || m.ext < 0 || m.ext > 1<<62 {
		panic("snap: this Go runtime (" + runtime.Version() + ") lays out times in an unknown way")
	}
	monoStart = t.UnixNano() - m.ext
}

// fixTime turns the monotonic reading into one since 1970, unfixTime turns it back.
func fixTime(b []byte)   { shiftTime(b, monoStart) }
func unfixTime(b []byte) { shiftTime(b, -monoStart) }

func shiftTime(b []byte, by int64) {
	if binary.NativeEndian.Uint64(b)&hasMonotonic != 0 {
		binary.NativeEndian.PutUint64(b[8:], binary.NativeEndian.Uint64(b[8:])+uint64(by))
	}
}
