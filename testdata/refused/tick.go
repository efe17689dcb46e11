// A ticker that cannot be stopped.

package main

import "time"

func main() {
	for range time.Tick(time.Millisecond) { // ERROR "time\.Tick"
		return
	}
}
