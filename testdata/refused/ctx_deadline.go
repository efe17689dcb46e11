// A context with a deadline.

package main

import (
	"context"
	"time"
)

func main() {
	ctx, cancel := context.WithDeadline(context.Background(), time.Now()) // ERROR "context\.WithDeadline"
	defer cancel()
	<-ctx.Done()
}
