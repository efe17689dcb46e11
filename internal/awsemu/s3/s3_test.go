package s3

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// This file tests bodies in chunks, which the SDK for Go sends over TLS only, and other SDKs also without.

// chunked writes a body in chunks of a size, with a trailer.
func chunked(body string, size int, trailer string) string {
	var b strings.Builder
	for len(body) > 0 {
		n := min(size, len(body))
		fmt.Fprintf(&b, "%x;chunk-signature=0\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return b.String() + "0\r\n" + trailer + "\r\n"
}

func TestChunks(t *testing.T) {
	s := New(nil)
	if err := s.CreateBucket("b"); err != nil {
		t.Fatal(err)
	}
	put := func(body, length string) int {
		r := httptest.NewRequest("PUT", "/b/k", strings.NewReader(body))
		r.Header.Set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
		r.Header.Set("X-Amz-Decoded-Content-Length", length)
		r.Header.Set("Content-Encoding", "aws-chunked, gzip")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	trailer := "x-amz-checksum-crc32:" + checksum("crc32", []byte("hello world")) + "\r\n"
	for _, test := range []struct {
		name, body, length string
		want               int
	}{
		{"one chunk", chunked("hello world", 100, trailer), "11", http.StatusOK},
		{"several", chunked("hello world", 3, trailer), "11", http.StatusOK},
		{"no trailer", chunked("hello world", 3, ""), "11", http.StatusOK},
		{"wrong checksum", chunked("hello w0rld", 3, trailer), "11", http.StatusBadRequest},
		{"wrong length", chunked("hello world", 3, trailer), "12", http.StatusBadRequest},
		{"cut off", chunked("hello world", 3, trailer)[:30], "11", http.StatusBadRequest},
		{"no chunks", "hello world", "11", http.StatusBadRequest},
	} {
		if got := put(test.body, test.length); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
		if test.want != http.StatusOK {
			continue
		}
		if data, err := s.Get("b", "k"); err != nil || string(data) != "hello world" {
			t.Errorf("%s: stored %q, %v", test.name, data, err)
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/b/k", nil))
	if got := w.Header().Get("Content-Encoding"); got != "gzip" {
		t.Errorf("Content-Encoding %q", got)
	}
}

// TestRefuses checks that what is not known is refused, not taken for another request.
func TestRefuses(t *testing.T) {
	s := New(nil)
	if err := s.CreateBucket("b"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		method, url, header string
	}{
		{"PUT", "/c?lifecycle", ""}, {"PUT", "/b?versioning", ""}, {"GET", "/b/k?tagging", ""}, {"DELETE", "/b/k?versionId=1", ""},
		{"PUT", "/b/k", "X-Amz-Tagging"}, {"DELETE", "/b/k", "If-Match"}, {"PUT", "/b/k", "X-Amz-Server-Side-Encryption-Customer-Key"},
	} {
		r := httptest.NewRequest(test.method, test.url, strings.NewReader("x"))
		if test.header != "" {
			r.Header.Set(test.header, "x")
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusNotImplemented {
			t.Errorf("%+v: %d %s", test, w.Code, w.Body)
		}
	}
	if there, err := s.BucketExists("c"); there || err != nil {
		t.Errorf("a bucket was made: %v", err)
	}
}

func FuzzChunks(f *testing.F) {
	f.Add([]byte(chunked("hello world", 3, "a: b\r\n")))
	f.Add([]byte("ffffffff\r\nx"))
	f.Fuzz(func(t *testing.T, body []byte) {
		data, _, err := decodeChunks(body)
		if err != nil {
			return
		}
		again, _, err := decodeChunks([]byte(chunked(string(data), 7, "")))
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("%q, %v, want %q", again, err, data)
		}
	})
}
