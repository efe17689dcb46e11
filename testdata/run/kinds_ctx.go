// Covers: contexts over a restore: causes, deadlines, values, AfterFunc, WithoutCancel, a cancel function kept in data, contexts cancelled before and after.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type key struct{ name string }

type job struct {
	ctx    context.Context
	cancel context.CancelFunc
	cause  context.CancelCauseFunc
}

var errOwn = errors.New("own cause")

// wait is a point where the program may be saved and restored.
func wait() {
	c := make(chan int)
	go func() { c <- 1 }()
	<-c
}

func main() {
	root, cancelRoot := context.WithCancel(context.WithValue(context.Background(), key{"k"}, "value"))
	defer cancelRoot()
	jobs := map[string]*job{}
	a, cancelA := context.WithCancel(root)
	jobs["a"] = &job{ctx: a, cancel: cancelA}
	b, cancelB := context.WithCancelCause(root)
	jobs["b"] = &job{ctx: b, cause: cancelB}
	c, cancelC := context.WithTimeoutCause(b, time.Hour, errors.New("too late"))
	jobs["c"] = &job{ctx: c, cancel: cancelC}
	d, cancelD := context.WithTimeoutCause(root, time.Millisecond, errOwn)
	jobs["d"] = &job{ctx: d, cancel: cancelD}
	free := context.WithoutCancel(b)
	early, cancelEarly := context.WithCancelCause(root)
	cancelEarly(errOwn)
	after := make(chan string, 3)
	stop := context.AfterFunc(a, func() { after <- "a is done" })
	stopped := context.AfterFunc(b, func() { after <- "never" })
	show := func(what string) {
		fmt.Println(what)
		for _, name := range []string{"a", "b", "c"} {
			ctx := jobs[name].ctx
			fmt.Println(name, ctx.Err(), context.Cause(ctx), ctx.Value(key{"k"}), ctx.Value(key{"none"}))
		}
	}
	wait()
	show("start")
	fmt.Println(early.Err(), context.Cause(early) == errOwn, stopped(), stopped())
	wait()
	<-d.Done()
	fmt.Println(d.Err() == context.DeadlineExceeded, context.Cause(d) == errOwn)
	_, has := c.Deadline()
	fmt.Println(has)
	jobs["a"].cancel()
	wait()
	fmt.Println(<-after, stop())
	show("a cancelled")
	wait()
	jobs["b"].cause(fmt.Errorf("wrapped: %w", errOwn))
	wait()
	show("b cancelled")
	<-c.Done()
	fmt.Println(errors.Is(context.Cause(c), errOwn), errors.Is(c.Err(), context.Canceled), free.Err(), free.Value(key{"k"}))
	cancelRoot()
	wait()
	fmt.Println(root.Err(), len(after))
	jobs["c"].cancel()
	jobs["d"].cancel()
}
