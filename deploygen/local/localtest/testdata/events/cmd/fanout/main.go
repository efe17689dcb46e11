// Fanout is a server whose handlers have goroutines on other machines compute what they answer, and keep it in memory.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"
)

func main() {
	addr := "localhost:8080"
	if len(os.Args) > 1 {
		addr = os.Args[1]
	}
	var mu sync.Mutex
	served := 0
	http.HandleFunc("GET /squares/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.PathValue("n"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		sum := squares(n)
		mu.Lock()
		served++
		k := served
		mu.Unlock()
		fmt.Fprintf(w, "%d %d", sum, k)
	})
	log.Fatal(http.ListenAndServe(addr, nil))
}

// squares is the sum of squares up to n, each of which is computed elsewhere.
func squares(n int) (sum int) {
	out := make(chan int)
	for i := 1; i <= n; i++ {
		//hark:go remote
		go func() { out <- i * i }()
	}
	for range n {
		sum += <-out
	}
	return sum
}
