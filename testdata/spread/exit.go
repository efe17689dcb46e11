// Covers: os.Exit in a goroutine of another process, a panic that is recovered there, output of several.
package main

import (
	"fmt"
	"os"
)

func main() {
	done := make(chan string)
	go func() {
		defer func() { done <- fmt.Sprint("recovered ", recover()) }()
		var m map[string]int
		m["x"] = 1
	}()
	fmt.Println(<-done)
	go func() {
		fmt.Println("bye")
		os.Exit(3)
	}()
	<-done
}
