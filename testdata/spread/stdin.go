// Covers: standard input in the first process.
// stdin: "one\ntwo\nthree\nfour\n"
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

func main() {
	lines, upper := make(chan string), make(chan string)
	go func() {
		for l := range lines {
			upper <- strings.ToUpper(l)
		}
		close(upper)
	}()
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		lines <- in.Text()
		fmt.Println(<-upper)
	}
	close(lines)
	_, ok := <-upper
	fmt.Println(ok)
}
