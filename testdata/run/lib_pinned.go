// Callbacks of code that is not compiled block: fmt with a Stringer, http handlers, json, text/template, reflect. They pin the goroutine.

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"text/template"
	"time"
)

var ask, answer = make(chan int), make(chan int)

func double(n int) int { ask <- n; return <-answer }

type number int

func (n number) String() string { return fmt.Sprint("n", double(int(n))) }

func (n number) MarshalJSON() ([]byte, error) { return json.Marshal(double(int(n))) }

func main() {
	go func() {
		for n := range ask {
			time.Sleep(time.Microsecond)
			answer <- 2 * n
		}
	}()
	fmt.Println(number(4), []number{1, 2})
	s := fmt.Sprintf("%v|%6s|%d", number(1), number(2), number(3))
	fmt.Println(s)

	var mu sync.Mutex
	hits := 0
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		hits++
		mu.Unlock()
		fmt.Fprintf(w, "%s %d", r.URL.Path, double(hits))
	})
	for _, path := range []string{"/a", "/b"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(w.Code, w.Body.String())
	}
	mux := http.NewServeMux()
	mux.Handle("/c", handler)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/c", nil))
	fmt.Println(w.Body.String())

	b, err := json.Marshal(map[string]number{"x": 5})
	fmt.Println(string(b), err)
	var out strings.Builder
	t := template.Must(template.New("t").Funcs(template.FuncMap{"double": double}).Parse("{{double .}}"))
	err = t.Execute(&out, 3)
	fmt.Println(out.String(), err)
	fmt.Println(reflect.ValueOf(double).Call([]reflect.Value{reflect.ValueOf(8)})[0])
	defer func() { fmt.Println(recover()) }()
	fmt.Println(strings.Map(func(r rune) rune {
		if double(int(r)) == 2*'c' {
			panic("c")
		}
		return r
	}, "abc"))
}
