package entry_test

import (
	"context"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/harkgen/harkgen/analyzer/entry"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/load"
)

// stubs are the modules that handlers mention, as far as the tests need them.
const stubs = `
-- go.mod --
module example.com/app

go 1.26

require github.com/aws/aws-lambda-go v1.0.0

replace github.com/aws/aws-lambda-go => ./stub
-- stub/go.mod --
module github.com/aws/aws-lambda-go

go 1.26
-- stub/events/events.go --
package events

type (
	SQSEvent            struct{ Records []SQSMessage }
	SQSMessage          struct{ Body string }
	SNSEntity           struct{ Message string }
	S3EventRecord       struct{ EventName string }
	DynamoDBEvent       struct{ Records []int }
	EventBridgeEvent    struct{ ID string }
)
-- stub/lambda/lambda.go --
package lambda

import "context"

type Handler interface {
	Invoke(context.Context, []byte) ([]byte, error)
}

type Option func()

func Start(h any)                                          {}
func StartWithContext(ctx context.Context, h any)          {}
func StartWithOptions(h any, opts ...Option)               {}
func StartHandler(h Handler)                               {}
func StartHandlerFunc[H func(context.Context, int) error](h H, opts ...Option) {}
func NewHandler(h any) Handler                             { return nil }
`

// find searches a program, given as the files of a txtar archive beside stubs.
func find(t *testing.T, files string) (res *entry.Result, fset *token.FileSet, problems []string) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range append(txtar.Parse([]byte(stubs)).Files, txtar.Parse([]byte(files)).Files...) {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	prog, err := load.Load(context.Background(), dir, []string{"./..."})
	if err != nil {
		t.Fatal(err)
	}
	p := &entry.Program{Fset: prog.Fset}
	for _, u := range prog.User {
		pkg := entry.Package{Types: u.Types, Info: u.TypesInfo, Files: u.Syntax, Name: u.PkgPath[strings.LastIndex(u.PkgPath, "/")+1:]}
		tests, _ := filepath.Glob(filepath.Join(filepath.Dir(u.GoFiles[0]), "*_test.go"))
		for _, name := range tests {
			f, err := parser.ParseFile(prog.Fset, name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			pkg.Tests = append(pkg.Tests, f)
		}
		p.Packages = append(p.Packages, pkg)
	}
	facts := suspend.Analyze(prog.SSA, prog.IsUser, prog.Along, suspend.Options{})
	res, list := entry.Find(p)
	list = append(list, res.Reach(entry.Calls{SSA: prog.SSA, Callees: facts.Callees})...)
	for _, p := range list {
		at := prog.Fset.Position(p.Pos)
		problems = append(problems, fmt.Sprintf("%s:%d:%d: %s; %s; %s", filepath.Base(at.Filename), at.Line, at.Column, p.What, p.Why, p.Do))
	}
	return res, prog.Fset, problems
}

// TestFind: the entry points of a program of several packages, with their names, kinds, triggers and forms.
func TestFind(t *testing.T) {
	t.Parallel()
	res, fset, problems := find(t, `
-- cmd/tool/a.go --
package main

import "os"

//hark:entry schedule rate(1 hour) memory=256
func main() { os.Exit(0) }

// Once is called as main is.
//
//hark:entry main
func Once() {}
-- cmd/web/a.go --
package main

import (
	"net/http"

	"example.com/app/serve"
)

func main() { serve.Run(http.NewServeMux()) }
-- serve/a.go --
package serve

import "net/http"

func Run(h http.Handler) {
	s := &http.Server{Handler: h}
	func() { s.ListenAndServe() }()
}
-- cmd/fn/a.go --
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

type handler struct{}

func (*handler) Invoke(context.Context, []byte) ([]byte, error) { return nil, nil }

func main() {
	start()
}

func start() {
	lambda.Start(func(ctx context.Context, in map[string]int) (string, error) { return "", nil })
	lambda.StartHandler(&handler{})
	lambda.StartHandlerFunc(func(context.Context, int) error { return nil })
	lambda.StartWithContext(context.Background(), func() {})
	lambda.StartWithOptions(func(int) error { return nil }, nil)
}
-- shop/a.go --
package shop

import (
	"context"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
)

type Order struct{ ID string }

//hark:entry http POST /orders
//hark:entry http PUT /orders/{id} memory=2048
func CreateOrder(w http.ResponseWriter, r *http.Request) {}

//hark:entry sqs orders timeout=60s
//hark:entry sns orders
func shipOrder(ctx context.Context, o Order) error { return nil }

//hark:entry sqs all
func All(e events.SQSEvent) (int, error) { return 0, nil }

//hark:entry sqs one
func One(e *Order, ) {}

//hark:entry sqs each name=each
func Each(e events.SQSMessage) {}

//hark:entry sns entity
func Entity(e events.SNSEntity) {}

//hark:entry eventbridge {"source":["x"]}
func Bus(context.Context, events.EventBridgeEvent) {}

//hark:entry dynamodb-stream orders
func Stream(events.DynamoDBEvent) {}

//hark:entry s3 uploads ObjectCreated .csv
func Upload(events.S3EventRecord) {}

//hark:entry schedule rate(5 minutes)
func tick() {}
`)
	if len(problems) > 0 {
		t.Fatalf("problems %q", problems)
	}
	var got []string
	for _, p := range res.Points {
		line := fmt.Sprintf("%s %s", p.Name, p.Kind)
		for _, tr := range p.Triggers(fset) {
			line += " " + tr.Type
			if tr.Batch {
				line += " batch"
			}
		}
		if p.Handler != nil && p.Handler.In != nil {
			line += fmt.Sprint(" form ", p.Form)
		}
		if p.HTTP() {
			line += " HTTP"
		}
		for _, s := range p.Starts {
			line += fmt.Sprint(" ", s.Name, " ", s.Handler != nil, s.Context, s.Options)
		}
		for _, l := range p.Chain {
			line += " > " + l.Callee
		}
		if m := p.Setting().Memory; m != 0 {
			line += fmt.Sprint(" memory ", m)
		}
		got = append(got, line)
	}
	want := []string{
		"fn lambda Start true false false StartHandler false false false StartHandlerFunc true false false StartWithContext true true false StartWithOptions true false true" +
			" > example.com/app/cmd/fn.start > github.com/aws/aws-lambda-go/lambda.Start",
		"tool main schedule memory 256",
		"tool-once main",
		"web server > example.com/app/serve.Run > example.com/app/serve.Run$1 > (*net/http.Server).ListenAndServe",
		"shop-create-order func http http HTTP memory 2048",
		"shop-ship-order func sqs sns form 3",
		"shop-all func sqs batch form 0",
		"shop-one func sqs form 3",
		"each func sqs form 1",
		"shop-entity func sns form 2",
		"shop-bus func eventbridge form 0",
		"shop-stream func dynamodb-stream batch form 0",
		"shop-upload func s3 form 1",
		"shop-tick func schedule",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestProblems: everything that is wrong is told at once, where it is. Each line with a comment WANT has one problem, which has those words.
func TestProblems(t *testing.T) {
	t.Parallel()
	files := `
-- cmd/both/a.go --
package main

import (
	"net/http"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	go http.ListenAndServe("", nil)
	lambda.Start(func() {}) // WANT main starts a Lambda handler and an HTTP server; the server is started at a.go:10:
}
-- cmd/web/a.go --
package main

import "net/http"

//hark:entry sqs orders // WANT //hark:entry sqs on func main; main is an HTTP server, which gets all requests
func main() { http.ListenAndServe("", nil) }
-- cmd/tool/a.go --
package main

//hark:entry sqs orders // WANT //hark:entry sqs on func main; main takes no event
func main() {}
-- x/tool/a.go --
package main

func main() {} // WANT two entry points are named tool; the other is example.com/app/cmd/tool.main (a.go:4:
-- fn/a.go --
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

type local struct{}

func generic[T any](h func(T)) {
	lambda.Start(h) // WANT lambda.Start is given what it cannot call; its type T has no name at package level
}

func main() {
	var h any = main
	type in struct{}
	lambda.Start(h)                                  // WANT it is of type any, so what it is at run time is not known
	lambda.Start("x")                                // WANT it is of type string, not a function
	lambda.Start(nil)                                // WANT it is of type untyped nil, not a function
	lambda.Start(func(in) {})                        // WANT its type main.in has no name at package level
	lambda.Start(func(int, int) {})                  // WANT it takes two arguments, and the first is not a context.Context
	lambda.Start(func(context.Context, int, int) {}) // WANT it takes 3 arguments, not at most two
	lambda.Start(func() int { return 0 })            // WANT its last result is int, not an error
	lambda.Start(func() (int, string) { return 0, "" })           // WANT its last result is string, not an error
	lambda.Start(func() (int, int, error) { return 0, 0, nil })   // WANT it returns 3 values
	lambda.Start(func(...int) {})                    // WANT its last parameter is variadic
	lambda.Start(func(error) {})                     // WANT no input can be decoded into the interface error
	lambda.Start(func(context.Context, chan int) {}) // WANT no input can be decoded into a chan int
	lambda.Start(lambda.NewHandler(main))            // WANT lambda.NewHandler hides the function behind reflection
	f := lambda.Start                                // WANT lambda.Start is used as a value
	f(main)
	generic(func(local) {})
}
-- shop/a.go --
package shop

import (
	"net/http"

	"github.com/aws/aws-lambda-go/events"
)

//hark:entry http GET /c // WANT //hark:entry http on C, whose signature is not supported; it is func(w http.ResponseWriter, r http.Request); write func(http.ResponseWriter, *http.Request)
func C(w http.ResponseWriter, r http.Request) {}

//hark:entry sqs q // WANT it is a handler of HTTP requests
func D(w http.ResponseWriter, r *http.Request) {}

//hark:entry s3 uploads ObjectCreated // WANT a record of s3 has no data of the sender's to decode into a string; let it take an events.S3Event or events.S3EventRecord
func E(s string) {}

//hark:entry sns t // WANT sns delivers no events.SQSEvent
func F(e events.SQSEvent) {}

//hark:entry sqs q memory=256
//hark:entry sqs q memory=512 // WANT another memory for the same entry point
func G() {}

//hark:entry main
//hark:entry kafka q // WANT event type unknown: kafka
func H(int) {}

//hark:entry sqs q name=shop-g // WANT two entry points are named shop-g
func I(int) {}

//hark:entry sqs q // WANT it takes 3 arguments, not at most two
func J(a, b, c int) {}
-- shop/a_test.go --
package shop

//hark:entry sqs q // WANT //hark:entry in a test file
func K() {}
`
	_, _, got := find(t, files)
	var want []string
	for _, f := range txtar.Parse([]byte(files)).Files {
		for i, line := range strings.Split(string(f.Data), "\n") {
			if _, words, ok := strings.Cut(line, "// WANT "); ok {
				want = append(want, fmt.Sprintf("%s:%d: %s", filepath.Base(f.Name), i+1, words))
			}
		}
	}
	for _, w := range want {
		at, words, _ := strings.Cut(w, ": ")
		i := slices.IndexFunc(got, func(g string) bool { return strings.HasPrefix(g, at+":") && strings.Contains(g, words) })
		if i < 0 {
			t.Errorf("missing: %s", w)
			continue
		}
		got = slices.Delete(got, i, i+1)
	}
	for _, g := range got {
		t.Errorf("unexpected: %s", g)
	}
}

func TestKebab(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"CreateOrder": "create-order", "onS3Event": "on-s3-event", "HTTPHook": "http-hook", "ServeHTTP": "serve-http", "a_b": "a-b", "X": "x", "_x": "x", "Über": "über",
	} {
		if got := entry.Kebab(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
