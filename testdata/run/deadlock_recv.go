// Covers: deadlock, main waits for a channel nobody sends on.

package main

import "fmt"

func main() {
	c := make(chan int)
	fmt.Println("waiting")
	<-c
}
