package emit

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"
	"golang.org/x/tools/go/packages"

	"github.com/harkgen/harkgen/transform/ir"
	"github.com/harkgen/harkgen/transform/lower"
)

// This file spells what no line of the user's stands for: frames, environments, thunks, wrappers, registrations.

func (e *emitter) glue() []File {
	p := e.pkg
	out := e.newFile()
	e.fn = nil
	for _, f := range e.framed() {
		e.frame(out, f)
	}
	for _, env := range p.Envs {
		e.env(out, env)
	}
	for _, t := range p.Thunks {
		e.thunk(out, t)
		e.mayRecover(out, t)
	}
	for _, w := range p.Wrappers {
		e.wrapper(out, w)
	}
	e.exports(out)
	e.accesses(out)
	e.variables(out)
	e.program(out)
	e.registrations(out)
	e.asserters(out)
	e.hoistedTypes(out)
	var files []File
	if direct := e.directs(); direct != nil {
		files = append(files, *direct)
	}
	return append(files, e.render(out, e.freeName("hark"), e.user.Name))
}

// directs spells the thunks that recover, in a file of their own as they carry the user's lines.
func (e *emitter) directs() *File {
	out := e.newFile()
	n := 0
	for _, t := range e.pkg.Thunks {
		if t.Direct != nil {
			e.direct(out, t)
			out.Line()
			n++
		}
	}
	if n == 0 {
		return nil
	}
	f := e.render(out, e.freeName("hark_recover"), e.user.Name)
	return &f
}

// freeName is base.go unless the user has a file of that name.
func (e *emitter) freeName(base string) string {
	name := base
	for again := true; again; {
		again = false
		for _, f := range e.user.CompiledGoFiles {
			if strings.HasSuffix(f, "/"+name+".go") {
				name += "_"
				again = true
			}
		}
	}
	return name + ".go"
}

// framed lists the functions that have frames.
func (e *emitter) framed() []*ir.Func {
	var out []*ir.Func
	for _, f := range e.pkg.Funcs {
		if f.Coloured && len(f.Points) > 0 {
			out = append(out, f)
		}
	}
	for _, t := range e.pkg.Thunks {
		if t.Direct != nil && t.Direct.Coloured && len(t.Direct.Points) > 0 {
			out = append(out, t.Direct)
		}
	}
	return out
}

func (e *emitter) frame(out *jen.File, f *ir.Func) {
	e.fn = f
	out.Commentf("%s is the frame of %s.", frameName(f), f.Title)
	out.Type().Id(frameName(f)).StructFunc(func(g *jen.Group) {
		g.Add(e.rt("Frame"))
		for _, v := range frameVars(f) {
			g.Add(e.declare(v)).Add(userTag(v))
		}
	})
}

// userTag is the tag that tells rt which variable of the user's a field is; see rt/inspect.go. The most common one, of its name, has none.
func userTag(v *ir.Var) *jen.Statement {
	tag := ""
	switch {
	case v.User == "":
		tag = "-"
	case v.Copy:
		tag = "=" + v.User
	case v.Boxed:
		tag = "*"
	}
	if v.User != "" && v.User != v.Name && !v.Copy {
		tag += v.User
	}
	if tag == "" {
		return jen.Null()
	}
	return jen.Tag(map[string]string{"hark": tag})
}

func (e *emitter) fields(fs []ir.Field) []jen.Code {
	var out []jen.Code
	for _, f := range fs {
		if f.Env != "" {
			out = append(out, jen.Id(f.Name).Op("*").Id(f.Env))
		} else if f.Type == nil {
			out = append(out, jen.Id(f.Name).Op("*").Add(e.rt("Defers")))
		} else {
			out = append(out, jen.Id(f.Name).Add(e.typ(f.Type)))
		}
	}
	return out
}

// env spells a closure's environment and its method fn.
func (e *emitter) env(out *jen.File, env *ir.Env) {
	out.Commentf("%s is the environment of %s.", env.Name, env.Title)
	fields := e.fields(env.Fields)
	if env.Bound == nil {
		for i, f := range env.Fields {
			fields[i] = jen.Add(fields[i], userTag(&ir.Var{Name: f.Name, User: f.User, Boxed: true}))
		}
	}
	out.Type().Id(env.Name).Struct(fields...)
	if env.Body == nil && env.Bound == nil || env.Body != nil && env.Body.Kind == ir.Closure {
		return
	}
	names := argNames(env.Sig)
	head := out.Func().Params(jen.Id("e").Op("*").Id(env.Name)).Id("fn").Add(e.signature(env.Sig, names))
	if b := env.Bound; b != nil {
		r, args := jen.Id("e").Dot("r"), argList(env.Sig, names)
		call := jen.Add(r).Dot(b.Method.Name()).Call(args...)
		if t := env.Fields[0].Type; e.hides(b.Method, t) {
			call = e.access("method", b.Method, t).Call(append([]jen.Code{r}, args...)...)
		}
		head.BlockFunc(func(g *jen.Group) {
			if b.RT != "" {
				e.boundRT(g, b, env.Sig, argList(env.Sig, names))
				return
			}
			if b.Dyn {
				g.List(jen.Id("g_"), jen.Id("leave_")).Op(":=").Add(e.rt("Enter")).Call()
				g.Defer().Id("leave_").Call()
				g.Id("g_").Dot("Dyn").Call()
				g.Defer().Id("g_").Dot("EndDyn").Call()
			}
			result(g, env.Sig, call)
		})
		return
	}
	e.enter(head, env.Sig, env.Body.Name, env.Body.Raised != nil, append([]jen.Code{jen.Id("e")}, argList(env.Sig, names)...))
}

// boundRT spells the body of a method value that package rt has a function for.
func (e *emitter) boundRT(g *jen.Group, b *ir.Bound, sig *types.Signature, args []jen.Code) {
	recv := jen.Id("e").Dot("r")
	if b.Word != "" {
		recv = e.rt(b.Word).Call(recv)
	}
	args = append([]jen.Code{recv}, args...)
	if b.G {
		g.List(jen.Id("g_"), jen.Id("leave_")).Op(":=").Add(e.rt("Enter")).Call()
		g.Defer().Id("leave_").Call()
		args = append([]jen.Code{jen.Id("g_")}, args...)
	}
	result(g, sig, e.rt(b.RT).Call(args...))
}

// enter spells a wrapper body: find g, call the lowered function.
func (e *emitter) enter(head *jen.Statement, sig *types.Signature, lowered string, recovers bool, args []jen.Code) {
	head.BlockFunc(func(g *jen.Group) { e.enterBody(g, sig, lowered, recovers, args) })
}

func (e *emitter) enterBody(g *jen.Group, sig *types.Signature, lowered string, recovers bool, args []jen.Code) {
	g.List(jen.Id("g_"), jen.Id("leave_")).Op(":=").Add(e.rt("Enter")).Call()
	g.Defer().Id("leave_").Call()
	if recovers {
		g.Id("g_").Dot("Deferred").Call()
	}
	result(g, sig, jen.Id(lowered).Call(append([]jen.Code{jen.Id("g_")}, args...)...))
}

func result(g *jen.Group, sig *types.Signature, call *jen.Statement) {
	if sig.Results().Len() > 0 {
		g.Return(call)
	} else {
		g.Add(call)
	}
}

func argNames(sig *types.Signature) []string {
	out := make([]string, sig.Params().Len())
	for i := range out {
		out[i] = "a" + strconv.Itoa(i)
	}
	return out
}

func argList(sig *types.Signature, names []string) []jen.Code {
	var out []jen.Code
	for i, n := range names {
		a := jen.Id(n)
		if sig.Variadic() && i == len(names)-1 {
			a.Op("...")
		}
		out = append(out, a)
	}
	return out
}

func (e *emitter) thunk(out *jen.File, t *ir.Thunk) {
	out.Type().Id(t.Name).Struct(e.fields(t.Fields)...)
	g := "g_"
	if t.Direct != nil {
		g = "_"
	}
	recv := "t_"
	if t.Direct != nil || len(t.Fields) == 0 {
		recv = "_"
	}
	out.Func().Params(jen.Id(recv).Op("*").Id(t.Name)).Id("Run").Params(jen.Id(g).Op("*").Add(e.rt("G"))).BlockFunc(func(b *jen.Group) {
		if t.Direct != nil {
			b.Panic(jen.Lit("harkgen: a call that recovers is deferred itself"))
			return
		}
		if t.Dyn {
			b.Id("g_").Dot("Dyn").Call()
		}
		call := e.expr(t.Call)
		if t.Call.Op == ir.OpBuiltin && discards(t.Call.Name) {
			call = jen.Id("_").Op("=").Add(call)
		}
		b.Add(call)
		if t.Dyn {
			b.Id("g_").Dot("EndDyn").Call()
		}
	})
}

func (e *emitter) mayRecover(out *jen.File, t *ir.Thunk) {
	if t.MayRecover {
		out.Func().Params(jen.Op("*").Id(t.Name)).Id("MayRecover").Params().Block()
	}
}

func discards(builtin string) bool {
	return builtin == "append" || builtin == "len" || builtin == "cap"
}

func (e *emitter) wrapper(out *jen.File, w *ir.Wrapper) {
	names := argNames(w.Sig)
	args := argList(w.Sig, names)
	if w.Pragma != "" {
		out.Comment(w.Pragma)
	}
	head := out.Func()
	if w.Recv != nil {
		head.Params(jen.Id("recv").Add(e.typ(w.Recv.Type())))
		args = append([]jen.Code{jen.Id("recv")}, args...)
	}
	head.Id(w.Name).Add(e.signature(w.Sig, names))
	if w.Instance == "" {
		e.enter(head, w.Sig, w.Lowered, w.Recovers, args)
		return
	}
	params := []jen.Code{jen.Op("*").Add(e.rt("G")), e.typ(w.Recv.Type())}
	for i := range names {
		params = append(params, e.paramType(w.Sig, i))
	}
	head.BlockFunc(func(g *jen.Group) {
		fn := jen.Func().Params(params...).Add(e.results(w.Sig))
		g.List(jen.Id("f_"), jen.Id("ok_")).Op(":=").Add(e.rt("Instance")).Types(fn).Call(jen.Lit(w.Instance))
		g.If(jen.Op("!").Id("ok_")).BlockFunc(func(b *jen.Group) {
			result(b, w.Sig, jen.Id("recv").Dot(w.Lowered).Call(args[1:]...))
			if w.Sig.Results().Len() == 0 {
				b.Return()
			}
		})
		e.enterBody(g, w.Sig, "f_", w.Recovers, args)
	})
}

// variables declares the package variables whose initialisers are part of the program.
func (e *emitter) variables(out *jen.File) {
	if e.pkg.Inited == "" {
		return
	}
	out.Commentf("%s says that the initialisers have run.", e.pkg.Inited)
	out.Var().Id(e.pkg.Inited).Bool()
	e.eachInitialised(func(_ *ast.GenDecl, s *ast.ValueSpec) {
		for _, name := range s.Names {
			if name.Name != "_" {
				v := e.user.TypesInfo.Defs[name]
				out.Var().Id(lower.NameOf(v)).Add(e.typ(v.Type()))
			}
		}
	})
}

// program spells the thunk of main.
func (e *emitter) program(out *jen.File) {
	first := "main.main"
	if e.pkg.Inited != "" {
		first = "main.init"
	}
	for _, f := range e.pkg.Funcs {
		if f.Title != first {
			continue
		}
		name := lower.Prefix + "program"
		out.Commentf("%s starts the program.", name)
		out.Type().Id(name).Struct()
		out.Func().Params(jen.Op("*").Id(name)).Id("Run").Params(jen.Id("g").Op("*").Add(e.rt("G"))).BlockFunc(func(b *jen.Group) {
			switch {
			case e.pkg.Inited == "" && e.low.Begins(e.user.PkgPath):
				b.Id(lower.Begin).Call(jen.Id("g"))
			case f.Coloured:
				b.Id(f.Name).Call(jen.Id("g"))
			default:
				b.Id(f.Name).Call()
			}
		})
	}
}

// registrations tell rt of frames, closures and package variables.
func (e *emitter) registrations(out *jen.File) {
	out.Func().Id("init").Params().BlockFunc(func(g *jen.Group) {
		for _, f := range e.framed() {
			vars := frameVars(f)
			g.Add(e.rt("Register")).Types(jen.Id(frameName(f))).CallFunc(func(c *jen.Group) {
				c.Lit(f.Title)
				for _, p := range allPoints(f) {
					c.Line().Add(e.rt("Point")).Values(jen.Dict{
						jen.Id("PC"):   jen.Lit(p.PC),
						jen.Id("Pos"):  jen.Lit(e.prog.Pos(p.Pos)),
						jen.Id("Op"):   jen.Lit(p.Op),
						jen.Id("Live"): jen.Lit(liveBits(vars, p)),
					})
				}
				c.Line()
			})
		}
		for _, env := range e.pkg.Envs {
			if env.Body != nil || env.Bound != nil {
				g.Add(e.rt("RegisterClosure")).Types(jen.Id(env.Name)).Call(jen.Lit(e.user.PkgPath+"."+env.Name+" "+env.Title), jen.Parens(jen.Op("*").Id(env.Name)).Call(jen.Nil()).Dot("fn"))
			}
		}
		for _, i := range e.pkg.Instances {
			g.Add(e.rt("RegisterInstance")).Call(jen.Lit(i.Title), jen.Id(i.Lowered))
		}
		for _, t := range e.pkg.Handles {
			g.Add(e.rt("RegisterHandle")).Types(e.typ(t)).Call()
		}
		if e.user.Name == "main" {
			e.library(g)
		}
		for _, v := range e.pkg.Globals {
			e.register(g, v)
		}
		e.pools(g)
		e.settings(g)
		e.places(g)
		if e.pkg.Inited != "" {
			g.Add(e.rt("RegisterVar")).Call(jen.Lit(e.user.PkgPath+"."+e.pkg.Inited), jen.Op("&").Id(e.pkg.Inited))
		}
		for _, x := range e.externals() {
			if x.Pkg().Path() == "flag" && x.Name() == "CommandLine" {
				// What main has parsed is state of the program, though package flag keeps it.
				g.Add(e.rt("RegisterVar")).Call(jen.Lit("flag.CommandLine"), jen.Op("&").Qual("flag", "CommandLine"))
				continue
			}
			g.Add(e.rt("RegisterExternal")).Call(jen.Lit(x.Pkg().Path()+"."+x.Name()), jen.Op("&").Qual(x.Pkg().Path(), x.Name()))
		}
	})
}

// library registers what the packages of the standard library need that the program links.
func (e *emitter) library(g *jen.Group) {
	if e.prog.All["net/netip"] != nil {
		g.Qual(RTPath+"/snap", "RegisterHandle").Call(jen.Qual(RTPath+"/"+NetAddr, "Handle").Call())
	}
	for _, path := range sortedKeys(Warm) {
		if e.prog.All[path] != nil {
			g.Qual(RTPath+"/"+Warm[path], "Warm").Call()
		}
	}
}

// liveBits says which fields of a frame have a value at p: bit i%8 of byte i/8 for the i-th.
func liveBits(vars []*ir.Var, p *ir.Point) string {
	bits := make([]byte, (len(vars)+7)/8)
	for i, v := range vars {
		if slices.Contains(p.Live, v) {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return string(bits)
}

// externals lists the exported variables, of the packages imported here that are not compiled, that hold pointers: values saved by
// the program may be these, and must be the same again after a restore (os.Stdout, io.EOF).
func (e *emitter) externals() []*types.Var {
	var out []*types.Var
	for _, path := range sortedKeys(e.user.Imports) {
		imp := e.user.Imports[path]
		if e.prog.IsUserPackage(imp.PkgPath) || path == "unsafe" || path == "C" || internalTo(imp) {
			continue
		}
		scope := imp.Types.Scope()
		for _, name := range scope.Names() {
			v, ok := scope.Lookup(name).(*types.Var)
			if ok && token.IsExported(name) && holdsPointer(v.Type()) {
				out = append(out, v)
			}
		}
	}
	return out
}

// internalTo reports whether p may not be imported from everywhere; the user's own import of it stays allowed.
func internalTo(p *packages.Package) bool {
	return strings.Contains("/"+p.PkgPath+"/", "/internal/") || strings.HasPrefix(p.PkgPath, "vendor/")
}

func holdsPointer(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Interface, *types.Chan:
		return true
	}
	return false
}
