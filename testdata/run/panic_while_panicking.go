// Covers: an uncaught panic in a deferred function while another panic is not recovered.

package main

import "fmt"

func main() {
	c := make(chan int, 1)
	defer func() {
		fmt.Println("deferred")
		panic(fmt.Errorf("second"))
	}()
	c <- 1
	panic(<-c)
}
