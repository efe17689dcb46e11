// Dbos does with DBOS Transact what programs/forkjoin, pingpong and sleeps do: what is a goroutine there is a workflow here.
//
//	dbos -state DIR [-synchronous LEVEL] forkjoin|steps|pingpong|sleeps N [DURATION]
//
// It times what the plain programs time, inside the workflow that takes the place of main. Steps is forkjoin with steps of
// one workflow. A step is less than a process: it cannot wait for anything durable.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

func main() {
	state := flag.String("state", "", "keep the database in `DIR`")
	level := flag.String("synchronous", "FULL", "what SQLite does at a commit: with FULL it waits for the disk; with NORMAL, the default of DBOS, it does not")
	flag.Parse()
	if err := run(*state, *level, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "dbos:", err)
		os.Exit(1)
	}
}

// run executes a program and prints what it took.
func run(state, level string, args []string) error {
	if state == "" || len(args) < 2 {
		return fmt.Errorf("wrong usage: state %q, arguments %q", state, args)
	}
	name := args[0]
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	db, err := open(state, level)
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, err := launch(db)
	if err != nil {
		return err
	}
	defer dbos.Shutdown(ctx, 10*time.Second)

	var d time.Duration
	switch name {
	case "forkjoin":
		d, err = execute(ctx, forkjoin, n)
	case "steps":
		d, err = execute(ctx, steps, n)
	case "pingpong":
		d, err = execute(ctx, pingpong, n)
	case "sleeps":
		if len(args) < 3 {
			return fmt.Errorf("sleeps needs a duration")
		}
		var pause time.Duration
		if pause, err = time.ParseDuration(args[2]); err != nil {
			return err
		}
		d, err = execute(ctx, sleeps, sleepers{n, pause})
	default:
		return fmt.Errorf("no program %s", name)
	}
	if err != nil {
		return err
	}
	if name == "pingpong" {
		fmt.Println(name, float64(d)/float64(n), "ns/op")
	} else {
		fmt.Println(name, float64(d)/float64(time.Millisecond), "ms")
	}
	return nil
}
