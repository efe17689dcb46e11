// A ticker.

package main

import "time"

func main() {
	t := time.NewTicker(time.Millisecond) // ERROR "time\.NewTicker"
	defer t.Stop()
	<-t.C
}
