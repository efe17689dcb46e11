// The environment as the program has changed it is its state.

package main

import (
	"fmt"
	"os"
)

func wait() {
	c := make(chan int)
	go func() { c <- 1 }()
	<-c
}

func main() {
	_, ok := os.LookupEnv("HARK_TEST")
	fmt.Println(ok, os.Getenv("HOME") != "")
	os.Setenv("HARK_TEST", "one = two")
	os.Unsetenv("HOME")
	for i := range 2 {
		wait()
		home, ok := os.LookupEnv("HOME")
		fmt.Printf("%d %q %q %v %v\n", i, os.Getenv("HARK_TEST"), home, ok, os.Getenv("PATH") != "")
	}
	os.Clearenv()
	wait()
	fmt.Println(len(os.Environ()))
}
