// Covers: rows of a matrix computed by goroutines into shared arrays.

package main

import (
	"fmt"
	"sync"
)

const n = 4

type matrix [n][n]float64

func mul(a, b *matrix) (c matrix) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func(row *[n]float64) {
			defer wg.Done()
			cells := make(chan float64, n)
			for j := range n {
				s := 0.0
				for k := range n {
					s += a[i][k] * b[k][j]
				}
				cells <- s
			}
			for j := range row {
				row[j] = <-cells
			}
		}(&c[i])
	}
	wg.Wait()
	return c
}

func main() {
	var a, b matrix
	for i := range n {
		for j := range n {
			a[i][j] = float64(i + j)
			b[i][j] = float64(i*j) / 2
		}
	}
	c := mul(&a, &b)
	d := mul(&c, &a)
	fmt.Println(c)
	fmt.Println(d[n-1], a == b, c == mul(&a, &b))
}
