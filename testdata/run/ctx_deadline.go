// Contexts with deadlines: WithTimeout, WithDeadline and their causes, nested and expired ones, errors as they are.

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errLate = errors.New("too late")

// global contexts are made while the package is initialised.
var globalCtx, globalCancel = context.WithTimeout(context.Background(), time.Hour)

func main() {
	defer globalCancel()
	ctx, cancel := context.WithTimeoutCause(globalCtx, 30*time.Millisecond, errLate)
	defer cancel()
	inner, cancelInner := context.WithTimeout(ctx, time.Hour)
	defer cancelInner()
	_, has := inner.Deadline()
	at, _ := inner.Deadline()
	outer, _ := ctx.Deadline()
	fmt.Printf("%T %v %v\n", inner, has, at.Equal(outer))

	ticks := 0
	tick := time.NewTicker(10 * time.Millisecond)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			ticks++
		}
	}
	tick.Stop()
	<-inner.Done()
	fmt.Println(ctx.Err(), context.Cause(ctx), inner.Err(), context.Cause(inner))
	var timeout interface{ Timeout() bool }
	fmt.Println(ctx.Err() == context.DeadlineExceeded, errors.Is(inner.Err(), context.DeadlineExceeded), errors.As(ctx.Err(), &timeout) && timeout.Timeout())

	past, cancelPast := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	fmt.Println(past.Err())
	cancelPast()

	early, cancelEarly := context.WithDeadlineCause(context.Background(), time.Now().Add(time.Hour), errLate)
	cancelEarly()
	fmt.Println(early.Err(), context.Cause(early))
	fmt.Println(globalCtx.Err())
	make := context.WithCancel // as a value
	c, stop := make(globalCtx)
	globalCancel()
	<-c.Done()
	fmt.Println(c.Err(), globalCtx.Err())
	stop()
}
