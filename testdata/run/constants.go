// Covers: constants, iota, untyped arithmetic, shifts and conversions around suspensions.

package main

import (
	"fmt"
	"math"
)

type weekday int

const (
	sunday weekday = iota
	monday
	_
	wednesday
)

func (d weekday) String() string { return [...]string{"Sun", "Mon", "Tue", "Wed"}[d] }

const (
	kb = 1 << (10 * (iota + 1))
	mb
	gb
)

const (
	huge  = 1 << 100
	pi    = 3.14159265358979323846264338327950288
	third = 1.0 / 3
	text  = "const" + "ant"
)

func id(x int) int {
	c := make(chan int, 1)
	c <- x
	return <-c
}

func main() {
	fmt.Println(sunday, monday, wednesday, kb, mb, gb)
	fmt.Println(huge>>98, id(huge>>97), pi, third, text[id(2):], len(text))
	var u8 uint8 = 200
	u8 += uint8(id(100))
	var i8 int8 = math.MaxInt8
	i8 += int8(id(1))
	var u32 uint32
	u32 -= uint32(id(1))
	i64 := int64(math.MaxInt64)
	i64 += int64(id(1))
	fmt.Println(u8, i8, u32, i64, ^id(0), -i64 == i64)
	s := uint(id(3))
	fmt.Println(1<<s, int8(1)<<(s+4), uint8(255)>>s, -17>>s, uint16(1)<<id(20), int64(-1)>>id(100))
	var f float64 = 1 << 3
	x := 5.0 + float64(id(1))
	fmt.Println(f, x, int(x*1.5), uint8(int(x)*50), int8(id(300)), uint32(1<<32-1)+uint32(id(2)))
	fmt.Println(7/id(2), -7/id(2), 7%id(-2), -7%id(2), 7&^id(5), 6|id(1), 6^id(3))
	fmt.Println(string(rune(id(0x4e16))), []rune("é世")[id(1)], []byte("é")[id(1)], rune('a'+id(1)))
	const c = len([10]int{})
	var arr [c * 2]int
	fmt.Println(len(arr), cap(arr[:id(5)]), math.MinInt64/id(-1))
	d := wednesday
	id(0)
	d--
	fmt.Printf("%d %T %x %q %08b\n", d, d, id(255), 'x', id(5))
}
