// Covers: an uncaught nil dereference, with its signal line.

package main

import "fmt"

type node struct {
	next  *node
	value int
}

func main() {
	c := make(chan *node, 1)
	c <- &node{value: 3}
	n := <-c
	fmt.Println(n.value)
	c <- n.next
	fmt.Println((<-c).value)
}
