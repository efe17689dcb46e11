package rt

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestIdleConnections: the goroutines of a connection are foreign while a response is read, and not afterwards.
func TestIdleConnections(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, strings.Repeat("x", 16<<20)) // more than fits into buffers
		}))
		if s.EnableHTTP2 = h2; h2 {
			s.StartTLS()
		} else {
			s.Start()
		}
		defer s.Close()
		client := s.Client()
		foreign := func(want bool) {
			t.Helper()
			for range 500 {
				busy := false
				for _, n := range natives() {
					client := n.in([]string{"net/http.(*persistConn)", "net/http.(*http2ClientConn)", "net/http.(*http2clientConnReadLoop)", "net/http.(*http2clientStream)"})
					busy = busy || client && !n.idleConnection()
				}
				if busy == want {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Errorf("HTTP/2: %v: foreign goroutines: %v", h2, !want)
		}
		resp, err := client.Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		if (resp.ProtoMajor == 2) != h2 {
			t.Fatal(resp.Proto)
		}
		foreign(true)
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		foreign(false)
	}
}
