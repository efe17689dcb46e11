// Covers: a pipeline of stages made by functions that take and return channels.

package main

import (
	"fmt"
	"strings"
)

func source(words ...string) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		for _, w := range words {
			out <- w
		}
	}()
	return out
}

func stage(in <-chan string, f func(string) (string, bool)) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		for s := range in {
			if t, ok := f(s); ok {
				out <- t
			}
		}
	}()
	return out
}

func sink(in <-chan string) (all []string) {
	for s := range in {
		all = append(all, s)
	}
	return
}

func main() {
	upper := func(s string) (string, bool) { return strings.ToUpper(s), true }
	long := func(s string) (string, bool) { return s, len(s) > 2 }
	n := 0
	number := func(s string) (string, bool) { n++; return fmt.Sprint(n, s), true }
	c := source("a", "bcd", "ef", "ghij", "klm")
	for _, f := range []func(string) (string, bool){upper, long, number} {
		c = stage(c, f)
	}
	fmt.Println(sink(c), n)
}
