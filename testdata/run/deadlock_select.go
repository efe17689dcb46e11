// Covers: an empty select blocks for ever.

package main

import "fmt"

func main() {
	done := make(chan bool)
	go func() {
		fmt.Println("goroutine")
		done <- true
	}()
	<-done
	select {}
}
