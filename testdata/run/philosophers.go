// Covers: dining philosophers with one mutex for each fork.

package main

import (
	"fmt"
	"sync"
)

type philosopher struct {
	name        string
	left, right *sync.Mutex
	meals       int
}

func (p *philosopher) dine(n int, wg *sync.WaitGroup) {
	defer wg.Done()
	for range n {
		p.left.Lock()
		p.right.Lock()
		p.meals++
		p.right.Unlock()
		p.left.Unlock()
	}
}

func main() {
	var forks [4]sync.Mutex
	var wg sync.WaitGroup
	var ps []*philosopher
	for i, name := range []string{"Plato", "Kant", "Hume", "Frege"} {
		l, r := i, (i+1)%4
		if l > r {
			l, r = r, l
		}
		ps = append(ps, &philosopher{name: name, left: &forks[l], right: &forks[r]})
	}
	for i, p := range ps {
		wg.Add(1)
		go p.dine(i+2, &wg)
	}
	wg.Wait()
	for _, p := range ps {
		fmt.Println(p.name, p.meals)
	}
}
