package repeat

import (
	"go/constant"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/vet"
	"github.com/harkgen/harkgen/internal/lazyre"
)

// This file says which calls are effects.

// A kind of effects says how to make them happen once, and what a text that decides says.
type kind int

const (
	request    kind = iota // what is asked for by an HTTP request
	method                 // the same, decided by the name of its method
	statement              // decided by an SQL text
	operation              // of the AWS SDK
	command                // of the operating system
	mail                   //
	connection             // bytes written to it: not passed on to other packages, as libraries read by writing a request
	appending              // to a file
	failing                // the second time
)

// do says what can be done about an effect.
var do = map[kind]string{
	request:    "send an Idempotency-Key that was made before the last commit",
	method:     "send an Idempotency-Key that was made before the last commit",
	statement:  "let the statement do nothing the second time (ON CONFLICT DO NOTHING, a condition in WHERE)",
	operation:  "give it a condition, or a token that was made before the last commit",
	command:    "let the command find out whether it has done its work",
	mail:       "give the mail a Message-ID that was made before the last commit",
	connection: "send an id by which the other side knows what it has got",
	appending:  "write the whole file instead, or one of its own for each piece",
	failing:    "take errors.Is(err, fs.ErrExist) or fs.ErrNotExist for success",
}

// An effect is something that a call does outside the program and that makes a difference when it is done again.
type effect struct {
	What  string // "an HTTP POST request"; "" while it depends on a parameter
	Kind  kind
	Param int        // 1 + the number of the parameter that decides whether there is an effect, 0 if there is
	Loop  bool       // it is done in a loop, of a function that the call leads to
	Steps []vet.Step // from the call down to the effect
	made  *ssa.Call  // makes its key anew each time
}

// simple are calls that are effects whatever their arguments.
var simple = map[string]effect{
	"net/http.Post":                     {What: "an HTTP POST request", Kind: request},
	"net/http.PostForm":                 {What: "an HTTP POST request", Kind: request},
	"(*net/http.Client).Post":           {What: "an HTTP POST request", Kind: request},
	"(*net/http.Client).PostForm":       {What: "an HTTP POST request", Kind: request},
	"(*os/exec.Cmd).Run":                {What: "the run of a command", Kind: command},
	"(*os/exec.Cmd).Start":              {What: "the run of a command", Kind: command},
	"(*os/exec.Cmd).Output":             {What: "the run of a command", Kind: command},
	"(*os/exec.Cmd).CombinedOutput":     {What: "the run of a command", Kind: command},
	"os.StartProcess":                   {What: "the run of a command", Kind: command},
	"net/smtp.SendMail":                 {What: "a mail", Kind: mail},
	"(*net/smtp.Client).Data":           {What: "a mail", Kind: mail},
	"(net.PacketConn).WriteTo":          {What: "a packet", Kind: connection},
	"(*net.UDPConn).WriteTo":            {What: "a packet", Kind: connection},
	"(*net.UDPConn).WriteToUDP":         {What: "a packet", Kind: connection},
	"(*net.UDPConn).WriteToUDPAddrPort": {What: "a packet", Kind: connection},
}

// decided are calls that are effects by an argument, which is given without the receiver.
var decided = map[string]struct {
	kind kind
	arg  int
}{
	"(*net/http.Client).Do":                {request, 0},
	"(net/http.RoundTripper).RoundTrip":    {request, 0},
	"(*net/http.Transport).RoundTrip":      {request, 0},
	"(*database/sql.DB).Exec":              {statement, 0},
	"(*database/sql.DB).ExecContext":       {statement, 1},
	"(*database/sql.DB).Query":             {statement, 0},
	"(*database/sql.DB).QueryContext":      {statement, 1},
	"(*database/sql.DB).QueryRow":          {statement, 0},
	"(*database/sql.DB).QueryRowContext":   {statement, 1},
	"(*database/sql.Tx).Exec":              {statement, 0},
	"(*database/sql.Tx).ExecContext":       {statement, 1},
	"(*database/sql.Tx).Query":             {statement, 0},
	"(*database/sql.Tx).QueryContext":      {statement, 1},
	"(*database/sql.Tx).QueryRow":          {statement, 0},
	"(*database/sql.Tx).QueryRowContext":   {statement, 1},
	"(*database/sql.Conn).ExecContext":     {statement, 1},
	"(*database/sql.Conn).QueryContext":    {statement, 1},
	"(*database/sql.Conn).QueryRowContext": {statement, 1},
	"(*database/sql.Stmt).Exec":            {statement, -1}, // the receiver
	"(*database/sql.Stmt).ExecContext":     {statement, -1},
	"(*database/sql.Stmt).Query":           {statement, -1},
	"(*database/sql.Stmt).QueryContext":    {statement, -1},
	"(*database/sql.Stmt).QueryRow":        {statement, -1},
	"(*database/sql.Stmt).QueryRowContext": {statement, -1},

	"github.com/jmoiron/sqlx.MustExec":             {statement, 1},
	"(*github.com/jmoiron/sqlx.DB).MustExec":       {statement, 0},
	"(*github.com/jmoiron/sqlx.Tx).MustExec":       {statement, 0},
	"(*github.com/jmoiron/sqlx.DB).NamedExec":      {statement, 0},
	"(*github.com/jmoiron/sqlx.Tx).NamedExec":      {statement, 0},
	"(*github.com/jackc/pgx/v5.Conn).Exec":         {statement, 1},
	"(*github.com/jackc/pgx/v5/pgxpool.Pool).Exec": {statement, 1},
	"(github.com/jackc/pgx/v5.Tx).Exec":            {statement, 1},
}

// direct returns the effect that c itself is, of which it is known that its callee is not of the package.
func direct(c ssa.CallInstruction) (e effect, ok bool) {
	call := c.Common()
	name := flow.Callee(call)
	if e, ok = simple[name]; ok {
		return e, true
	}
	if d, found := decided[name]; found {
		if strings.HasPrefix(name, inTx) && asks(c.Parent()) {
			return effect{}, false
		}
		e, ok = decide(effect{Kind: d.kind}, argument(call, d.arg))
		if ok && d.kind == request {
			return identified(e, headerKey(c.Parent()))
		}
		return e, ok
	}
	if arg, ok := executes(call); ok {
		return decide(effect{Kind: statement}, argument(call, arg))
	}
	if e, ok = awsOperation(call); ok {
		return e, true
	}
	if e, ok = fileEffect(c, name); ok {
		return e, true
	}
	return written(call, name)
}

// inTx begins the names of what is done in a transaction.
const inTx = "(*database/sql.Tx)."

// asks reports whether fn asks something in a transaction: then it may find out there that it has done its work.
func asks(fn *ssa.Function) bool {
	for i := range flow.Instructions(fn) {
		if c, ok := i.(*ssa.Call); ok && strings.HasPrefix(flow.Callee(&c.Call), inTx+"Query") {
			return true
		}
	}
	return false
}

// argument is the n-th argument of a call, -1 the receiver.
func argument(call *ssa.CallCommon, n int) ssa.Value {
	if call.IsInvoke() {
		if n < 0 {
			return call.Value
		}
	} else if call.Signature().Recv() != nil {
		n++
	}
	if n < 0 || n >= len(call.Args) {
		return nil
	}
	return call.Args[n]
}

// decide says what becomes of an effect that v decides about.
func decide(e effect, v ssa.Value) (effect, bool) {
	var text string
	text, e.Param, e.Kind = decision(e.Kind, v)
	if e.Param != 0 {
		return e, true
	}
	switch e.Kind {
	case method:
		if text == "POST" || text == "PATCH" {
			e.What = "an HTTP " + text + " request"
		}
	case statement:
		if verb := unrepeatable(text); verb != "" {
			e.What = "the SQL statement " + verb
		}
	}
	return e, e.What != ""
}

// executes reports whether call executes an SQL statement through an interface of the program's, and which argument has it.
func executes(call *ssa.CallCommon) (arg int, ok bool) {
	if !call.IsInvoke() || !strings.HasPrefix(call.Method.Name(), "Exec") {
		return 0, false
	}
	sig := call.Signature()
	if sig.Results().Len() != 2 || library.TypeName(sig.Results().At(0).Type()) != "database/sql.Result" {
		return 0, false
	}
	for n := range min(2, sig.Params().Len()) {
		if types.Identical(sig.Params().At(n).Type(), types.Typ[types.String]) {
			return n, true
		}
	}
	return 0, false
}

// written reports what call writes to a network connection that its function has made: one that comes from elsewhere is the affair of whoever made it.
func written(call *ssa.CallCommon, name string) (effect, bool) {
	var to ssa.Value
	switch name {
	case "fmt.Fprint", "fmt.Fprintf", "fmt.Fprintln", "io.WriteString", "io.Copy":
		to = call.Args[0]
	case "(net.Conn).Write", "(*net.conn).Write", "(*crypto/tls.Conn).Write":
		to = argument(call, -1)
	}
	return effect{What: "a write to a network connection", Kind: connection}, to != nil && dialled(to)
}

// dialled reports whether v is a connection that its function has made.
func dialled(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.ChangeInterface:
		return dialled(v.X)
	case *ssa.MakeInterface:
		return dialled(v.X)
	case *ssa.FieldAddr: // a promoted method
		return dialled(v.X)
	case *ssa.Extract:
		c, ok := v.Tuple.(*ssa.Call)
		return ok && dialers().MatchString(flow.Callee(&c.Call))
	}
	return false
}

var dialers = lazyre.New(`^(net|crypto/tls|\(\*net\.Dialer\)|\(\*crypto/tls\.Dialer\))\.Dial`)

func constantText(v ssa.Value) string {
	if c, ok := v.(*ssa.Const); ok && c.Value != nil && c.Value.Kind() == constant.String {
		return constant.StringVal(c.Value)
	}
	return ""
}
