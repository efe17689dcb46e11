// Covers: os.Exit(3) in a goroutine while main waits.

package main

import (
	"fmt"
	"os"
)

func main() {
	c := make(chan string)
	go func() {
		s := <-c
		fmt.Println("got", s)
		fmt.Fprintln(os.Stderr, "to stderr")
		os.Exit(3)
	}()
	c <- "go"
	c <- "never received"
}
