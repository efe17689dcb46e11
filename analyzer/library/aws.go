package library

import (
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// This file knows the AWS SDK for Go v2, whose packages of services are generated and so are alike.
//
// An operation is a method (ctx, *XInput, ...func(*Options)) (*XOutput, error) of a Client, of that name X. Clients are documented as safe for several
// goroutines. An operation may set fields of its input (tokens, the algorithm of a checksum), reads what they lead to, calls the
// functions that it and its client were given, and has closed the input's reader when it returns (smithy-go's safeReadCloser). Its output is new. A page
// of a paginator is an operation, with a copy of the input; the paginator keeps the token that the output has.

const (
	awsModule   = "github.com/aws/aws-sdk-go-v2/"
	awsServices = awsModule + "service/"
)

// awsClient is what a client is as a Handle. Each holds an *http.Client.
var awsClient = Handle{Cannot: "the connections of an AWS client belong to one process"}

// isAWSClient reports whether a type of this name is a client of a service.
func isAWSClient(name string) bool {
	return strings.HasPrefix(name, awsServices) && strings.HasSuffix(name, ".Client")
}

// awsEffect describes fn, if it is of the SDK and known.
func awsEffect(fn *ssa.Function) (Effect, bool) {
	path := PathOf(fn)
	service := strings.HasPrefix(path, awsServices) && !strings.Contains(path, "/internal/")
	recv := fn.Signature.Recv()
	switch {
	case IsOperation(fn):
		shallow := !readsThrough(fn.Signature.Params().At(1).Type())
		return Effect{Writes: only(2), Shallow: shallow, Stores: true, Apart: true, Answers: true}, true
	case recv == nil && service && (fn.Name() == "New" || fn.Name() == "NewFromConfig" || strings.HasPrefix(fn.Name(), "New") && strings.HasSuffix(fn.Name(), "Paginator")),
		recv == nil && path == awsModule+"config" && (fn.Name() == "LoadDefaultConfig" || strings.HasPrefix(fn.Name(), "With")),
		Opens(fn):
		return Effect{Writes: nothing, Answers: true}, true
	case isPage(fn):
		return Effect{Writes: only(0), Shallow: true, Stores: true, Apart: true, Answers: true}, true
	}
	return Effect{}, false
}

// IsOperation reports whether fn is an operation of a client.
func IsOperation(fn *ssa.Function) bool {
	if fn == nil || fn.Signature.Recv() == nil || !isAWSClient(TypeName(deref(fn.Signature.Recv().Type()))) {
		return false
	}
	in, out := fn.Signature.Params(), fn.Signature.Results()
	path := awsServices + servicePath(fn)
	return in.Len() == 3 && out.Len() == 2 && fn.Signature.Variadic() &&
		isContext(in.At(0).Type()) && isPointerTo(in.At(1).Type(), path+"."+fn.Name()+"Input") && isOptions(in.At(2).Type(), path) &&
		isPointerTo(out.At(0).Type(), path+"."+fn.Name()+"Output")
}

// Opens reports whether method fn of a handle uses, or returns, what that leads to: of a client, what its options were given.
func Opens(fn *ssa.Function) bool {
	recv := fn.Signature.Recv()
	return IsOperation(fn) || recv != nil && fn.Name() == "Options" && isAWSClient(TypeName(deref(recv.Type())))
}

// isPage reports whether fn is method NextPage of a paginator.
func isPage(fn *ssa.Function) bool {
	recv := fn.Signature.Recv()
	if recv == nil || fn.Name() != "NextPage" {
		return false
	}
	name := TypeName(deref(recv.Type()))
	in, out := fn.Signature.Params(), fn.Signature.Results()
	return strings.HasPrefix(name, awsServices) && strings.HasSuffix(name, "Paginator") && in.Len() == 2 && out.Len() == 2 &&
		isContext(in.At(0).Type()) && isOptions(in.At(1).Type(), awsServices+servicePath(fn))
}

func servicePath(fn *ssa.Function) string {
	name := TypeName(deref(fn.Signature.Recv().Type()))
	return strings.TrimPrefix(name[:strings.LastIndexByte(name, '.')], awsServices)
}

func isContext(t types.Type) bool { return TypeName(t) == "context.Context" }

func isPointerTo(t types.Type, name string) bool {
	p, ok := t.(*types.Pointer)
	return ok && TypeName(p.Elem()) == name
}

// isOptions reports whether t is []func(*Options) of the package with a path.
func isOptions(t types.Type, path string) bool {
	s, ok := t.(*types.Slice)
	if !ok {
		return false
	}
	f, ok := s.Elem().(*types.Signature)
	return ok && f.Params().Len() == 1 && isPointerTo(f.Params().At(0).Type(), path+".Options")
}

// readsThrough reports whether what a value of type t leads to has methods or functions that an operation may call, which may change more: a reader.
// A union of a service has types of that service only, which the operation reads.
func readsThrough(t types.Type) bool {
	return leadsTo(t, map[types.Type]bool{}, func(t types.Type) (yes, decided bool) {
		switch u := t.Underlying().(type) {
		case *types.Chan:
			return true, true
		case *types.Struct:
			return false, TypeName(t) == "time.Time"
		case *types.Interface:
			return !isUnion(t, u), true
		}
		return false, false
	})
}

// isUnion reports whether t, an interface u, is one that only types of a service implement.
func isUnion(t types.Type, u *types.Interface) bool {
	if name := TypeName(t); !strings.HasPrefix(name, awsServices) || !strings.Contains(name, "/types.") {
		return false // a document holds a value of the program
	}
	for m := range u.Methods() {
		if !token.IsExported(m.Name()) {
			return true
		}
	}
	return false
}

// Metadata is the name of the field of an output by which one gets at the request.
const Metadata = "ResultMetadata"
