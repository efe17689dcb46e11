package main

const (
	matrixN      = 200
	matrixRounds = 30
)

type matrix [][]float64

func newMatrix(seed float64) matrix {
	m := make(matrix, matrixN)
	for i := range m {
		m[i] = make([]float64, matrixN)
		for j := range m[i] {
			m[i][j] = seed * float64(i-j) / matrixN
		}
	}
	return m
}

func matrixProduct() int {
	a, b, c := newMatrix(1), newMatrix(2), newMatrix(0)
	for range matrixRounds {
		multiply(a, b, c)
	}
	return int(c[1][3])
}

func multiply(a, b, c matrix) {
	for i := range matrixN {
		for j := range matrixN {
			s := 0.0
			for k := range matrixN {
				s += a[i][k] * b[k][j]
			}
			c[i][j] = s
		}
	}
}

func matrixTicking(ticks <-chan int) int {
	a, b, c := newMatrix(1), newMatrix(2), newMatrix(0)
	for range matrixRounds {
		multiplyTicking(a, b, c, ticks)
	}
	return int(c[1][3])
}

func multiplyTicking(a, b, c matrix, ticks <-chan int) {
	for i := range matrixN {
		<-ticks
		for j := range matrixN {
			s := 0.0
			for k := range matrixN {
				s += a[i][k] * b[k][j]
			}
			c[i][j] = s
		}
	}
}
