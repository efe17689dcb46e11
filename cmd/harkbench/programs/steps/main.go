// Steps makes a number of channel operations, one after the other. Harkbench
// runs it with a save at every operation.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	rounds, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	c := make(chan int, 1)
	start := time.Now()
	for i := range rounds / 2 {
		c <- i
		<-c
	}
	d := time.Since(start)
	fmt.Println("steps", float64(d.Nanoseconds())/float64(rounds), "ns/op")
}
