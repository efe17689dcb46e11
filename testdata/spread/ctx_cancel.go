// Covers: a context that is cancelled reaches workers in other processes: in a select beside shared and local channels, in a plain receive of Done, by its cause;
// two that cancel at the same time agree on the cause.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

var errEnough = errors.New("enough")

// worker takes jobs until the context is cancelled, which it tells by way of its results.
func worker(ctx context.Context, jobs <-chan int, results chan<- int, ended chan<- error) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	own := make(chan int, 1)
	own <- 1
	sum := 0
	for {
		select {
		case <-ctx.Done():
			select {
			case n := <-own:
				sum += 1000 * n
			default:
			}
			results <- sum
			ended <- context.Cause(ctx)
			return
		case n := <-jobs:
			sum += n
		case n := <-own:
			sum += 1000 * n
		case <-tick.C:
			panic("an hour has passed")
		}
	}
}

func workers() {
	ctx, cancel := context.WithCancelCause(context.Background())
	jobs, results, ended := make(chan int), make(chan int), make(chan error)
	for range 3 {
		go worker(ctx, jobs, results, ended)
	}
	for i := range 10 {
		jobs <- i
	}
	cancel(errEnough)
	cancel(errors.New("too late"))
	sum := 0
	for range 3 {
		sum += <-results
		if err := <-ended; err != errEnough {
			fmt.Println("cause", err)
		}
	}
	fmt.Println("workers", sum, ctx.Err(), context.Cause(ctx))
}

// receivers wait for nothing else.
func receivers() {
	ctx, cancel := context.WithCancel(context.Background())
	var ready, wg sync.WaitGroup
	for range 3 {
		ready.Add(1)
		wg.Add(1)
		go func() {
			defer wg.Done()
			done := ctx.Done()
			ready.Done()
			<-done
			if _, ok := <-ctx.Done(); ok || ctx.Err() != context.Canceled {
				panic("not cancelled")
			}
		}()
	}
	ready.Wait()
	cancel()
	wg.Wait()
	fmt.Println("receivers", ctx.Err())
}

// rivals cancel the same context for reasons of their own: one of them wins, for all.
func rivals() {
	for range 5 {
		ctx, cancel := context.WithCancelCause(context.Background())
		seen := make(chan error, 3)
		for i := range 3 {
			go func() {
				cancel(fmt.Errorf("reason %d", i))
				seen <- context.Cause(ctx)
			}()
		}
		a, b, c := <-seen, <-seen, <-seen
		if a.Error() != b.Error() || b.Error() != c.Error() || c.Error() != context.Cause(ctx).Error() {
			fmt.Println("rivals disagree:", a, b, c, context.Cause(ctx))
		}
	}
	fmt.Println("rivals")
}

// A cancellation is seen by whoever is told later, without another operation on the context.
func told() {
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	n := 0
	news := make(chan string)
	go func() {
		mu.Lock()
		n = 7
		mu.Unlock()
		cancel()
		news <- "done"
	}()
	<-ctx.Done()
	fmt.Println("told", n, <-news, ctx.Err())
}

func main() {
	workers()
	receivers()
	rivals()
	told()
}
