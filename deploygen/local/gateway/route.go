package gateway

import (
	"net/url"
	"strings"
)

// This file defines which route a request takes: one whose path matches segment by segment, else the one with {name+} that fixes most
// segments, else Default; and among equals, one with a method before one without.

// key is how events name the route.
func (r *Route) key() string {
	if r.Path == Default {
		return Default
	}
	return r.Method + " " + r.Path
}

// takes reports whether the route takes requests with a method.
func (r *Route) takes(method string) bool {
	return r.Path == Default || r.Method == "ANY" || r.Method == method
}

// match returns the route for a request, nil if there is none, and the values of the variables in its path.
func match(routes []Route, method, path string) (*Route, map[string]string) {
	var best *Route
	var values map[string]string
	bestRank := -1
	for i := range routes {
		r := &routes[i]
		if !r.takes(method) {
			continue
		}
		vars, rank, ok := r.match(path)
		if r.Method == method {
			rank++
		}
		if ok && rank > bestRank {
			best, values, bestRank = r, vars, rank
		}
	}
	return best, values
}

// match reports whether the path, escaped, is one of the route's. The rank is even; that of a better match is greater.
func (r *Route) match(path string) (vars map[string]string, rank int, ok bool) {
	if r.Path == Default {
		return nil, 0, true
	}
	want, have := strings.Split(r.Path, "/"), strings.Split(path, "/")
	set := func(name, value string) bool {
		value, err := url.PathUnescape(value)
		if vars == nil {
			vars = map[string]string{}
		}
		vars[name] = value
		return err == nil && value != ""
	}
	fixed := 0
	for i, w := range want {
		name, isVar := strings.CutPrefix(w, "{")
		greedy := strings.HasSuffix(name, "+}")
		name = strings.TrimRight(name, "+}")
		switch {
		case i >= len(have):
			return nil, 0, false
		case isVar && greedy:
			return vars, 2 + 2*fixed, set(name, strings.Join(have[i:], "/"))
		case isVar:
			if !set(name, have[i]) {
				return nil, 0, false
			}
		case w != have[i]:
			return nil, 0, false
		default:
			fixed++
		}
	}
	const exact = 1 << 20
	return vars, exact + 2*fixed, len(want) == len(have)
}
