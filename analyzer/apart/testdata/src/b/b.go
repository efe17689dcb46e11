package b

var ch = make(chan int)

func Compute() int { return 2 } // want Compute:"never waits"

func Wait() int { return <-ch }

func Call(f func()) { f() }
