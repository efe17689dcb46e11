// Server is an HTTP server that counts its requests, so that harkbench can count what one costs.
package main

import (
	"fmt"
	"log"
	"net/http"
	"sync/atomic"
)

func main() {
	var n atomic.Int64
	http.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, n.Add(1)) })
	log.Fatal(http.ListenAndServe(":8080", nil))
}
