// Covers: a deadlock while a ticker runs and a timer is set that nobody waits for.

package main

import "time"

func main() {
	t := time.NewTicker(time.Millisecond)
	<-t.C
	u := time.NewTimer(time.Hour)
	v := time.AfterFunc(time.Hour, func() {})
	v.Stop()
	var c chan int
	<-c
	t.Stop()
	u.Stop()
}
