package hark_http

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// RemoteAddr is the header by which the host says where a request comes from.
const RemoteAddr = "Hark-Remote-Addr"

// PathValues is the header by which the host says what the variables of a route stand for, as a query.
const PathValues = "Hark-Path-Values"

// readRequest parses a request. Its body is in memory, as what net/http makes cannot be saved.
func readRequest(data []byte) (*http.Request, error) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data)))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if len(text) > 0 {
		r.Body = &body{text: text}
	} else {
		r.Body = http.NoBody
	}
	r.RemoteAddr = r.Header.Get(RemoteAddr)
	r.Header.Del(RemoteAddr)
	values, err := url.ParseQuery(r.Header.Get(PathValues))
	for name := range values {
		r.SetPathValue(name, values.Get(name))
	}
	r.Header.Del(PathValues)
	return r, err
}

// A body is the rest of a request's body.
type body struct {
	mu     sync.Mutex
	text   []byte
	closed bool
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	n := copy(p, b.text)
	b.text = b.text[n:]
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed, b.text = true, nil
	return nil
}

// A response is an http.ResponseWriter that keeps what is written. Like net/http's it is for one goroutine at a time.
type response struct {
	header http.Header
	status int         // 0: not written
	sent   http.Header // a copy made when status was written
	length int64       // that the handler has declared; -1 if it has not
	body   []byte
}

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *response) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("invalid WriteHeader code %v", status))
	}
	if w.status != 0 || status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	w.status, w.sent, w.length = status, w.header.Clone(), -1
	if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		w.length = n
	} else {
		w.sent.Del("Content-Length")
	}
}

// Write implements http.ResponseWriter.
func (w *response) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case !hasBody(w.status):
		return 0, http.ErrBodyNotAllowed
	case w.length >= 0 && int64(len(w.body)+len(p)) > w.length:
		return 0, http.ErrContentLength
	}
	w.body = append(w.body, p...)
	return len(p), nil
}

// WriteString implements io.StringWriter.
func (w *response) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// Flush implements http.Flusher.
func (w *response) Flush() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
}

func hasBody(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// text is the response to a request of that method, in HTTP/1.1.
func (w *response) text(method string) []byte {
	w.Flush()
	h := w.sent
	if h == nil {
		h = http.Header{}
	}
	h.Del("Transfer-Encoding")
	if _, set := h["Content-Type"]; !set && h.Get("Content-Encoding") == "" && len(w.body) > 0 {
		h.Set("Content-Type", http.DetectContentType(w.body))
	}
	switch {
	case !hasBody(w.status):
		h.Del("Content-Length")
		if w.status == http.StatusNotModified {
			h.Del("Content-Type")
		}
	case method == http.MethodHead:
		if w.length < 0 && len(w.body) > 0 {
			h.Set("Content-Length", strconv.Itoa(len(w.body)))
		}
		w.body = nil
	default:
		h.Set("Content-Length", strconv.Itoa(len(w.body)))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %03d %s\r\n", w.status, http.StatusText(w.status))
	h.Write(&b)
	b.WriteString("\r\n")
	b.Write(w.body)
	return b.Bytes()
}

// An address is where somebody is in the network.
type address string

// Network implements net.Addr.
func (a address) Network() string { return "tcp" }

// String implements net.Addr.
func (a address) String() string { return string(a) }

// A conn stands for the connection that a request came by. It can be asked for its addresses.
type conn struct{ remote, local address }

var errConn = errors.New("harkgen: the connection belongs to the host")

func (c *conn) Read([]byte) (int, error)         { return 0, errConn }
func (c *conn) Write([]byte) (int, error)        { return 0, errConn }
func (c *conn) Close() error                     { return errConn }
func (c *conn) LocalAddr() net.Addr              { return c.local }
func (c *conn) RemoteAddr() net.Addr             { return c.remote }
func (c *conn) SetDeadline(time.Time) error      { return errConn }
func (c *conn) SetReadDeadline(time.Time) error  { return errConn }
func (c *conn) SetWriteDeadline(time.Time) error { return errConn }
