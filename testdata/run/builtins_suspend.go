// Covers: every builtin function with operands that suspend, and the statements that change what they were given meanwhile.

package main

import "fmt"

func get[T any](v T) T {
	c := make(chan T)
	go func() { c <- v }()
	return <-c
}

type point struct{ x, y int }

func slices() {
	s := []int{1, 2, 3, 4}
	t := append(s[:1], get(9))
	fmt.Println(s, t, len(t), cap(t))
	s = append(s, get(5), get(6))
	s = append(s[:1], s[get(2):]...)
	fmt.Println(s)
	s = append(s, get(s)...)
	s = append(get([]int(nil)), s...)
	fmt.Println(len(s), s, cap(s[:get(2):get(3)]))
	b := append(get([]byte("ab")), get("cd")...)
	fmt.Println(copy(b[get(1):], get("xyz")))
	fmt.Println(string(b))
	n := copy(get(s), get(s)[2:])
	fmt.Println(n, s)
	clear(get(s)[1:3])
	fmt.Println(s, min(get(3), 2, get(1)), max(get("a"), "b"), min(get(1.5), 2))
	x := append(append([]point{}, get(point{1, 2})), point{get(3), get(4)})
	x[get(0)].x, x[get(1)].y = x[1].y, x[0].x
	fmt.Println(x)
	grid := make([][]int, get(2), get(5))
	for i := range grid {
		grid[i] = append(grid[i], make([]int, get(i+1))...)
		grid[i][get(i)]++
	}
	fmt.Println(grid, len(grid[get(1)]))
}

func maps() {
	m := make(map[string][]int, get(3))
	m[get("a")] = append(m["a"], get(1))
	m["a"] = append(m[get("a")], get(2), 3)
	m[get("b")] = nil
	delete(m, get("b"))
	_, ok := m[get("b")]
	fmt.Println(m, ok, len(get(m)))
	n := map[point]*point{{1, 2}: {3, 4}, {get(5), 6}: {get(7), 8}}
	n[point{get(1), 2}].y += get(10)
	v, ok := n[point{5, get(6)}]
	fmt.Println(*n[point{1, 2}], *v, ok)
	c := map[string]int{}
	c[get("x")]++
	c["x"] += get(4)
	c[get("x")] <<= get(uint(1))
	c["y"] |= get(6)
	clear(get(n))
	fmt.Println(c, len(n))
}

func numbers() {
	z := complex(get(1.5), get(2.5))
	z *= get(z)
	fmt.Println(z, real(get(z)), imag(get(z)), z == get(-4+7.5i))
	var f float32 = 3
	w := complex(f, get(f))
	fmt.Printf("%T %v\n", w, w)
	var i8 int8 = 127
	i8 += get(int8(1))
	var u8 uint8
	u8 -= get(uint8(1))
	var u uint64 = 1<<64 - 1
	u += get(uint64(2))
	i := get(-1<<63) / get(-1)
	fmt.Println(i8, u8, u, i, get(-7)/2, get(-7)%get(3), get(7)&^get(2), ^get(5), -get(int8(-128)))
	fmt.Println(get(1)<<get(70), get(-1)>>get(uint8(200)), get(int32(1))<<31, uint8(get(300)), int8(get(200)), int64(get(1e18)))
	fmt.Println(float32(get(16777217)), uint32(int32(get(-1))), string(rune(get(0x4e16))), []rune(get("é世"))[get(1)])
}

func channels() {
	cs := make(chan chan int, get(2))
	cs <- make(chan int, get(3))
	c := <-cs
	c <- get(1)
	c <- len(get(c)) + cap(get(c))
	close(get(c))
	fmt.Println(<-c+<-c, len(cs), cap(cs))
	p := new(point)
	*get(p) = point{y: get(2)}
	get(p).x++
	q := &*get(p)
	q.y--
	fmt.Println(*p, p == q)
	defer func() { fmt.Println(recover()) }()
	panic(get(fmt.Sprint("panic ", *get(p))))
}

func main() {
	slices()
	maps()
	numbers()
	channels()
}
