// Covers: a worker pool with jobs, results, a WaitGroup and a closing goroutine.

package main

import (
	"fmt"
	"sort"
	"sync"
)

type job struct {
	id   int
	data []int
}

type result struct {
	job
	worker, sum int
}

func worker(id int, jobs <-chan job, results chan<- result, wg *sync.WaitGroup) {
	defer wg.Done()
	for j := range jobs {
		r := result{job: j, worker: id}
		for _, v := range j.data {
			r.sum += v
		}
		results <- r
	}
}

func main() {
	jobs, results := make(chan job), make(chan result, 2)
	var wg sync.WaitGroup
	for i := 1; i <= 3; i++ {
		wg.Add(1)
		go worker(i, jobs, results, &wg)
	}
	go func() {
		defer close(jobs)
		for i := range 8 {
			j := job{id: i}
			for k := range i {
				j.data = append(j.data, k*i)
			}
			jobs <- j
		}
	}()
	go func() {
		wg.Wait()
		close(results)
	}()
	var all []result
	for r := range results {
		if r.worker < 1 || r.worker > 3 {
			fmt.Println("wrong worker")
		}
		all = append(all, r)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].id < all[j].id })
	for _, r := range all {
		fmt.Print(r.id, ":", r.sum, " ")
	}
	fmt.Println()
}
