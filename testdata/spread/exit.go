// Covers: os.Exit in a goroutine of another process, a panic that is recovered there, output of several.
package main

import (
	"fmt"
	"os"
)

func recovered() (text string) {
	defer func() { text = fmt.Sprint("recovered ", recover()) }()
	var m map[string]int
	m["x"] = 1
	return ""
}

func main() {
	done := make(chan string)
	go func() {
		done <- recovered()
	}()
	fmt.Println(<-done)
	go func() {
		fmt.Println("bye")
		os.Exit(3)
	}()
	<-done
}
