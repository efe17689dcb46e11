// Covers: package variables of many types, changed before, between and after suspensions, by several goroutines.

package main

import (
	"fmt"
	"sync"
)

type config struct {
	name  string
	level int
	tags  []string
}

var (
	count    int
	names    = map[string]int{"init": 1}
	cfg      = config{"default", 1, []string{"a"}}
	cfgp     = &cfg
	results  = make(chan int, 3)
	mu       sync.Mutex
	handlers []func(int) int
	matrix   [2][2]int
	current  any
	pcount   = &count
	_        = names
	lazy     *config
)

func register(f func(int) int) { handlers = append(handlers, f) }

func getLazy() *config {
	if lazy == nil {
		pause()
		lazy = &config{name: "lazy"}
	}
	return lazy
}

func pause() {
	c := make(chan int, 1)
	c <- 1
	count += <-c
}

func main() {
	pause()
	names["main"] = 2
	cfg.level++
	pause()
	cfgp.tags = append(cfgp.tags, "b")
	fmt.Println(count, *pcount, names, cfg, cfgp == &cfg)
	k := 10
	register(func(x int) int { pause(); return x + k })
	register(func(x int) int { k *= 2; return x * count })
	matrix[1][0] = 5
	row := &matrix[1]
	pause()
	row[1] = 6
	fmt.Println(matrix)
	for _, f := range handlers {
		fmt.Println(f(1), k)
	}
	current = handlers
	pause()
	fmt.Println(len(current.([]func(int) int)))
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			mu.Lock()
			defer mu.Unlock()
			names["shared"] += i
			results <- i
		}()
	}
	wg.Wait()
	close(results)
	s := 0
	for v := range results {
		s += v
	}
	fmt.Println(s, names["shared"])
	getLazy().level = 3
	fmt.Println(*getLazy(), getLazy() == lazy)
	names = nil
	pause()
	fmt.Println(len(names), *pcount == count)
}
