package main

const (
	fibN     = 38
	fibTicks = 28657 // calls of fib(16)
)

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func fibTicking(n int, ticks <-chan int) int {
	if n < 2 {
		return n
	}
	if n == 16 {
		<-ticks
	}
	return fibTicking(n-1, ticks) + fibTicking(n-2, ticks)
}
