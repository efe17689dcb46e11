package library

import "golang.org/x/tools/go/ssa"

// This file says which functions work on what a process has one of, without being given it.

// An Ambience is something that each operating-system process has one of, and that functions of libraries look at or change.
type Ambience struct {
	Name       string
	sets, gets map[string]bool // functions, by full name; "path.*" are all functions of a package, methods not among them
}

var ambiences = []*Ambience{
	{"the environment", Words("os.Setenv os.Unsetenv os.Clearenv"), Words("os.Getenv os.LookupEnv os.Environ os.ExpandEnv os.Expand os.StartProcess os/exec.*")},
	{"the working directory", Words("os.Chdir (*os.File).Chdir"), Words("os.* os/exec.* path/filepath.Abs path/filepath.Walk path/filepath.WalkDir path/filepath.Glob io/ioutil.*")},
	{"the standard logger", Words("log.SetFlags log.SetOutput log.SetPrefix log.Default log/slog.SetDefault log/slog.SetLogLoggerLevel"), Words("log.* log/slog.*")},
	{"what package flag knows", Words("flag.Parse flag.Set flag.Var"), Words("flag.Arg flag.Args flag.NArg flag.NFlag flag.Parsed flag.Lookup flag.Visit flag.VisitAll")},
	{"the handlers of package net/http", Words("net/http.Handle net/http.HandleFunc"), Words("net/http.ListenAndServe net/http.ListenAndServeTLS net/http.Serve net/http.ServeTLS (*net/http.Server).ListenAndServe (*net/http.Server).Serve")},
	{"the variables of package expvar", Words("expvar.*"), nil},
	{"the source of package math/rand", Words("math/rand.Seed"), Words("math/rand.*")},
	{"standard input", Words("fmt.Scan fmt.Scanf fmt.Scanln"), nil},
	{"what package os/signal knows", Words("os/signal.*"), nil},
}

// InputName names what os.Stdin is, which main's process has.
const InputName = "standard input"

// AmbienceOf returns what fn, which is not compiled, looks at or changes; nil if nothing is known. It may be several.
func AmbienceOf(fn *ssa.Function) (sets, gets []*Ambience) {
	name, all := Declared(fn), PathOf(fn)+".*"
	method := fn.Signature.Recv() != nil
	for _, a := range ambiences {
		switch {
		case a.sets[name] || a.sets[all] && !method:
			sets = append(sets, a)
		case a.gets[name] || a.gets[all] && !method:
			gets = append(gets, a)
		}
	}
	return sets, gets
}
