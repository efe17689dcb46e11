// Covers: the predeclared print and println (standard error) between suspensions.

package main

func main() {
	c := make(chan int, 1)
	for i := range 3 {
		c <- i
		println("line", <-c, true, "x")
	}
	print("a", 1, "b", 2, "\n")
	c <- 7
	println(<-c, int8(-1), uint64(1<<63), nil == error(nil))
}
