// Covers: os.Exit in main after suspensions; deferred calls do not run.

package main

import (
	"fmt"
	"os"
)

func main() {
	defer fmt.Println("never")
	c := make(chan int)
	go func() { c <- 7 }()
	v := <-c
	fmt.Println("exit with", v)
	os.Exit(v)
}
