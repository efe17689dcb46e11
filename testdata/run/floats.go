// Covers: floating point and complex numbers, NaN, infinities and negative zero kept across suspensions.

package main

import (
	"fmt"
	"math"
)

func via(x float64) float64 {
	c := make(chan float64, 1)
	c <- x
	return <-c
}

func cvia(x complex128) complex128 {
	c := make(chan complex128)
	go func() { c <- x }()
	return <-c
}

func main() {
	nan, inf, neg := math.NaN(), math.Inf(1), math.Copysign(0, -1)
	sum := 0.0
	for i := 1; i <= 10; i++ {
		sum += via(1) / float64(i)
	}
	fmt.Println(sum, via(0.1)+0.2, via(1)/3)
	n := via(nan)
	fmt.Println(n != n, n < 1, via(inf) > math.MaxFloat64, 1/via(neg), math.Signbit(via(neg)))
	var f32 float32 = 16777216
	via(0)
	fmt.Println(f32+1 == f32, float32(via(0.1)), float64(float32(via(0.1))))
	bits := math.Float64frombits(0x7ff8000000000123)
	c := make(chan float64, 1)
	c <- bits
	fmt.Printf("%x\n", math.Float64bits(<-c))
	z := complex(1, 2)
	w := cvia(z) * cvia(3-1i)
	fmt.Println(w, real(w), imag(w), cvia(z) == z, w/cvia(2i))
	var c64 complex64 = 1 + 1i
	z = cvia(complex128(c64)) + 1
	z *= cvia(2)
	fmt.Println(z, -z)
	fmt.Println(int64(via(1e15)), int(via(-2.9)), uint8(via(200)), math.Sqrt(via(2)))
	arr := [3]float64{nan, neg, 1}
	brr := arr
	via(0)
	fmt.Println(arr == brr, arr[1] == brr[1], brr)
}
