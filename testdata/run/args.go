// Covers: os.Args and package flag in a program that suspends.
// args: -n 3 -name=x y "z"

package main

import (
	"flag"
	"fmt"
	"os"
)

var n = flag.Int("n", 1, "number")

func main() {
	name := flag.String("name", "none", "name")
	c := make(chan int, 1)
	c <- len(os.Args)
	flag.Parse()
	fmt.Println(<-c, *n, *name, flag.Args(), flag.NArg())
	c <- *n
	*n += <-c
	fmt.Println(*n, flag.Arg(1), os.Args[1:])
}
