// Covers: deadlines of contexts that several processes know, also when the one that has made the context has ended; causes; a deadline of the parent.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

func wait(ctx context.Context, out chan<- string) {
	select {
	case <-ctx.Done():
		_, set := ctx.Deadline()
		out <- fmt.Sprint(ctx.Err(), " ", context.Cause(ctx), " ", ctx.Err() == context.DeadlineExceeded, " ", set)
	case <-time.After(time.Minute):
		out <- "late"
	}
}

// produce makes a context and ends.
func produce(contexts chan<- context.Context) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), 100*time.Millisecond, errors.New("too slow"))
	contexts <- ctx
	_ = cancel // it is the deadline that counts
}

func main() {
	out := make(chan string)
	contexts := make(chan context.Context)
	go produce(contexts)
	ctx := <-contexts
	go wait(ctx, out)
	child, cancel := context.WithTimeout(ctx, time.Hour)
	go wait(child, out)
	fmt.Println(<-out)
	fmt.Println(<-out)
	cancel()

	long, stop := context.WithTimeout(context.Background(), time.Hour)
	go wait(long, out)
	stop()
	fmt.Println(<-out)

	begin := time.Now()
	short, stop := context.WithDeadline(context.Background(), begin.Add(50*time.Millisecond))
	defer stop()
	go wait(short, out)
	<-short.Done()
	fmt.Println(<-out, time.Since(begin) >= 50*time.Millisecond)

	past, stop := context.WithDeadline(context.Background(), begin)
	defer stop()
	go wait(past, out)
	fmt.Println(<-out)
}
