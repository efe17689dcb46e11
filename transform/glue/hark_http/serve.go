package hark_http

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"

	"github.com/harkgen/harkgen/transform/glue/hark_event"
)

// A server is what this package knows of an http.Server.
type server struct {
	mu       sync.Mutex
	closed   bool            // by Shutdown or Close
	kinds    []string        // of the events that loops wait for
	active   int             // loops and handlers
	drained  []chan struct{} // to be closed when none is
	shutdown []func()        // of RegisterOnShutdown
}

var (
	mu      sync.Mutex // guards servers
	servers = map[*http.Server]*server{}
)

func serverOf(srv *http.Server) *server {
	mu.Lock()
	defer mu.Unlock()
	s := servers[srv]
	if s == nil {
		s = &server{}
		servers[srv] = s
	}
	return s
}

// ListenAndServe is http.ListenAndServe.
func ListenAndServe(addr string, handler http.Handler) error {
	return ServerListenAndServe(&http.Server{Addr: addr, Handler: handler})
}

// ListenAndServeTLS is http.ListenAndServeTLS, without TLS.
func ListenAndServeTLS(addr, certFile, keyFile string, handler http.Handler) error {
	return ServerListenAndServeTLS(&http.Server{Addr: addr, Handler: handler}, certFile, keyFile)
}

// Serve is http.Serve.
func Serve(l net.Listener, handler http.Handler) error {
	return ServerServe(&http.Server{Handler: handler}, l)
}

// ServeTLS is http.ServeTLS, without TLS.
func ServeTLS(l net.Listener, handler http.Handler, certFile, keyFile string) error {
	return ServerServe(&http.Server{Handler: handler}, l)
}

// ServerListenAndServe is srv.ListenAndServe.
func ServerListenAndServe(srv *http.Server) error { return listenAndServe(srv, ":http") }

// ServerListenAndServeTLS is srv.ListenAndServeTLS, without TLS.
func ServerListenAndServeTLS(srv *http.Server, certFile, keyFile string) error {
	return listenAndServe(srv, ":https")
}

func listenAndServe(srv *http.Server, standard string) error {
	if serverOf(srv).isClosed() {
		return http.ErrServerClosed
	}
	addr := srv.Addr
	if addr == "" {
		addr = standard
	}
	l, err := Listen("tcp", addr)
	if err != nil {
		return err
	}
	if strings.HasSuffix(addr, ":0") {
		fmt.Fprintln(os.Stderr, "listening on", l.Addr())
	}
	return ServerServe(srv, l)
}

// ServerServeTLS is srv.ServeTLS, without TLS.
func ServerServeTLS(srv *http.Server, l net.Listener, certFile, keyFile string) error {
	return ServerServe(srv, l)
}

// errNoFront is returned where no requests come from.
var errNoFront = errors.New("harkgen: nothing here passes HTTP requests on to this program, or its server runs in another process than main, by a comment //hark:go remote")

// ServerServe is srv.Serve. Of a listener that is not this package's the address is used.
func ServerServe(srv *http.Server, l net.Listener) error {
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	return serverOf(srv).serve(srv, addr)
}

func (s *server) serve(srv *http.Server, addr string) error {
	kind := "http " + addr
	base := context.Background()
	if srv.BaseContext != nil {
		if base = srv.BaseContext(&listener{addr}); base == nil {
			panic("BaseContext returned a nil context")
		}
	}
	base = context.WithValue(base, http.ServerContextKey, srv)
	base = context.WithValue(base, http.LocalAddrContextKey, address(addr))
	if !s.open(kind) {
		return http.ErrServerClosed
	}
	hark_event.Tell("listen " + addr)
	for {
		id, data, ok := hark_event.Next(kind)
		if !ok {
			break
		}
		s.begin()
		go s.handle(srv, base, id, data) //hark:go local
	}
	drained := s.whenDrained()
	s.end()
	if drained == nil {
		return errNoFront
	}
	<-drained
	hark_event.Tell("close " + addr) // whoever waits for an answer now gets none
	return http.ErrServerClosed
}

// open counts a loop for events of a kind, unless the server is closed.
func (s *server) open(kind string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	hark_event.Start(kind)
	s.kinds = append(s.kinds, kind)
	s.active++
	return true
}

// begin counts a handler.
func (s *server) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active++
}

// end counts it out.
func (s *server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active--; s.active == 0 {
		for _, c := range s.drained {
			close(c)
		}
		s.drained = nil
	}
}

// whenDrained returns a channel that is closed when nothing is active, nil if the server is not closed.
func (s *server) whenDrained() chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		return nil
	}
	c := make(chan struct{})
	if s.active == 0 {
		close(c)
	} else {
		s.drained = append(s.drained, c)
	}
	return c
}

func (s *server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// close ends the loops.
func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	for _, kind := range s.kinds {
		hark_event.Stop(kind)
	}
	for _, f := range s.shutdown {
		go f()
	}
}

// ServerShutdown is srv.Shutdown.
func ServerShutdown(srv *http.Server, ctx context.Context) error {
	s := serverOf(srv)
	s.close()
	select {
	case <-s.whenDrained():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ServerClose is srv.Close. Handlers that are active go on.
func ServerClose(srv *http.Server) error {
	serverOf(srv).close()
	return nil
}

// ServerRegisterOnShutdown is srv.RegisterOnShutdown.
func ServerRegisterOnShutdown(srv *http.Server, f func()) {
	s := serverOf(srv)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shutdown = append(s.shutdown, f)
}

// handle handles a request.
func (s *server) handle(srv *http.Server, base context.Context, id string, data []byte) {
	defer s.end()
	w := &response{header: http.Header{}}
	r, err := readRequest(data)
	if err != nil {
		http.Error(w, "400 Bad Request: "+err.Error(), http.StatusBadRequest)
		hark_event.Respond(id, w.text(""))
		return
	}
	c := &conn{remote: address(r.RemoteAddr), local: base.Value(http.LocalAddrContextKey).(address)}
	ctx, cancel := context.WithCancel(base)
	defer cancel()
	if srv.ConnContext != nil {
		if ctx = srv.ConnContext(ctx, c); ctx == nil {
			panic("ConnContext returned nil")
		}
	}
	state(srv, c, http.StateNew)
	state(srv, c, http.StateActive)
	handler := srv.Handler
	if handler == nil {
		handler = DefaultServeMux
	}
	if !guarded(srv, handler, w, r.WithContext(ctx)) {
		w = &response{header: http.Header{}}
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
	hark_event.Respond(id, w.text(r.Method))
	state(srv, c, http.StateClosed)
}

func state(srv *http.Server, c net.Conn, s http.ConnState) {
	if srv.ConnState != nil {
		srv.ConnState(c, s)
	}
}

// guarded calls the handler. It reports false if that has panicked.
func guarded(srv *http.Server, h http.Handler, w *response, r *http.Request) (ok bool) {
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			logf(srv, "http: panic serving %v: %v\n%s", r.RemoteAddr, v, debug.Stack())
		}
	}()
	ServeHTTP(h, w, r)
	return true
}

func logf(srv *http.Server, format string, args ...any) {
	if srv.ErrorLog != nil {
		srv.ErrorLog.Printf(format, args...)
	} else {
		log.Printf(format, args...)
	}
}

// Listen is net.Listen for what http.Serve gets: it finds out whether the address can be had, and leaves it to the host to listen there. On Lambda nobody
// listens there, and in a local cloud others may.
func Listen(network, addr string) (net.Listener, error) {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return net.Listen(network, addr)
	}
	if os.Getenv("AWS_LAMBDA_FUNCTION_NAME") != "" {
		return &listener{addr}, nil
	}
	l, err := net.Listen(network, addr)
	switch {
	case err == nil:
		addr = l.Addr().String()
		err = l.Close()
	case !errors.Is(err, syscall.EADDRINUSE) && errors.As(err, new(syscall.Errno)):
		err = nil // of a host whose front is elsewhere, that tells nothing
	}
	if err != nil {
		return nil, err
	}
	return &listener{addr}, nil
}

// A listener is an address at which the host is to listen.
type listener struct{ addr string }

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) { return nil, http.ErrNotSupported }

// Close implements net.Listener.
func (l *listener) Close() error { return nil }

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr {
	if a, err := net.ResolveTCPAddr("tcp", l.addr); err == nil {
		return a
	}
	return address(l.addr)
}

// Event handles the event of the run, a request, with h, answers it, and does not return.
func Event(h func(http.ResponseWriter, *http.Request)) {
	id, data, ok := hark_event.Next("")
	if !ok {
		panic(errNoFront)
	}
	srv := &http.Server{Handler: http.HandlerFunc(h)}
	s := serverOf(srv)
	s.begin()
	base := context.WithValue(context.Background(), http.LocalAddrContextKey, address(""))
	s.handle(srv, context.WithValue(base, http.ServerContextKey, srv), id, data)
	hark_event.Rest()
}
