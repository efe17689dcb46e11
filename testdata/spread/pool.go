// Covers: A worker pool over job and result channels.
package main

import (
	"fmt"
	"sync"
)

type job struct {
	n    int
	name string
}

type result struct {
	job *job
	sq  int
}

func main() {
	jobs, results := make(chan *job), make(chan result)
	var wg sync.WaitGroup
	for range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := range jobs {
				results <- result{j, j.n * j.n}
			}
		}()
	}
	go func() { //hark:go local
		for i := range 10 {
			jobs <- &job{i, fmt.Sprint("job ", i)}
		}
		close(jobs)
		wg.Wait()
		close(results)
	}()
	sum, names := 0, map[string]bool{}
	for r := range results {
		sum += r.sq
		names[r.job.name] = true
	}
	fmt.Println(sum, len(names), names["job 7"])
}
