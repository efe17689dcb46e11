// Covers: a deadlock in sync.Cond.Wait, after a signal that nobody waited for.

package main

import "sync"

func main() {
	c := sync.NewCond(new(sync.Mutex))
	c.Signal()
	c.L.Lock()
	c.Wait()
}
