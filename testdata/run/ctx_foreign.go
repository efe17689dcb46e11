// Contexts of the program in code that is not compiled, and its contexts in the program: children, causes, values.

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"
)

type key struct{}

func main() {
	root, stop := context.WithCancelCause(context.WithValue(context.Background(), key{}, "value"))
	seen := make(chan string, 1)
	handler := http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context()) // ours, of one of package http, of ours
		defer cancel()
		<-ctx.Done()
		seen <- fmt.Sprint(context.Cause(r.Context()), "; ", context.Cause(ctx), "; ", ctx.Err(), "; ", ctx.Value(key{}))
	}), time.Minute, "late")
	go func() {
		time.Sleep(10 * time.Millisecond)
		stop(errors.New("why"))
	}()
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(root))
	fmt.Println(<-seen)

	transport := http.DefaultTransport.(*http.Transport).Clone()
	req, _ := http.NewRequestWithContext(root, "GET", "http://127.0.0.1:1/", nil)
	_, err := transport.RoundTrip(req)
	fmt.Println(err)

	short, cancel := context.WithTimeoutCause(context.Background(), time.Millisecond, errors.New("slow"))
	defer cancel()
	late := http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		seen <- fmt.Sprint(context.Cause(r.Context()), " ", r.Context().Err() == context.DeadlineExceeded)
	}), time.Minute, "late")
	late.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(short))
	fmt.Println(<-seen)
}
