// Contexts that are cancelled: cancel functions saved, parents before children, causes, names.

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type key struct{}

func wait(name string, ctx context.Context, done chan<- string) {
	select {
	case <-ctx.Done():
		done <- fmt.Sprintf("%s: %v, cause %v", name, ctx.Err(), context.Cause(ctx))
	case <-time.After(time.Minute):
		done <- name + ": not cancelled"
	}
}

func main() {
	root, stop := context.WithCancelCause(context.WithValue(context.Background(), key{}, "v"))
	child, cancel := context.WithCancel(root)
	defer cancel()
	grand, cancelGrand := context.WithTimeout(child, time.Hour)
	defer cancelGrand()
	free := context.WithoutCancel(grand)
	fmt.Printf("%T %v\n", child, child)
	fmt.Printf("%T %v\n", free, root)
	fmt.Println(child.Err(), context.Cause(child), grand.Value(key{}), free.Value(key{}))

	done := make(chan string)
	go wait("grand", grand, done)
	time.Sleep(10 * time.Millisecond)
	stop(errors.New("enough"))
	fmt.Println(<-done)
	fmt.Println(child.Err() == context.Canceled, errors.Is(grand.Err(), context.Canceled), free.Err(), context.Cause(free))

	late, cancelLate := context.WithCancel(root) // of a parent that is cancelled already
	defer cancelLate()
	fmt.Println(late.Err(), context.Cause(late))

	own, cancelOwn := context.WithCancel(context.Background())
	sub, cancelSub := context.WithCancel(own)
	go wait("sub", sub, done)
	cancelSub()
	fmt.Println(<-done)
	fmt.Println(own.Err(), sub.Err())
	cancelOwn()
	cancelOwn()
	fmt.Println(own.Err())
}
