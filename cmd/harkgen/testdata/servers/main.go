// Servers has several servers: one that its argument names, one where there is room, and one that ends.
package main

import (
	_ "expvar"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
)

var (
	mu     sync.Mutex
	visits int
)

func visit(w http.ResponseWriter, r *http.Request) {
	mu.Lock()
	defer mu.Unlock()
	visits++
	fmt.Fprintln(w, "visit", visits)
}

func init() { http.HandleFunc("/visit", visit) }

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	second := http.NewServeMux()
	second.HandleFunc("POST /length", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprintln(w, n, err)
	})
	stop := make(chan bool)
	srv := &http.Server{Handler: second}
	second.HandleFunc("/stop", func(w http.ResponseWriter, r *http.Request) { stop <- true })
	http.HandleFunc("/second", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, l.Addr()) })
	http.HandleFunc("/busy", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, http.ListenAndServe(l.Addr().String(), nil))
	})
	var servers sync.WaitGroup
	servers.Go(func() {
		fmt.Println("second:", srv.Serve(l))
	})
	servers.Go(func() {
		<-stop
		srv.Close()
	})
	go func() { log.Fatal(http.ListenAndServe(os.Args[1], nil)) }()
	servers.Wait()
	select {}
}
