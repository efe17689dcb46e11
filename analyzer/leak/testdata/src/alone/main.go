package main

import "fmt"

func main() {
	fmt.Println("ready")
	select {} // want `a select without cases in the only goroutine there is; it is a deadlock; leave it out, so that the program ends`
}
