// Matrix multiplies matrices of floating point numbers, and receives from a
// channel once for each row.
package main

import (
	"fmt"
	"syscall"
	"time"
)

const n = 200

type matrix [][]float64

func newMatrix(seed float64) matrix {
	m := make(matrix, n)
	for i := range m {
		m[i] = make([]float64, n)
		for j := range m[i] {
			m[i][j] = seed * float64(i-j) / n
		}
	}
	return m
}

func multiply(a, b, c matrix, rows <-chan int) {
	for i := range rows {
		for j := range n {
			s := 0.0
			for k := range n {
				s += a[i][k] * b[k][j]
			}
			c[i][j] = s
		}
	}
}

func main() {
	a, b, c := newMatrix(1), newMatrix(2), newMatrix(0)
	const rounds = 60
	start, used := time.Now(), userTime()
	for range rounds {
		rows := make(chan int, n)
		for i := range n {
			rows <- i
		}
		close(rows)
		multiply(a, b, c, rows)
		a, c = c, a
	}
	d, u := time.Since(start), userTime()-used
	fmt.Println("matrix", float64(d)/rounds, "ns/op", float64(u)/rounds, "user-ns/op")
}

// userTime is the processor time that this process has used.
func userTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano())
}
