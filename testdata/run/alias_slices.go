// Covers: slices that share a backing array, with capacity, append, copy and strings, across suspensions.

package main

import "fmt"

func pause() {
	c := make(chan int, 1)
	c <- 1
	<-c
}

func main() {
	a := make([]int, 3, 10)
	b := a[1:]
	c := a[:2:2]
	pause()
	b[0] = 5
	pause()
	fmt.Println(a, b, c, len(b), cap(b), cap(c))
	d := append(a, 4) // in place
	e := append(c, 7) // a new array
	pause()
	fmt.Println(d, e, a[:4], a[:5][4])
	d[0] = 1
	e[0] = 2
	fmt.Println(a[0], c[0])
	f := append(a, 6) // overwrites d[3]
	pause()
	fmt.Println(d[3], f[3], &d[3] == &f[3])
	g := a[3:3]
	pause()
	g = append(g, 8)
	fmt.Println(d, g, len(a[3:10]))
	p := (*[3]int)(a)
	pause()
	p[1] = 77
	fmt.Println(a, copy(a[1:], a), a)
	bs := []byte("hello")
	s := string(bs)
	bs2 := bs[1:3]
	pause()
	bs[1] = 'E'
	fmt.Println(s, string(bs), string(bs2), s[1:4])
	var n []int
	z := []int{}
	pause()
	fmt.Println(n == nil, z == nil, len(n), cap(z))
	mat := [][]int{a[:1], a[1:2], nil}
	pause()
	mat[2] = append(mat[2], 1)
	mat[0][0] = 42
	fmt.Println(a[0], mat)
	var grow []int
	for i := range 20 {
		grow = append(grow, i)
		pause()
	}
	fmt.Println(grow, len(grow))
	clear(grow[:15])
	fmt.Println(grow, min(len(grow), 3))
}
