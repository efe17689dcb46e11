// Covers: standard input read whole, by fmt.Scan, after a suspension; end of input.
// stdin: "1 2 3\n4 five\n"

package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	c := make(chan int, 1)
	sum := 0
	for {
		var n int
		if _, err := fmt.Scan(&n); err != nil {
			fmt.Println("stopped:", err)
			break
		}
		c <- n
		sum += <-c
	}
	c <- sum
	rest, err := io.ReadAll(os.Stdin)
	fmt.Println(<-c, len(rest) < 8, err)
	rest, err = io.ReadAll(os.Stdin)
	fmt.Println(len(rest), err)
}
