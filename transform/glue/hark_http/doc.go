// Package hark_http is the HTTP server of a compiled program: what net/http's functions become that listen, serve, and call handlers. It is compiled along
// with programs that use them; see package transform/glue.
//
// A request comes as an event, its text in HTTP/1.1, and so does its response go. Who listens is the host, which speaks HTTP with the clients; the program
// says only at what address. While no request is there, and nothing else goes on, no process is.
//
//	http.ListenAndServe(addr, h)   tells the host to listen; for each event a goroutine parses the request, calls the handler with a ResponseWriter that
//	                               is plain memory, and responds
//	h.ServeHTTP(w, r)              calls what *ServeMux and HandlerFunc call from here, so that no handler is called by code that is not compiled
//	http.Handle, DefaultServeMux   are those of this package, as variables of net/http are not saved; what packages have registered there while they
//	                               were initialised is found as well
//
// What differs from net/http:
//
//   - a response is sent when the handler has returned, whole; Flush sends nothing before that. Hijack is not supported, nor what needs it (websockets);
//     deadlines of connections, trailers and 1xx responses are not either: http.ErrNotSupported, where there is an error;
//   - a handler that panics is logged, and its client gets 500 instead of a closed connection;
//   - TLS ends at the host's front, so ...TLS serve plain HTTP, and certificates are not read;
//   - ConnState and ConnContext see a connection for each request, which can be asked for addresses only; timeouts of the Server are not observed;
//   - the context of a request is cancelled when its handler returns, not when its client goes away;
//   - Serve returns http.ErrServerClosed when all handlers have ended.
package hark_http
