// A context with a timeout.

package main

import (
	"context"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond) // ERROR "context\.WithTimeout"
	defer cancel()
	<-ctx.Done()
}
