// Covers: alias types declared inside functions.

package main

import "fmt"

func main() {
	type T = struct {
		a int
		b []string
	}
	type M = map[string]*T
	ch := make(chan int, 9)
	m := M{}
	var ts []T
	for i := range 3 {
		ch <- i
		ts = append(ts, T{<-ch, []string{"x"}})
		m[fmt.Sprint(i)] = &ts[i]
	}
	fmt.Println(ts, len(m))
}
