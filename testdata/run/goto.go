// Covers: goto backwards and forwards, out of blocks, with channel operations between.

package main

import "fmt"

func main() {
	c := make(chan int, 1)
	i := 0
again:
	c <- i
	i = <-c + 1
	if i < 4 {
		goto again
	}
	fmt.Println(i)
	for {
		for {
			c <- i
			if <-c == 4 {
				goto out
			}
		}
	}
out:
	fmt.Println("out")
	state := 0
s0:
	c <- state
	switch <-c {
	case 0:
		state = 2
		goto s0
	case 1:
		goto end
	case 2:
		goto s2
	}
s2:
	fmt.Println("s2")
	state = 1
	goto s0
end:
	fmt.Println("end", state)
}
