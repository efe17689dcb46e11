// Package front is what HTTP clients of a run on this machine talk to: it listens where the program wants to be reached, puts requests into the run's mailbox, and
// passes responses on.
//
// It goes on while the program's workers come and go, and listens again when a run is resumed. A client that goes away cancels nothing: its request is
// durable, and what it does is done. One whose connection is lost because this process has died cannot know whether its request was taken, as with any server.
package front

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/store"
)

// MaxBody is how long the body of a request may be, in bytes. Lambda takes 6 MB.
const MaxBody = 64 << 20

// RemoteAddr is the header that tells the program where a request comes from.
const RemoteAddr = "Hark-Remote-Addr"

// PathValues is the header that tells the program what the variables of a route stand for, as a query.
const PathValues = "Hark-Path-Values"

// A Front implements local.Events.
type Front struct {
	store    store.Store
	run      string
	appended chan struct{} // has room for one

	mu      sync.Mutex
	servers map[string]*http.Server // by address
	waiting map[string]*request     // by id of the event
	ending  sync.WaitGroup          // of servers
}

// A request is waiting for its response.
type request struct {
	addr   string
	answer chan []byte // has room for one; closed if none will come
}

// New makes the front of a run.
func New(s store.Store, run string) *Front {
	return &Front{store: s, run: run, appended: make(chan struct{}, 1), servers: map[string]*http.Server{}, waiting: map[string]*request{}}
}

// Appended implements local.Events.
func (f *Front) Appended() <-chan struct{} { return f.appended }

// Respond implements local.Events.
func (f *Front) Respond(id string, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.waiting[id]; r != nil {
		r.answer <- data
		delete(f.waiting, id)
	}
	return nil
}

// Listen implements local.Events.
func (f *Front) Listen(addrs []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for addr := range f.servers {
		if !slices.Contains(addrs, addr) {
			f.close(addr)
		}
	}
	for _, addr := range addrs {
		if f.servers[addr] != nil {
			continue
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return fmt.Errorf("the program serves HTTP: %w", err)
		}
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.serve(addr, w, r) }), ReadHeaderTimeout: time.Minute}
		f.servers[addr] = srv
		f.ending.Go(func() { srv.Serve(l) }) // until it is closed
	}
	return nil
}

// close ends the server at addr, with time for responses that are on their way. The caller holds mu.
func (f *Front) close(addr string) {
	srv := f.servers[addr]
	delete(f.servers, addr)
	f.ending.Go(func() {
		if !shutdown(srv) {
			f.abandon(addr)
			shutdown(srv)
			srv.Close()
		}
	})
}

// shutdown reports whether all requests have been answered within a second.
func shutdown(srv *http.Server) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return srv.Shutdown(ctx) == nil
}

// abandon answers the requests that the program has not taken.
func (f *Front) abandon(addr string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, r := range f.waiting {
		if r.addr == addr {
			close(r.answer)
			delete(f.waiting, id)
		}
	}
}

// Close ends all servers.
func (f *Front) Close() {
	f.mu.Lock()
	for addr := range f.servers {
		f.close(addr)
	}
	f.mu.Unlock()
	f.ending.Wait()
}

// serve makes an event of a request, and waits for its response.
func (f *Front) serve(addr string, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		status := http.StatusBadRequest
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, err.Error(), status)
		return
	}
	id := newID()
	q := &request{addr: addr, answer: make(chan []byte, 1)}
	f.mu.Lock()
	open := f.servers[addr] != nil
	if open {
		f.waiting[id] = q
	}
	f.mu.Unlock()
	if !open {
		unavailable(w)
		return
	}
	if err := store.AppendEvent(context.WithoutCancel(r.Context()), f.store, f.run, id, "http "+addr, RequestText(r, body, nil)); err != nil {
		f.forget(id)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	select {
	case f.appended <- struct{}{}:
	default:
	}
	select {
	case answer, ok := <-q.answer:
		if !ok {
			unavailable(w)
			return
		}
		if err := WriteResponse(w, r, answer); err != nil {
			panic(http.ErrAbortHandler)
		}
	case <-r.Context().Done():
		f.forget(id)
	}
}

func unavailable(w http.ResponseWriter) {
	http.Error(w, "the server has been shut down", http.StatusServiceUnavailable)
}

func (f *Front) forget(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.waiting, id)
}

// newID returns an id that sorts by time.
func newID() string {
	var b [8]byte
	rand.Read(b[:])
	return fmt.Sprintf("%016x%x", time.Now().UnixNano(), b)
}

// RequestText is the request in HTTP/1.1, with its body, and with its RemoteAddr and values of path variables, if there are any, as headers that clients cannot set.
func RequestText(r *http.Request, body []byte, values url.Values) []byte {
	h := r.Header.Clone()
	h.Del("Transfer-Encoding")
	h.Set(RemoteAddr, r.RemoteAddr)
	h.Del(PathValues)
	if len(values) > 0 {
		h.Set(PathValues, values.Encode())
	}
	if len(body) > 0 || r.ContentLength == 0 && h.Get("Content-Length") != "" {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.RequestURI, r.Host)
	h.Write(&b)
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// WriteResponse writes a response that is given in HTTP/1.1.
func WriteResponse(w http.ResponseWriter, r *http.Request, text []byte) error {
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(text)), r)
	if err != nil {
		http.Error(w, "bad response: "+err.Error(), http.StatusBadGateway)
		return nil
	}
	defer resp.Body.Close()
	h := w.Header()
	for name, values := range resp.Header {
		h[name] = values
	}
	if _, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil // none is to be guessed
	}
	w.WriteHeader(resp.StatusCode)
	_, err = io.Copy(w, resp.Body)
	return err
}
