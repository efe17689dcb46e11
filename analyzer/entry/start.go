package entry

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// This file is about calls of lambda.Start and its kin.

// A Start is such a call.
type Start struct {
	Pos     token.Pos // of the call
	Lparen  token.Pos // its position in go/ssa
	Name    string    // of the function
	Pkg     *types.Package
	Type    types.Type // of the handler, before it is made an interface
	Handler *Handler   // of its signature; nil if it has a method Invoke
	Context bool       // a context is passed before the handler
	Options bool       // there are options after it
}

const lambdaPath = "github.com/aws/aws-lambda-go/lambda"

// starts are the functions of package lambda that never return, and which argument is the handler.
var starts = map[string]int{
	"Start": 0, "StartWithContext": 1, "StartWithOptions": 0, "StartHandler": 0, "StartHandlerWithContext": 1, "StartHandlerFunc": 0,
}

// findStarts finds the calls in a file.
func (f *finder) findStarts(pkg Package, file *ast.File) {
	called := map[*ast.Ident]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if id := calleeName(call); id != nil && lambdaFunc(pkg.Info, id) != "" {
			called[id] = true
			f.start(pkg, call, lambdaFunc(pkg.Info, id))
		}
		return true
	})
	ast.Inspect(file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && !called[id] {
			if _, is := starts[lambdaFunc(pkg.Info, id)]; is {
				f.problem(id.Pos(), "lambda."+id.Name+" is used as a value", "what it is given must be known", "call it")
			}
		}
		return true
	})
}

// calleeName is the name by which a function is called, without its type arguments.
func calleeName(call *ast.CallExpr) *ast.Ident {
	fun := ast.Unparen(call.Fun)
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = x.X
	case *ast.IndexListExpr:
		fun = x.X
	}
	switch x := ast.Unparen(fun).(type) {
	case *ast.Ident:
		return x
	case *ast.SelectorExpr:
		return x.Sel
	}
	return nil
}

// lambdaFunc is the name of the function of package lambda that id is, or "".
func lambdaFunc(info *types.Info, id *ast.Ident) string {
	fn, ok := info.Uses[id].(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg().Path() != lambdaPath || fn.Signature().Recv() != nil {
		return ""
	}
	return fn.Name()
}

// start checks what a call is given.
func (f *finder) start(pkg Package, call *ast.CallExpr, name string) {
	at, ok := starts[name]
	if !ok || len(call.Args) <= at {
		return
	}
	arg := call.Args[at]
	s := &Start{
		Pos: call.Pos(), Lparen: call.Lparen, Name: name, Pkg: pkg.Types, Type: types.Default(pkg.Info.TypeOf(arg)),
		Context: at == 1, Options: len(call.Args) > at+1,
	}
	problem := ""
	if c, ok := ast.Unparen(arg).(*ast.CallExpr); ok && calleeName(c) != nil && lambdaFunc(pkg.Info, calleeName(c)) != "" {
		problem = "lambda." + lambdaFunc(pkg.Info, calleeName(c)) + " hides the function behind reflection, where it could not wait"
	} else {
		problem = s.given()
	}
	if problem != "" {
		f.problem(arg.Pos(), "lambda."+name+" is given what it cannot call", problem, form)
		return
	}
	f.Result.Starts = append(f.Result.Starts, s)
}

// given reads the type of the handler. The problem, if not "", says why it is refused.
func (s *Start) given() (problem string) {
	if bad := unnamed(s.Type, s.Pkg); bad != nil {
		return fmt.Sprintf("its type %s has no name at package level", short(bad))
	}
	if hasInvoke(s.Type) {
		return ""
	}
	sig, ok := s.Type.Underlying().(*types.Signature)
	if !ok && types.IsInterface(s.Type) {
		return fmt.Sprintf("it is of type %s, so what it is at run time is not known", short(s.Type))
	}
	if !ok {
		return fmt.Sprintf("it is of type %s, not a function", short(s.Type))
	}
	s.Handler, problem = HandlerOf(sig)
	return problem
}

// hasInvoke reports whether t is a lambda.Handler.
func hasInvoke(t types.Type) bool {
	obj, _, _ := types.LookupFieldOrMethod(t, false, nil, "Invoke")
	fn, ok := obj.(*types.Func)
	if !ok {
		return false
	}
	in, out := fn.Signature().Params(), fn.Signature().Results()
	bytes := types.NewSlice(types.Typ[types.Byte])
	return in.Len() == 2 && isContext(in.At(0).Type()) && types.Identical(in.At(1).Type(), bytes) &&
		out.Len() == 2 && types.Identical(out.At(0).Type(), bytes) && types.Identical(out.At(1).Type().Underlying(), errorType)
}
