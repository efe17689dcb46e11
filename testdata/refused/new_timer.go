// A timer that can be stopped.

package main

import "time"

func main() {
	t := time.NewTimer(time.Millisecond) // ERROR "time\.NewTimer"
	<-t.C
}
