// Covers: method values that are called at once by a go or defer statement, or given to sync.WaitGroup.Go.

package main

import (
	"fmt"
	"sync"
)

type sender struct{ c chan int }

func (s *sender) run()  { s.c <- 1 }
func (s *sender) say()  { fmt.Println("said") }
func (s sender) value() { s.c <- 2 }

func main() {
	x := &sender{make(chan int, 2)}
	var wg sync.WaitGroup
	wg.Go(x.run)
	wg.Go(x.say)
	wg.Wait()
	wg.Go(x.value)
	wg.Wait()
	fmt.Println(<-x.c, <-x.c)
	defer (x.say)()
	go (x.run)()
	fmt.Println(<-x.c)
}
