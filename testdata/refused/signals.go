// Signals belong to one machine.

package main

import (
	"context"
	"os"
	"os/signal"
)

func main() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)                                        // ERROR "signal\.Notify"
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) // ERROR "signal\.NotifyContext"
	defer stop()
	<-ctx.Done()
}
