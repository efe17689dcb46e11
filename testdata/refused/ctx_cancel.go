// A context that can be cancelled.

package main

import "context"

func main() {
	ctx, cancel := context.WithCancel(context.Background()) // ERROR "context\.WithCancel"
	go cancel()
	<-ctx.Done()
}
