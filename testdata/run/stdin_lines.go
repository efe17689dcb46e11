// Covers: standard input read by lines with a bufio.Scanner, with suspensions between the lines.
// stdin: "3\nalpha\nbeta\ngamma\nrest 1\nrest 2"

package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
)

func main() {
	sc := bufio.NewScanner(os.Stdin)
	lines := make(chan string)
	done := make(chan int)
	go func() {
		n := 0
		for l := range lines {
			n++
			fmt.Println(n, l)
			done <- len(l)
		}
		close(done)
	}()
	sc.Scan()
	n, err := strconv.Atoi(sc.Text())
	if err != nil {
		fmt.Println(err)
	}
	total := 0
	for range n {
		sc.Scan()
		lines <- sc.Text()
		total += <-done
	}
	for sc.Scan() {
		lines <- "more " + sc.Text()
		total += <-done
	}
	close(lines)
	_, ok := <-done
	fmt.Println(total, ok, sc.Err())
}
