package a

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"unsafe"
)

func counter() {
	n := 0
	go func() { n++ }() //hark:go remote // want `the goroutine of this go statement runs in a process of its own, which sees what others write only at operations on channels and locks; variable n \(a.go:12:2\) is assigned in it \(a.go:13:14\), and is read by others \(a.go:14:14\); what comes first is not known; hold one lock at both, or wait for the goroutine in between, or send the value on a channel \(warning: apart\)`
	fmt.Println(n)
}

func unmarked() {
	n := 0
	go func() { n++ }()
	fmt.Println(n)
}

func ordered() {
	n, done := 0, make(chan bool)
	go func() { n++; close(done) }() //hark:go remote
	<-done
	fmt.Println(n)
}

func file() {
	f, _ := os.Create("x")
	//hark:go remote
	go io.Copy(f, os.Stdin) // want `what os.Create returns is shared in it`
	//hark:go remote
	go write(f) // want `the goroutine of this go statement runs in a process of its own; what os.Create returns is shared in it \(a.go:31:19\), and an open file belongs to one process \(warning: apart\)`
}

func write(f *os.File) { fmt.Fprintln(f, "here") }

var shared unsafe.Pointer

func pointers() {
	go load() //hark:go remote
	go load() //hark:go remote
}

func load() {
	p := atomic.LoadPointer(&shared) // want `sync/atomic.LoadPointer is used by a goroutine that runs in a process of its own \(go statement at a.go:43:2\); what it does is not seen in another process; use a channel, or lock a sync.Mutex, or mark the go statement //hark:go local \(error: apart\)`
	fmt.Println(*(*int)(p))          // want `package unsafe is used by a goroutine`
}
