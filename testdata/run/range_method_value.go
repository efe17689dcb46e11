// Covers: a range over a method value, whose body waits.
package main

import (
	"fmt"
	"sync"
)

func main() {
	var m sync.Map
	m.Store(1, "a")
	out := make(chan string)
	go func() {
		for k, v := range m.Range {
			fmt.Println(k)
			out <- v.(string)
		}
		close(out)
	}()
	for s := range out {
		fmt.Println(s)
	}
}
