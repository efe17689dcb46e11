// Covers: time.AfterFunc in a process whose goroutines have ended, also after Stop and Reset; a value of a megabyte.

package main

import (
	"fmt"
	"time"
)

func main() {
	fired := make(chan string)
	go func() {
		time.AfterFunc(3*time.Millisecond, func() { fired <- "alone" })
	}()
	fmt.Println(<-fired)
	go func() {
		t := time.AfterFunc(time.Hour, func() { fired <- "set again" })
		if t.Stop() {
			t.Reset(time.Millisecond)
		}
	}()
	fmt.Println(<-fired)
	go func() {
		time.AfterFunc(time.Millisecond, func() { fired <- "stopped" }).Stop()
		time.AfterFunc(5*time.Millisecond, func() { fired <- "second" })
	}()
	fmt.Println(<-fired)

	large := make(chan []byte)
	go func() {
		b := make([]byte, 1<<20)
		for i := range b {
			b[i] = byte(i * 7)
		}
		large <- b
	}()
	sum := 0
	b := <-large
	for _, x := range b {
		sum = sum*31 + int(x)
	}
	fmt.Println(len(b), sum)
	go func() { large <- b[10:20] }()
	fmt.Println(<-large)
}
