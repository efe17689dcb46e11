// Covers: a map guarded by a mutex, filled by many goroutines.

package main

import (
	"fmt"
	"sort"
	"strings"
	"sync"
)

const text = `the quick brown fox jumps over the lazy dog
the dog sleeps
a fox is quick and the dog is lazy`

func main() {
	var (
		mu     sync.Mutex
		counts = map[string]int{}
		wg     sync.WaitGroup
	)
	for _, line := range strings.Split(text, "\n") {
		wg.Add(1)
		go func(line string) {
			defer wg.Done()
			for _, w := range strings.Fields(line) {
				mu.Lock()
				counts[w]++
				mu.Unlock()
			}
		}(line)
	}
	wg.Wait()
	words := make([]string, 0, len(counts))
	for w := range counts {
		words = append(words, w)
	}
	sort.Slice(words, func(i, j int) bool {
		if counts[words[i]] != counts[words[j]] {
			return counts[words[i]] > counts[words[j]]
		}
		return words[i] < words[j]
	})
	for _, w := range words[:4] {
		fmt.Println(counts[w], w)
	}
}
