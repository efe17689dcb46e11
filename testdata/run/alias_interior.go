// Covers: pointers into structs, arrays and slices that stay interior pointers across suspensions.

package main

import "fmt"

func pause() {
	c := make(chan int, 1)
	c <- 1
	<-c
}

type inner struct{ a, b int }

type s struct {
	x   int
	in  inner
	arr [4]int
	sl  []inner
}

func main() {
	v := &s{sl: make([]inner, 3)}
	px, pb, p2, ps := &v.x, &v.in.b, &v.arr[2], &v.sl[1].a
	pause()
	*px, *pb, *p2, *ps = 1, 2, 3, 4
	pause()
	fmt.Println(v.x, v.in, v.arr, v.sl)
	pin := &v.in
	pb2 := &pin.b
	pause()
	fmt.Println(pb == pb2, *pb2)
	sub := v.arr[1:3]
	pause()
	sub[0] = 7
	*p2 = 8
	fmt.Println(v.arr, sub, len(sub), cap(sub))
	v.sl = append(v.sl, inner{9, 9}) // moves: ps stays at the old array
	pause()
	*ps = 100
	fmt.Println(v.sl[1].a, *ps)
	local := [3]int{1, 2, 3}
	pl := &local[1]
	whole := &local
	pause()
	*pl += 10
	whole[0] = -1
	fmt.Println(local, *pl)
	f := func(p *int) func() int { return func() int { pause(); *p++; return *p } }(&local[2])
	fmt.Println(f(), f(), local)
	grid := [2][2]int{}
	row := &grid[1]
	cell := &row[0]
	pause()
	*cell = 5
	fmt.Println(grid)
	m := map[string]*int{"x": &v.x, "cell": cell}
	pause()
	*m["x"] += *m["cell"]
	fmt.Println(v.x)
}
