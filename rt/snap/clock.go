package snap

import (
	"math"
	"time"
)

// This file defines the time that snapshots go by. It is the machine's, but in a local cloud, whose clock can be set forward. Timers go by the machine's; what is
// saved is converted.

// ahead is how far the clock is ahead of the machine's, in nanoseconds.
var ahead int64

// SetAhead says how far the clock is ahead of the machine's. It is called before anything is loaded.
func SetAhead(d time.Duration) { ahead = int64(d) }

// Told returns the time by the clock at which a deadline by the machine's is reached, both in nanoseconds; 0 is none.
func Told(deadline int64) int64 { return shift(deadline, ahead) }

// Meant is the inverse of Told.
func Meant(deadline int64) int64 { return shift(deadline, -ahead) }

func shift(t, by int64) int64 {
	if t == 0 || t == math.MaxInt64 {
		return t
	}
	return max(t+by, 1)
}
