// unsafe.Offsetof of fields and promoted fields in a generic function, where it is no constant.
package main

import (
	"fmt"
	"unsafe"
)

type Inner struct {
	X byte
	B int
}

type Middle struct {
	Pad int32
	Inner
}

type S[K any] struct {
	A K
	Middle
	C K
}

func offsets[K any](c chan *S[K]) {
	d := <-c
	fmt.Println(unsafe.Offsetof(d.B), unsafe.Offsetof(d.Middle), unsafe.Offsetof(d.Middle.B), unsafe.Offsetof((d.Inner.B)), unsafe.Offsetof(d.C))
	func() {
		<-c
		fmt.Println(unsafe.Offsetof(d.Inner), unsafe.Sizeof(*d), unsafe.Alignof(d.A))
	}()
}

func main() {
	c := make(chan *S[int16], 2)
	c <- new(S[int16])
	c <- nil
	offsets(c)
	d := make(chan *S[[5]int], 2)
	d <- new(S[[5]int])
	d <- nil
	offsets(d)
}
