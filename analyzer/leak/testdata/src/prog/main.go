package main

func main() {
	jobs := make(chan int)
	go func() {
		for range jobs { // it ends with main
		}
	}()
	jobs <- 1
	results := make(chan int)
	go func() { results <- 1 }()
	select {
	case <-results:
	case <-jobs:
	}
	never := make(chan bool)
	go func() { <-never }()
	stop := make(chan bool)
	<-stop // want `a receive from the channel made at \w+.go:\d+:\d+, which nobody sends on or closes; it waits for ever, and is saved with the run as long as that lives; send on it, or close it \(warning: leak\)`
	println("done")
}
