// Covers: much output on stdout and stderr, written by several goroutines between suspensions, also without newline.

package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	turn, done := make(chan int), make(chan int)
	line := strings.Repeat("0123456789", 20)
	for w := range 2 {
		go func() {
			for i := range turn {
				for range 100 {
					fmt.Println(w*0, i, line)
				}
				fmt.Fprintln(os.Stderr, "block", i)
				done <- i
			}
		}()
	}
	for i := range 20 {
		turn <- i
		<-done
	}
	os.Stdout.WriteString(strings.Repeat("x", 100000))
	turn <- 20
	<-done
	os.Stdout.Write([]byte("no newline at the end"))
}
