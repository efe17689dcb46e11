package hark_http

import (
	"net/http"
	"net/url"
	"strings"
)

// DefaultServeMux is http.DefaultServeMux.
var DefaultServeMux = http.NewServeMux()

// Handle is http.Handle.
func Handle(pattern string, handler http.Handler) { DefaultServeMux.Handle(pattern, handler) }

// HandleFunc is http.HandleFunc.
func HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	DefaultServeMux.HandleFunc(pattern, handler)
}

// ServeHTTP is h.ServeHTTP(w, r).
func ServeHTTP(h http.Handler, w http.ResponseWriter, r *http.Request) {
	switch h := h.(type) {
	case *http.ServeMux:
		MuxServeHTTP(h, w, r)
	case http.HandlerFunc:
		h(w, r)
	default:
		h.ServeHTTP(w, r)
	}
}

// FuncServeHTTP is f.ServeHTTP(w, r).
func FuncServeHTTP(f http.HandlerFunc, w http.ResponseWriter, r *http.Request) { f(w, r) }

// MuxServeHTTP is mux.ServeHTTP(w, r).
func MuxServeHTTP(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	if r.RequestURI == "*" {
		if r.ProtoAtLeast(1, 1) {
			w.Header().Set("Connection", "close")
		}
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h, pattern := mux.Handler(r)
	if pattern == "" && mux == DefaultServeMux {
		h, pattern = http.DefaultServeMux.Handler(r)
	}
	r.Pattern = pattern
	setPathValues(r, pattern)
	ServeHTTP(h, w, r)
}

// setPathValues sets the values of the wildcards of the pattern, which matches r: [METHOD ][HOST]/PATH.
func setPathValues(r *http.Request, pattern string) {
	i := strings.IndexByte(pattern, '/')
	if i < 0 || !strings.Contains(pattern, "{") {
		return
	}
	path := r.URL.EscapedPath()
	for rest := pattern[i:]; rest != "" && path != ""; {
		var segment, value string
		segment, rest = cutSegment(rest)
		name, wild := strings.CutPrefix(segment, "{")
		name = strings.TrimSuffix(name, "}")
		if multi, ok := strings.CutSuffix(name, "..."); wild && ok {
			r.SetPathValue(multi, unescape(path[1:]))
			return
		}
		value, path = cutSegment(path)
		if wild && name != "$" {
			r.SetPathValue(name, unescape(value))
		}
	}
}

// cutSegment cuts the first segment off a path, which begins with a slash.
func cutSegment(path string) (segment, rest string) {
	path = path[1:]
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// StripPrefix is http.StripPrefix. What that returns cannot be saved.
func StripPrefix(prefix string, h http.Handler) http.Handler {
	if prefix == "" {
		return h
	}
	return &stripped{prefix, h}
}

type stripped struct {
	prefix string
	h      http.Handler
}

// ServeHTTP implements http.Handler.
func (s *stripped) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, cut := strings.CutPrefix(r.URL.Path, s.prefix)
	raw, cutRaw := strings.CutPrefix(r.URL.RawPath, s.prefix)
	if !cut || !cutRaw && r.URL.RawPath != "" {
		http.NotFound(w, r)
		return
	}
	r2, u := *r, *r.URL
	u.Path, u.RawPath = path, raw
	r2.URL = &u
	ServeHTTP(s.h, w, &r2)
}

// MaxBytesHandler is http.MaxBytesHandler.
func MaxBytesHandler(h http.Handler, n int64) http.Handler { return &limited{h, n} }

type limited struct {
	h http.Handler
	n int64
}

// ServeHTTP implements http.Handler.
func (l *limited) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r2 := *r
	r2.Body = http.MaxBytesReader(w, r.Body, l.n)
	ServeHTTP(l.h, w, &r2)
}
