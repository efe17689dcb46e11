// Covers: an uncaught write to a nil map.

package main

import "fmt"

type counts struct{ m map[string]int }

func main() {
	c := make(chan string, 1)
	c <- "k"
	x := counts{}
	fmt.Println(x.m["k"], len(x.m))
	x.m[<-c]++
}
