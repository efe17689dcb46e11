package hark_http

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// exchange has the handler answer a request, and returns the answer as a client sees it.
func exchange(t *testing.T, h http.Handler, method, target, body string) *http.Response {
	t.Helper()
	text := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: example.com\r\n%s: 1.2.3.4:5\r\nContent-Length: %d\r\n\r\n%s", method, target, RemoteAddr, len(body), body)
	r, err := readRequest([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if r.RemoteAddr != "1.2.3.4:5" || r.Header.Get(RemoteAddr) != "" {
		t.Errorf("remote address %q, header %q", r.RemoteAddr, r.Header)
	}
	w := &response{header: http.Header{}}
	ServeHTTP(h, w, r)
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(w.text(method))), r)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// describe is what of an answer is the program's.
func describe(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	h := resp.Header.Clone()
	h.Del("Date")
	return fmt.Sprintln(resp.StatusCode, resp.ContentLength, h, string(body))
}

// TestLikeServer compares answers with those of a server of net/http.
func TestLikeServer(t *testing.T) {
	mux := http.NewServeMux()
	show := func(names ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s:", r.Pattern)
			for _, name := range names {
				fmt.Fprintf(w, " %s=%q", name, r.PathValue(name))
			}
		}
	}
	mux.Handle("/", show("x"))
	mux.Handle("GET /a/{x}", show("x", "y"))
	mux.Handle("/a/{x}/b/{y}", show("x", "y"))
	mux.Handle("POST /rest/{x...}", show("x"))
	mux.Handle("/dir/", show("x"))
	mux.Handle("/end/{$}", show("x", "$"))
	mux.Handle("example.com/host/{x}/{y...}", show("x", "y"))
	mux.Handle("/strip/{x}/", StripPrefix("/strip/1", show("x")))
	mux.Handle("/limit", MaxBytesHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		fmt.Fprintln(w, err, errors.As(err, new(*http.MaxBytesError)))
	}), 4))
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	mux.HandleFunc("/typed", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/x")
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("Too-Late", "yes")
		io.WriteString(w, "tea")
	})
	mux.HandleFunc("/untyped", func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil
		io.WriteString(w, "<html>")
	})
	mux.HandleFunc("/none", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotModified)
		if _, err := io.WriteString(w, "x"); err != http.ErrBodyNotAllowed {
			t.Errorf("a body with 304: %v", err)
		}
	})
	mux.HandleFunc("/nothing", func(http.ResponseWriter, *http.Request) {})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	client := srv.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, path := range []string{
		"/", "/a/1", "/a/1%2F2", "/a/1/b/2", "/a//b/2", "/rest/", "/rest/a/b%20c", "/rest", "/dir", "/dir/", "/dir/x/y", "/end", "/end/", "/end/x",
		"/host/1/2/3", "/host/1", "/strip/1/x", "/strip/2/x", "/limit", "/echo", "/typed", "/untyped", "/none", "/nothing", "/a/../dir/x", "/dir/?q=1",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PATCH"} {
			body := ""
			if method == "POST" {
				body = "some text"
			}
			req, err := http.NewRequest(method, srv.URL+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Host = "example.com"
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			want := describe(t, resp)
			if got := describe(t, exchange(t, mux, method, path, body)); got != want {
				t.Errorf("%s %s: got %s want %s", method, path, got, want)
			}
		}
	}
}

// TestTooLong: a handler cannot write more than it has declared.
func TestTooLong(t *testing.T) {
	w := &response{header: http.Header{"Content-Length": {"3"}}}
	if _, err := io.WriteString(w, "abcd"); err != http.ErrContentLength {
		t.Errorf("error %v", err)
	}
}

// TestHijack: what needs the connection is told that it cannot have it.
func TestHijack(t *testing.T) {
	c := http.NewResponseController(&response{header: http.Header{}})
	if err := c.Flush(); err != nil {
		t.Errorf("Flush: %v", err)
	}
	if _, _, err := c.Hijack(); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("Hijack: %v", err)
	}
	if err := c.EnableFullDuplex(); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("EnableFullDuplex: %v", err)
	}
}
