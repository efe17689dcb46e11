// Covers: a parallel divide and conquer that sorts parts of one backing array.

package main

import "fmt"

func sortPar(s []int, depth int) {
	if len(s) < 2 {
		return
	}
	h := len(s) / 2
	if depth > 0 {
		done := make(chan struct{}, 2)
		for _, part := range [][]int{s[:h], s[h:]} {
			go func() {
				sortPar(part, depth-1)
				done <- struct{}{}
			}()
		}
		<-done
		<-done
	} else {
		sortPar(s[:h], 0)
		sortPar(s[h:], 0)
	}
	tmp := append([]int(nil), s[:h]...)
	for i, j, k := 0, h, 0; i < len(tmp); k++ {
		if j < len(s) && s[j] < tmp[i] {
			s[k] = s[j]
			j++
		} else {
			s[k] = tmp[i]
			i++
		}
	}
}

func main() {
	s := make([]int, 40)
	x := uint32(7)
	for i := range s {
		x = x*1664525 + 1013904223
		s[i] = int(x >> 24)
	}
	sortPar(s, 3)
	fmt.Println(s)
}
