// sync.OnceFunc, OnceValue and OnceValues with functions that block or panic; their results are kept over waits.

package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

var slow = sync.OnceValue(func() int {
	time.Sleep(5 * time.Millisecond)
	fmt.Println("computed")
	return 42
})

var plain = sync.OnceFunc(func() { fmt.Println("plain") })

type config struct{ name string }

func main() {
	results := make(chan int)
	for range 3 {
		go func() { results <- slow() }()
	}
	for range 3 {
		fmt.Println(<-results)
	}
	fmt.Println(slow())
	plain()
	plain()
	ch := make(chan *config)
	get := sync.OnceValues(func() (*config, error) { return <-ch, errors.New("with an error") })
	go func() { ch <- &config{"c"} }()
	c, err := get()
	time.Sleep(time.Millisecond)
	c2, _ := get()
	fmt.Println(c.name, err, c == c2)

	bad := sync.OnceFunc(func() {
		time.Sleep(time.Millisecond)
		panic("no")
	})
	for range 2 {
		func() {
			defer func() { fmt.Println("recovered", recover()) }()
			bad()
		}()
	}
}
