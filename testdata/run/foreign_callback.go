// Covers: suspending functions called by the standard library (sort, strings, fmt), which cannot be saved meanwhile.

package main

import (
	"fmt"
	"sort"
	"strings"
)

type temp float64

func (t temp) String() string {
	c := make(chan string, 1)
	c <- fmt.Sprintf("%.1f degrees", float64(t))
	return <-c
}

type byLen struct {
	words []string
	swaps chan int
}

func (b byLen) Len() int           { return len(b.words) }
func (b byLen) Less(i, j int) bool { return len(b.words[i]) < len(b.words[j]) }
func (b byLen) Swap(i, j int) {
	b.words[i], b.words[j] = b.words[j], b.words[i]
	b.swaps <- 1 + <-b.swaps
}

func main() {
	c := make(chan bool, 1)
	xs := []int{3, 1, 2, 5, 4}
	sort.Slice(xs, func(i, j int) bool {
		c <- xs[i] < xs[j]
		return <-c
	})
	c <- true
	<-c
	fmt.Println(xs)
	s := strings.Map(func(r rune) rune {
		if c <- r == 'a'; <-c {
			return 'A'
		}
		return r
	}, "banana")
	fmt.Println(s, temp(21.5))
	b := byLen{strings.Fields("three a seventh four"), make(chan int, 1)}
	b.swaps <- 0
	sort.Sort(b)
	fmt.Println(b.words, <-b.swaps > 0)
}
