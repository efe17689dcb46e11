// A function for tests: what it does is in the event.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do   string
	Text string
	MS   int // duration
	N    int
}

var (
	invocations int
	ticks       = make(chan int, 1) // how often a goroutine of the environment has woken
)

func handle(ctx context.Context, raw json.RawMessage) (any, error) {
	invocations++
	var e event
	if json.Unmarshal(raw, &e) != nil || e.Do == "" {
		return raw, nil // echo
	}
	switch e.Do {
	case "count":
		return invocations, nil
	case "sleep":
		time.Sleep(time.Duration(e.MS) * time.Millisecond)
		return invocations, nil
	case "exit":
		os.Exit(e.N)
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "error":
		return nil, errors.New(e.Text)
	case "panic":
		panic(e.Text)
	case "print":
		fmt.Println(e.Text)
		fmt.Fprint(os.Stderr, "unfinished")
		return nil, nil
	case "env":
		return os.Environ(), nil
	case "context":
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{"id": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "left": time.Until(deadline).Milliseconds()}, nil
	case "large":
		return strings.Repeat("x", e.N), nil
	case "child":
		return child(e.Text)
	case "ticks":
		return <-ticks, nil
	case "touch":
		return nil, os.WriteFile(e.Text, nil, 0o600)
	case "failing": // unless the file is there; it is made by the first call
		f, err := os.OpenFile(e.Text, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		f.WriteString(lambdacontext.LogStreamName + "\n")
		return nil, errors.New("it fails")
	}
	return nil, fmt.Errorf("do what? %q", e.Do)
}

// child starts a process in a group of its own, like the worker of a handler, and returns its id.
func child(sleep string) (int, error) {
	cmd := exec.Command("/bin/sleep", sleep)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	return cmd.Process.Pid, nil
}

func main() {
	if os.Getenv("BROKEN") != "" {
		fmt.Println("cannot start")
		os.Exit(7)
	}
	go func() {
		for n := 0; ; n++ {
			time.Sleep(time.Millisecond)
			select {
			case <-ticks:
			default:
			}
			ticks <- n
		}
	}()
	lambda.Start(handle)
}
