// Covers: a deadlock of one who waits for a timer that has been stopped.

package main

import "time"

func main() {
	t := time.NewTimer(time.Hour)
	t.Stop()
	<-t.C
}
