// Jobs is an HTTP server that counts the primes below a number in the background, and says how far it is.
//
//	POST /jobs?below=1000000   starts one
//	GET  /jobs/{id}            how far it is
//	GET  /jobs                 all of them
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"strconv"
	"sync"
	"time"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "where to listen")
	flag.Parse()
	var js jobs
	http.HandleFunc("POST /jobs", js.start)
	http.HandleFunc("GET /jobs", js.list)
	http.HandleFunc("GET /jobs/{id}", js.show)
	log.Fatal(http.ListenAndServe(*addr, nil))
}

type jobs struct {
	mu  sync.Mutex
	all []*job
}

// A job is guarded by the mutex of jobs.
type job struct {
	ID     int  `json:"id"`
	Below  int  `json:"below"`
	Looked int  `json:"looked"` // numbers looked at
	Primes int  `json:"primes"` // found among them
	Done   bool `json:"done"`
}

func (js *jobs) start(w http.ResponseWriter, r *http.Request) {
	below, err := strconv.Atoi(r.FormValue("below"))
	if err != nil || below < 0 || below > 100_000_000 {
		http.Error(w, "below which number?", http.StatusBadRequest)
		return
	}
	js.mu.Lock()
	j := &job{ID: len(js.all), Below: below}
	js.all = append(js.all, j)
	js.mu.Unlock()
	go js.run(j)
	w.Header().Set("Location", fmt.Sprintf("/jobs/%d", j.ID))
	w.WriteHeader(http.StatusAccepted)
}

// run works in pieces, with a rest after each.
func (js *jobs) run(j *job) {
	const piece = 100_000
	for from := 2; from < j.Below; from += piece {
		to := min(from+piece, j.Below)
		n := 0
		for i := from; i < to; i++ {
			if prime(i) {
				n++
			}
		}
		js.mu.Lock()
		j.Looked, j.Primes = to, j.Primes+n
		js.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
	}
	js.mu.Lock()
	j.Done = true
	js.mu.Unlock()
}

func prime(n int) bool {
	for d := 2; d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return n > 1
}

func (js *jobs) list(w http.ResponseWriter, r *http.Request) {
	js.mu.Lock()
	defer js.mu.Unlock()
	json.NewEncoder(w).Encode(js.all)
}

func (js *jobs) show(w http.ResponseWriter, r *http.Request) {
	js.mu.Lock()
	defer js.mu.Unlock()
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 0 || id >= len(js.all) {
		http.NotFound(w, r)
		return
	}
	json.NewEncoder(w).Encode(js.all[id])
}
