// Server is an ordinary HTTP server that uses much of what package net/http has for one. Its argument is the address.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

var (
	mu     sync.Mutex
	counts = map[string]int{}
	events []string
)

func note(text string) {
	mu.Lock()
	defer mu.Unlock()
	events = append(events, text)
}

func count(w http.ResponseWriter, r *http.Request) {
	mu.Lock()
	defer mu.Unlock()
	name := r.PathValue("name")
	if r.Method == "POST" {
		counts[name]++
	}
	fmt.Fprintln(w, name, counts[name])
}

// orders wait for their approval.
type orders struct {
	mu      sync.Mutex
	pending map[string]chan bool
	state   map[string]string
}

func (o *orders) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	switch r.Method {
	case "GET":
		o.mu.Lock()
		defer o.mu.Unlock()
		fmt.Fprintln(w, id, o.state[id])
	case "POST":
		fmt.Fprintln(w, id, o.wait(id))
	}
}

func (o *orders) wait(id string) string {
	decision := make(chan bool)
	o.mu.Lock()
	o.pending[id] = decision
	o.state[id] = "pending"
	o.mu.Unlock()
	result := "rejected"
	select {
	case ok := <-decision:
		if ok {
			result = "approved"
		}
	case <-time.After(time.Hour):
		result = "forgotten"
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.pending, id)
	o.state[id] = result
	return result
}

func (o *orders) decide(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	decision := o.pending[r.PathValue("id")]
	o.mu.Unlock()
	if decision == nil {
		http.Error(w, "no such order", http.StatusNotFound)
		return
	}
	decision <- r.FormValue("ok") == "yes"
	w.WriteHeader(http.StatusAccepted)
}

type key struct{}

// logged is middleware around h.
func logged(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Served-By", "logged")
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, r.Method)))
		if r.Context().Err() != nil {
			log.Println("the context has ended before the handler")
		}
	})
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	w.Header().Set("X-Method", r.Context().Value(key{}).(string))
	w.WriteHeader(http.StatusCreated)
	w.Write(body)
}

func later(w http.ResponseWriter, r *http.Request) {
	text := r.URL.Query().Get("text")
	go func() {
		time.Sleep(100 * time.Millisecond)
		note(text)
	}()
	fmt.Fprintln(w, "later")
}

func list(w http.ResponseWriter, r *http.Request) {
	mu.Lock()
	defer mu.Unlock()
	fmt.Fprintln(w, strings.Join(events, ","))
}

func main() {
	o := &orders{pending: map[string]chan bool{}, state: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /count/{name}", count)
	mux.HandleFunc("POST /count/{name}", count)
	mux.Handle("/orders/{id}", o)
	mux.HandleFunc("POST /orders/{id}/decision", o.decide)
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/later", later)
	mux.HandleFunc("/list", list)
	mux.HandleFunc("/files/{path...}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s of %s\n", r.PathValue("path"), r.Pattern)
	})
	mux.HandleFunc("/exact/{$}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "<p>exact") })
	mux.HandleFunc("/panic", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Millisecond)
		panic("handler")
	})
	mux.HandleFunc("/empty", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/cookie", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		http.SetCookie(w, &http.Cookie{Name: "c", Value: "d"})
		http.Redirect(w, r, "/exact/", http.StatusSeeOther)
	})
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		for i := range 3 {
			fmt.Fprintln(w, "part", i)
			w.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
	})
	inner := http.NewServeMux()
	inner.HandleFunc("/count/{name}", count)
	mux.Handle("/api/", http.StripPrefix("/api", inner))

	srv := &http.Server{Addr: os.Args[1], Handler: logged(mux)}
	down := make(chan struct{})
	mux.HandleFunc("/shutdown", func(w http.ResponseWriter, r *http.Request) {
		go func() {
			defer close(down)
			if err := srv.Shutdown(context.Background()); err != nil {
				log.Println(err)
			}
		}()
		fmt.Fprintln(w, "bye")
	})
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-down
	fmt.Println("counted", counts)
}
