// Wordcount counts the words of all files named on its command line.
// A directory stands for all regular files below it.
//
// It is an ordinary Go program. A walker sends the names of the files to a
// pool of workers; each worker collects the counts of several files in a
// batch, and sends the batch on when it is full or when it has waited long
// enough; main adds the batches up. The output does not depend on the order in
// which any of this happens.
package main

import (
	"fmt"
	"os"
	"sort"
	"sync"
	"time"
)

const (
	workers    = 4                      // goroutines that count
	batchFiles = 100                    // a batch of so many files is full
	batchAge   = 200 * time.Millisecond // a batch is sent on after this time, full or not
	topWords   = 10                     // words printed
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: wordcount FILE|DIRECTORY...")
		os.Exit(2)
	}

	names := make(chan name, workers)
	go walkAll(os.Args[1:], names)

	batches := make(chan *counts)
	var pool sync.WaitGroup
	for range workers {
		pool.Add(1)
		go work(names, batches, &pool)
	}
	go func() {
		defer close(batches)
		pool.Wait()
	}()

	total := newCounts()
	for b := range batches {
		total.merge(b)
	}
	report(total)
}

// A name is a file to count, or the reason why there is none.
type name struct {
	path string
	err  error
}

// walkAll sends the names of all files below the given paths.
func walkAll(paths []string, names chan<- name) {
	defer close(names)
	for _, path := range paths {
		walk(path, names)
	}
}

// walk sends path if it is a file, and all files below it if it is a directory.
func walk(path string, names chan<- name) {
	entries, isDir, err := list(path)
	switch {
	case err != nil:
		names <- name{path, err}
	case !isDir:
		names <- name{path, nil}
	}
	for _, e := range entries {
		if e.isDir {
			walk(e.path, names)
		} else {
			names <- name{e.path, nil}
		}
	}
}

// work counts files until there are no more.
func work(names <-chan name, batches chan<- *counts, pool *sync.WaitGroup) {
	defer pool.Done()
	batch := newCounts()
	var old <-chan time.Time // nil, so never ready, while the batch is empty
	for {
		select {
		case n, ok := <-names:
			if !ok {
				batches <- batch
				return
			}
			if batch.empty() {
				old = time.After(batchAge)
			}
			batch.count(n)
			if batch.files < batchFiles {
				continue
			}
		case <-old:
		}
		batches <- batch
		batch, old = newCounts(), nil
	}
}

// report prints the totals, the most frequent words, and what could not be read.
func report(c *counts) {
	sort.Strings(c.failed)
	for _, f := range c.failed {
		fmt.Fprintln(os.Stderr, "wordcount:", f)
	}
	fmt.Printf("%d files, %d bytes, %d lines, %d words, %d different\n",
		c.files, c.bytes, c.lines, c.words, len(c.freq))
	for _, w := range c.top(topWords) {
		fmt.Printf("%8d %s\n", c.freq[w], w)
	}
}
