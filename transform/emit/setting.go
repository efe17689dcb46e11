package emit

import (
	"go/types"

	"github.com/dave/jennifer/jen"
)

// This file registers state of packages that are not compiled.

// settings are pairs of functions that read and set such state, by package, in the order in which they must be set: slog.SetDefault sets
// those of package log, too.
var settings = []struct{ pkg, name, get, set string }{
	{"log/slog", "log/slog.Default", "Default", "SetDefault"},
	{"log", "log.Flags", "Flags", "SetFlags"},
	{"log", "log.Prefix", "Prefix", "SetPrefix"},
	{"log", "log.Writer", "Writer", "SetOutput"},
}

// hidden are values that such packages keep in variables that they do not export, and return.
var hidden = []struct{ pkg, name, get string }{
	{"log/slog", "log/slog.Default", "Default"},
	{"log", "log.Default", "Default"},
}

// settings registers them, in package main, for the packages that the compiled ones import.
func (e *emitter) settings(g *jen.Group) {
	if e.user.Name != "main" {
		return
	}
	if e.low.Distributed() {
		g.Add(e.rt("RegisterDistributed")).Call()
	}
	imported := map[string]bool{}
	for _, u := range e.prog.User {
		for path := range u.Imports {
			imported[path] = true
		}
	}
	for _, h := range hidden {
		if imported[h.pkg] {
			g.Add(e.rt("RegisterExternal")).Call(jen.Lit(h.name), e.rt("Ref").Call(jen.Qual(h.pkg, h.get).Call()))
		}
	}
	for _, s := range settings {
		if imported[s.pkg] {
			g.Add(e.rt("RegisterSetting")).Call(jen.Lit(s.name), jen.Qual(s.pkg, s.get), jen.Qual(s.pkg, s.set))
		}
	}
	if e.prog.All["expvar"] != nil {
		g.Add(e.rt("RegisterSetting")).Call(jen.Lit("expvar"), jen.Qual(RTPath+"/"+ExpVars, "State"), jen.Qual(RTPath+"/"+ExpVars, "SetState"))
	}
	if e.setsEnviron() {
		g.Add(e.rt("RegisterSetting")).Call(jen.Lit("os.Environ"), e.rt("Environ"), e.rt("SetEnviron"))
	}
}

// setsEnviron reports whether the program mentions a function that changes the environment.
func (e *emitter) setsEnviron() bool {
	for _, u := range e.prog.User {
		for _, o := range u.TypesInfo.Uses {
			if f, ok := o.(*types.Func); ok && f.Pkg() != nil && f.Pkg().Path() == "os" {
				switch f.Name() {
				case "Setenv", "Unsetenv", "Clearenv":
					return true
				}
			}
		}
	}
	return false
}
