// Covers: timers that package initialisation makes.

package main

import (
	"fmt"
	"time"
)

var (
	fired  = make(chan string)
	ticker = time.NewTicker(20 * time.Millisecond)
	alarm  = time.AfterFunc(30*time.Millisecond, func() { fired <- "alarm" })
	late   = time.AfterFunc(time.Hour, func() { fired <- "late" })
)

func main() {
	<-ticker.C
	ticker.Stop()
	fmt.Println(<-fired, alarm.Stop(), late.Reset(time.Millisecond), <-fired)
}
