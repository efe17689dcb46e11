// Covers: package unsafe between suspensions, not across them: sizes, string and slice headers, pointer arithmetic and conversions.

package main

import (
	"fmt"
	"reflect"
	"unsafe"
)

func pass[T any](v T) T {
	c := make(chan T)
	go func() { c <- v }()
	return <-c
}

type header struct {
	a byte
	b int64
	c [3]uint16
	d string
}

const size = unsafe.Sizeof(header{}) + unsafe.Offsetof(header{}.c)

func main() {
	var arr [int(unsafe.Sizeof(uint32(0)))]int
	fmt.Println(size, len(arr), unsafe.Alignof(pass(header{}).b), unsafe.Offsetof(header{}.d))
	b := []byte(pass("bytes"))
	s := unsafe.String(&b[pass(1)], 3)
	b[2] = 'T'
	fmt.Println(s, len(pass(s)))
	d := unsafe.Slice(unsafe.StringData(s), pass(2))
	fmt.Println(string(d), unsafe.SliceData(b) == &b[0])
	xs := []int32{1, pass(int32(2)), 3}
	p := (*int32)(unsafe.Add(unsafe.Pointer(&xs[0]), 2*unsafe.Sizeof(xs[0])))
	*p += pass(int32(10))
	q := (*int32)(unsafe.Pointer(uintptr(unsafe.Pointer(&xs[0])) + unsafe.Sizeof(xs[0])))
	*q *= 5
	fmt.Println(xs, *p == xs[2], pass(q) == &xs[1])
	f := pass(1.5)
	bits := *(*uint64)(unsafe.Pointer(&f))
	f = -pass(f)
	fmt.Printf("%#x %#x\n", bits, *(*uint64)(unsafe.Pointer(&f)))
	h := &header{b: 7, d: "d"}
	*(*int64)(unsafe.Add(unsafe.Pointer(h), unsafe.Offsetof(h.b)))++
	fmt.Println(pass(h).b, *(*string)(unsafe.Pointer(&h.d)))
	fmt.Println(sum((*int)(unsafe.Pointer(reflect.ValueOf(number(20)).Pointer())), pass(3)))
}

// number returns a pointer that nothing else knows.
func number(n int) *int { return &n }

func sum(p *int, n int) int { return *p + n }
