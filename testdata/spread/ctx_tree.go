// Covers: contexts derived from each other in three processes; values; WithoutCancel; a context that comes back is the original; user's own contexts; causes.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

type key struct{}

type request struct {
	ctx  context.Context
	back chan context.Context
}

// named is a context of the user's.
type named struct {
	context.Context
	name string
}

func (n *named) Value(k any) any {
	if k == "name" {
		return n.name
	}
	return n.Context.Value(k)
}

// first derives a context and starts second, in another process, with it.
func first(ctx context.Context, cancels chan context.CancelCauseFunc, log chan<- string) {
	ctx = context.WithValue(ctx, key{}, "first")
	child, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	wg.Add(1)
	go second(child, &wg, log)
	cancels <- cancel // main may cancel it
	wg.Wait()
	log <- fmt.Sprint("first: ", ctx.Err(), " ", context.Cause(child))
}

func second(ctx context.Context, wg *sync.WaitGroup, log chan<- string) {
	defer wg.Done()
	leaf, cancel := context.WithCancel(&named{ctx, "leaf"})
	defer cancel()
	free := context.WithoutCancel(leaf)
	log <- fmt.Sprint("second: ", leaf.Value(key{}), " ", leaf.Value("name"), " ", leaf.Err())
	<-leaf.Done()
	log <- fmt.Sprint("second: ", leaf.Err(), " ", context.Cause(leaf), " ", free.Err(), " ", free.Value(key{}))
}

func fromRoot() {
	root, cancel := context.WithCancelCause(context.Background())
	cancels, log := make(chan context.CancelCauseFunc), make(chan string)
	go first(root, cancels, log)
	<-cancels
	fmt.Println(<-log)
	cancel(errors.New("the root is cancelled"))
	fmt.Println(<-log)
	fmt.Println(<-log)
}

func fromMiddle() {
	root, cancel := context.WithCancelCause(context.Background())
	cancels, log := make(chan context.CancelCauseFunc), make(chan string)
	go first(root, cancels, log)
	middle := <-cancels
	fmt.Println(<-log)
	middle(errors.New("the middle is cancelled"))
	fmt.Println(<-log)
	fmt.Println(<-log)
	fmt.Println("root", root.Err())
	cancel(errors.New("late"))
	fmt.Println("root", context.Cause(root))
}

// echo gives contexts back.
func echo(requests <-chan request) {
	var last context.Context
	for r := range requests {
		if last != nil && last != r.ctx {
			panic("another context")
		}
		last = r.ctx
		r.back <- r.ctx
	}
}

func identity() {
	ctx, cancel := context.WithCancel(context.Background())
	requests := make(chan request)
	go echo(requests)
	for range 2 {
		r := request{ctx, make(chan context.Context)}
		requests <- r
		fmt.Println("the same", <-r.back == ctx)
	}
	close(requests)
	cancel()
}

// lateChild derives from a context that has been cancelled elsewhere.
func lateChild() {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("before"))
	got := make(chan error)
	go func() {
		child, stop := context.WithCancel(ctx)
		defer stop()
		got <- context.Cause(child)
	}()
	fmt.Println("late", <-got)
}

// earlyChild is cancelled before its parent: it keeps its own cause, also where both come to be known later.
func earlyChild() {
	parent, cancel := context.WithCancelCause(context.Background())
	child, stop := context.WithCancelCause(parent)
	ready, causes := make(chan bool), make(chan error)
	go func() {
		stop(errors.New("child"))
		cancel(errors.New("parent"))
		ready <- true
	}()
	<-ready
	go func() {
		causes <- context.Cause(child)
		causes <- context.Cause(parent)
	}()
	fmt.Println("early", <-causes, <-causes)
}

func main() {
	fromRoot()
	fromMiddle()
	identity()
	lateChild()
	earlyChild()
}
