package glue

import "maps"

// This file is the table of what package hark_http has instead of net/http.

// serve are the functions that make a program a server.
var serve = map[string]string{
	"net/http.ListenAndServe":              "hark_http.ListenAndServe",
	"net/http.ListenAndServeTLS":           "hark_http.ListenAndServeTLS",
	"net/http.Serve":                       "hark_http.Serve",
	"net/http.ServeTLS":                    "hark_http.ServeTLS",
	"(*net/http.Server).ListenAndServe":    "hark_http.ServerListenAndServe",
	"(*net/http.Server).ListenAndServeTLS": "hark_http.ServerListenAndServeTLS",
	"(*net/http.Server).Serve":             "hark_http.ServerServe",
	"(*net/http.Server).ServeTLS":          "hark_http.ServerServeTLS",
}

// beside are those that change besides, in a server.
var beside = map[string]string{
	"(*net/http.Server).Shutdown":           "hark_http.ServerShutdown",
	"(*net/http.Server).Close":              "hark_http.ServerClose",
	"(*net/http.Server).RegisterOnShutdown": "hark_http.ServerRegisterOnShutdown",
	"(net/http.Handler).ServeHTTP":          "hark_http.ServeHTTP",
	"(*net/http.ServeMux).ServeHTTP":        "hark_http.MuxServeHTTP",
	"(net/http.HandlerFunc).ServeHTTP":      "hark_http.FuncServeHTTP",
	"net/http.Handle":                       "hark_http.Handle",
	"net/http.HandleFunc":                   "hark_http.HandleFunc",
	"net/http.StripPrefix":                  "hark_http.StripPrefix",
	"net/http.MaxBytesHandler":              "hark_http.MaxBytesHandler",
	"net.Listen":                            "hark_http.Listen",
}

var vars = map[string]string{"net/http.DefaultServeMux": "hark_http.DefaultServeMux"}

// unbound are methods that cannot be values.
var unbound = map[string]string{}

func init() {
	for name := range calls() {
		unbound[name] = "call it in a function literal"
	}
	for _, name := range []string{"(net/http.Handler).ServeHTTP", "(*net/http.ServeMux).ServeHTTP", "(net/http.HandlerFunc).ServeHTTP"} {
		delete(unbound, name) // the original does the same, but cannot be suspended
	}
}

// calls are all of them.
func calls() map[string]string {
	all := maps.Clone(serve)
	maps.Copy(all, beside)
	return all
}
