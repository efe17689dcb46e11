package a

import (
	"b"
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

func file(ready chan int) {
	f, err := os.Open("x") // want `f is an open file that is used after the wait at a.go:\d+:2; it cannot be saved, so the run ends there if it must stop; read it before the wait, or open it again after it \(warning: unmovable\)`
	if err != nil {
		return
	}
	<-ready
	io.Copy(io.Discard, f)
}

func deferred(ready chan int) {
	f, err := os.Create("x") // want `f is an open file that is used after the wait`
	if err != nil {
		return
	}
	defer f.Close()
	ready <- 1
}

func wrapped(ready chan int) {
	f, err := os.Open("x")
	if err != nil {
		return
	}
	sc := bufio.NewScanner(f) // want `sc is something that holds an open file that is used after the wait`
	time.Sleep(time.Second)
	fmt.Println(sc.Scan())
}

func loop(ch chan string) {
	conn, err := net.Dial("tcp", "x:1") // want `conn is a network connection that is used after the wait`
	if err != nil {
		return
	}
	for s := range ch {
		io.WriteString(conn, s)
	}
}

func server(jobs chan net.Conn) {
	ln, err := net.Listen("tcp", ":1") // want `ln is a listener that is used after the wait`
	if err != nil {
		return
	}
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		jobs <- c
	}
}

func done(ready chan int) {
	f, err := os.Open("x")
	if err != nil {
		return
	}
	io.Copy(io.Discard, f)
	f.Close()
	<-ready
}

func reopened(ready chan int) {
	f, err := os.Open("x")
	if err != nil {
		return
	}
	f.Close()
	<-ready
	f, err = os.Open("x")
	fmt.Println(f, err)
}

func standard(ready chan int) {
	in := bufio.NewScanner(os.Stdin)
	out := os.Stdout
	<-ready
	fmt.Fprintln(out, in.Scan(), os.Stderr)
}

func bufferedBefore(ready chan int) {
	data, err := os.ReadFile("x")
	<-ready
	fmt.Println(data, err)
}

func noWait() {
	f, err := os.Open("x")
	if err == nil {
		defer f.Close()
	}
	fmt.Println("x")
}

func waitFirst(ready chan int) {
	<-ready
	f, err := os.Open("x")
	if err != nil {
		return
	}
	defer f.Close()
	io.Copy(io.Discard, f)
}

func acrossCall() {
	f, err := os.Open("x") // want `f is an open file that is used after the wait at a.go:\d+:9; the wait calls b.Pause \(a.go:\d+:9\), which waits: sleep \(b/b.go:5:26\); it cannot be saved`
	if err != nil {
		return
	}
	b.Pause()
	f.Close()
}

func plainCall() {
	f, err := os.Open("x")
	if err != nil {
		return
	}
	b.Plain()
	f.Close()
}

func closedResponse(ready chan int) int {
	resp, err := http.Get("x")
	if err != nil {
		return 0
	}
	resp.Body.Close()
	<-ready
	return resp.StatusCode
}

func openResponse(ready chan int) {
	resp, err := http.Get("x") // want `resp is an HTTP response`
	if err != nil {
		return
	}
	<-ready
	resp.Body.Close()
}

func client(ready chan int) {
	c := &http.Client{}
	<-ready
	c.CloseIdleConnections()
}

func acknowledged(ready chan int) {
	f, _ := os.Open("x") //hark:ok unmovable it is /dev/null
	<-ready
	f.Close()
}

func lock(mu *sync.Mutex) {
	f, _ := os.Open("x")
	mu.Lock()
	f.Close()
	mu.Unlock()
}
