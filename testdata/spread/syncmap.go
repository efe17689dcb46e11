// Covers: sync.Map across processes: all of its methods, in a variable and in memory, ranges that wait.
package main

import (
	"fmt"
	"sort"
	"sync"
)

type session struct {
	id   int
	hits int
}

var sessions sync.Map

type registry struct {
	name string
	m    sync.Map
}

func (r *registry) add(k string, n int) bool {
	_, loaded := r.m.LoadOrStore(k, &session{id: n})
	return loaded
}

func main() {
	r := &registry{name: "r"}
	var wg sync.WaitGroup
	out := make(chan string)
	for i := range 4 {
		wg.Go(func() {
			sessions.Store(i, fmt.Sprint("session ", i))
			if r.add(fmt.Sprint("key", i%2), i) {
				r.m.Store(fmt.Sprint("second", i%2), i)
			}
			for {
				old, ok := r.m.Load("count")
				if !ok {
					if _, loaded := r.m.LoadOrStore("count", 1); !loaded {
						break
					}
				} else if r.m.CompareAndSwap("count", old, old.(int)+1) {
					break
				}
			}
		})
	}
	wg.Wait()
	n := 0
	var keys []string
	r.m.Range(func(k, v any) bool {
		n++
		keys = append(keys, k.(string))
		return true
	})
	sort.Strings(keys)
	count, _ := r.m.Load("count")
	fmt.Println(n, keys, count)

	// A range that sends, in another process, and changes the map.
	go func() {
		sum := 0
		for k, v := range sessions.Range {
			defer sessions.Delete(k)
			out <- v.(string)
			sum += k.(int)
		}
		out <- fmt.Sprint("sum ", sum)
	}()
	var got []string
	for range 5 {
		got = append(got, <-out)
	}
	sort.Strings(got)
	fmt.Println(got)

	// The same pointer in all processes.
	mine := &session{id: 7}
	sessions.Store("mine", mine)
	done := make(chan bool)
	go func() {
		v, loaded := sessions.LoadAndDelete("mine")
		s := v.(*session)
		s.hits++
		done <- loaded
		done <- sessions.CompareAndDelete("mine", s)
		old, loaded := sessions.Swap("mine", s)
		done <- loaded || old != nil
		defer func() { done <- recover() != nil }()
		sessions.Store([]int{1}, 1)
	}()
	fmt.Println(<-done, <-done, <-done, <-done)
	v, _ := sessions.Load("mine")
	fmt.Println(v == any(mine), mine.hits)
	go func() {
		sessions.Clear()
		done <- true
	}()
	<-done
	_, ok := sessions.Load("mine")
	fmt.Println(ok)
}
