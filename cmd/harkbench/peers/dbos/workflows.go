package main

// This file defines the workflows. Those that take the place of main return how long the rest took.

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

func register(ctx dbos.Context) {
	dbos.RegisterWorkflow(ctx, forkjoin)
	dbos.RegisterWorkflow(ctx, square)
	dbos.RegisterWorkflow(ctx, steps)
	dbos.RegisterWorkflow(ctx, pingpong)
	dbos.RegisterWorkflow(ctx, echo)
	dbos.RegisterWorkflow(ctx, sleeps)
	dbos.RegisterWorkflow(ctx, sleeper)
}

// execute runs a workflow to its end.
func execute[P any](ctx dbos.Context, w dbos.Workflow[P, time.Duration], input P) (time.Duration, error) {
	h, err := dbos.RunWorkflow(ctx, w, input)
	if err != nil {
		return 0, err
	}
	return h.GetResult()
}

// spawn starts n workflows, and returns the sum of their results.
func spawn[P any](ctx dbos.Context, w dbos.Workflow[P, int], n int, input func(i int) P) (int, error) {
	handles := make([]dbos.WorkflowHandle[int], n)
	for i := range handles {
		var err error
		if handles[i], err = dbos.RunWorkflow(ctx, w, input(i)); err != nil {
			return 0, err
		}
	}
	sum := 0
	for _, h := range handles {
		r, err := h.GetResult()
		if err != nil {
			return 0, err
		}
		sum += r
	}
	return sum, nil
}

func forkjoin(ctx dbos.Context, n int) (time.Duration, error) {
	start := time.Now()
	sum, err := spawn(ctx, square, n, func(i int) int { return i })
	return time.Since(start), checkSum(sum, n, err)
}

func square(_ dbos.Context, i int) (int, error) { return i * i, nil }

func steps(ctx dbos.Context, n int) (time.Duration, error) {
	start := time.Now()
	outcomes := make([]<-chan dbos.StepOutcome[int], n)
	for i := range outcomes {
		var err error
		if outcomes[i], err = dbos.Go(ctx, func(context.Context) (int, error) { return i * i, nil }); err != nil {
			return 0, err
		}
	}
	sum := 0
	for _, c := range outcomes {
		o := <-c
		if o.Err != nil {
			return 0, o.Err
		}
		sum += o.Result
	}
	return time.Since(start), checkSum(sum, n, nil)
}

// checkSum checks the sum of the first n squares.
func checkSum(sum, n int, err error) error {
	if err == nil && sum != (n-1)*n*(2*n-1)/6 {
		return fmt.Errorf("the sum of %d squares is not %d", n, sum)
	}
	return err
}

// patience is how long a workflow waits for another.
const patience = time.Minute

// pingpong and echo answer each other by events, one for each message: a workflow that waits for an event of the same
// OS process is woken at once, while dbos.Recv on SQLite looks for messages once a second.
func pingpong(ctx dbos.Context, rounds int) (time.Duration, error) {
	start := time.Now()
	me, err := dbos.GetWorkflowID(ctx)
	if err != nil {
		return 0, err
	}
	partner, err := dbos.RunWorkflow(ctx, echo, rally{me, rounds})
	if err != nil {
		return 0, err
	}
	v := 0
	for i := range rounds {
		if err := dbos.SetEvent(ctx, strconv.Itoa(i), v); err != nil {
			return 0, err
		}
		if v, err = dbos.GetEvent[int](ctx, partner.GetWorkflowID(), strconv.Itoa(i), patience); err != nil {
			return 0, err
		}
	}
	d := time.Since(start)
	if v != rounds {
		return 0, fmt.Errorf("%d after %d rounds", v, rounds)
	}
	_, err = partner.GetResult()
	return d, err
}

// A rally is what echo answers.
type rally struct {
	Partner string // id of the workflow
	Rounds  int
}

func echo(ctx dbos.Context, r rally) (int, error) {
	for i := range r.Rounds {
		v, err := dbos.GetEvent[int](ctx, r.Partner, strconv.Itoa(i), patience)
		if err != nil {
			return 0, err
		}
		if err := dbos.SetEvent(ctx, strconv.Itoa(i), v+1); err != nil {
			return 0, err
		}
	}
	return r.Rounds, nil
}

// sleepers are workflows that sleep.
type sleepers struct {
	N     int
	Pause time.Duration
}

func sleeps(ctx dbos.Context, s sleepers) (time.Duration, error) {
	start := time.Now()
	n, err := spawn(ctx, sleeper, s.N, func(int) time.Duration { return s.Pause })
	if err == nil && n != s.N {
		err = fmt.Errorf("%d of %d have slept", n, s.N)
	}
	return time.Since(start), err
}

func sleeper(ctx dbos.Context, pause time.Duration) (int, error) {
	_, err := dbos.Sleep(ctx, pause)
	return 1, err
}
