// Covers: deadlock on a mutex locked twice.

package main

import (
	"fmt"
	"sync"
)

type account struct {
	mu sync.Mutex
	n  int
}

func (a *account) add(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n += n
	fmt.Println(a.n)
	if a.n > 1 {
		a.add(1)
	}
}

func main() {
	a := &account{}
	a.add(1)
	a.add(1)
}
