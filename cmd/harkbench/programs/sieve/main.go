// Sieve looks for primes with the sieve of Eratosthenes, and sends the number of
// those that it found over a channel.
package main

import (
	"fmt"
	"syscall"
	"time"
)

func primes(limit int, found chan<- int) {
	composite := make([]bool, limit)
	count := 0
	for i := 2; i < limit; i++ {
		if composite[i] {
			continue
		}
		count++
		for j := i * i; j < limit; j += i {
			composite[j] = true
		}
	}
	found <- count
}

func main() {
	const rounds = 60
	found := make(chan int, 1)
	start, used := time.Now(), userTime()
	for range rounds {
		primes(2_000_000, found)
		if n := <-found; n != 148933 {
			panic(n)
		}
	}
	d, u := time.Since(start), userTime()-used
	fmt.Println("sieve", float64(d)/rounds, "ns/op", float64(u)/rounds, "user-ns/op")
}

// userTime is the processor time that this process has used.
func userTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano())
}
