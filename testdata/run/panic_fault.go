// debug.SetPanicOnFault belongs to a goroutine: it must be set after a resume as well, and only there.

package main

import (
	"fmt"
	"runtime/debug"
	"syscall"
	"unsafe"
)

func wait(c chan int) { c <- 1; <-c }

// touch reads the first byte of a page that may not be read.
func touch(page uintptr) (err error) {
	defer func() {
		if e, ok := recover().(interface{ Addr() uintptr }); ok && e.Addr() == page {
			err = e.(error)
		}
	}()
	fmt.Println(*(*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&page))))
	return nil
}

func main() {
	c := make(chan int, 1)
	before := debug.SetPanicOnFault(true)
	wait(c)
	page, err := syscall.Mmap(-1, 0, 1<<12, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	err = touch(uintptr(unsafe.Pointer(&page[0])))
	page = nil
	fmt.Println(before, err != nil)
	other := make(chan bool)
	go func() {
		wait(make(chan int, 1))
		other <- debug.SetPanicOnFault(false)
	}()
	fmt.Println(<-other, debug.SetPanicOnFault(false))
}
