// Text builds strings and counts words in maps, and takes its input from a
// channel.
package main

import (
	"fmt"
	"strings"
	"syscall"
	"time"
)

func build(seeds <-chan uint32) (length, distinct int) {
	for seed := range seeds {
		var sb strings.Builder
		for range 20000 {
			seed = seed*1664525 + 1013904223
			for n := seed >> 16; n > 0; n /= 26 {
				sb.WriteByte(byte('a' + n%26))
			}
			sb.WriteByte(' ')
		}
		counts := map[string]int{}
		for _, w := range strings.Fields(sb.String()) {
			counts[w]++
			counts["all words"] += len(w)
		}
		length += counts["all words"]
		distinct += len(counts)
	}
	return length, distinct
}

func main() {
	const rounds = 600
	seeds := make(chan uint32, rounds)
	for i := range rounds {
		seeds <- uint32(i)
	}
	close(seeds)
	start, used := time.Now(), userTime()
	if length, distinct := build(seeds); length == 0 || distinct == 0 {
		panic("nothing built")
	}
	d, u := time.Since(start), userTime()-used
	fmt.Println("text", float64(d)/rounds, "ns/op", float64(u)/rounds, "user-ns/op")
}

// userTime is the processor time that this process has used.
func userTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano())
}
