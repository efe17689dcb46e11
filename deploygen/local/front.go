package local

import (
	"cmp"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/harkgen/harkgen/deploygen/local/gateway"
	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/deploygen/plan"
)

// This file defines the HTTP front ends: one API for all http triggers, and one for each server, as in the template.

// A front is an HTTP API at a port of its own.
type front struct {
	api    atomic.Pointer[gateway.API]
	server *http.Server
	url    string
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.api.Load().ServeHTTP(w, r) }

// apis returns the APIs of a plan: "" is that of http triggers, the others are those of servers, by entry. The order is that of ports.
func apis(p *plan.Plan) (names []string, routes map[string][]gateway.Route) {
	routes = map[string][]gateway.Route{}
	for i := range p.Entries {
		e := &p.Entries[i]
		name, had := "", len(routes[""])
		for _, t := range e.Triggers {
			if t.Type == "http" {
				routes[name] = append(routes[name], gateway.Route{Method: t.Method, Path: t.Path, Function: live(e)})
			}
		}
		if e.Kind == plan.Server {
			name = e.Name
			routes[name] = append(routes[name], gateway.Route{Path: gateway.Default, Function: live(e)})
		}
		if e.Kind == plan.Server || len(routes[""]) > had {
			routes[name] = append(routes[name], gateway.Route{Method: "POST", Path: plan.SignedPath(e.Name), Function: live(e), Signed: true})
		}
	}
	if len(routes[""]) > 0 {
		names = append(names, "")
	}
	for i := range p.Entries {
		if p.Entries[i].Kind == plan.Server {
			names = append(names, p.Entries[i].Name)
		}
	}
	return names, routes
}

// live names the function of an entry, in the version that was deployed last.
func live(e *plan.Entry) string { return e.FunctionID() + ":" + lambda.Live }

// serveHTTP makes the front ends those of the plan. c.mu is held.
func (c *Cloud) serveHTTP(p *plan.Plan) error {
	names, routes := apis(p)
	for name, f := range c.fronts {
		if routes[name] == nil {
			f.server.Close()
			delete(c.fronts, name)
			delete(c.info.HTTP, name)
		}
	}
	for _, name := range names {
		api := &gateway.API{Name: cmp.Or(name, "api"), Routes: routes[name], Limit: gateway.HTTPLimit, Clock: c.clock, Invoke: c.lambda.Invoke}
		if f := c.fronts[name]; f != nil {
			f.api.Store(api)
			continue
		}
		f, err := c.newFront(api)
		if err != nil {
			return err
		}
		c.fronts[name], c.info.HTTP[name] = f, f.url
	}
	return nil
}

// newFront listens at the address of the first one, if there is none yet.
func (c *Cloud) newFront(api *gateway.API) (*front, error) {
	addr := "127.0.0.1:0"
	if len(c.fronts) == 0 {
		addr = cmp.Or(c.o.HTTP, addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	f := &front{url: "http://" + l.Addr().String()}
	f.api.Store(api)
	f.server = &http.Server{Handler: f}
	go f.server.Serve(l)
	return f, nil
}
