package repeat

import (
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/internal/lazyre"
)

// This file finds the texts that decide whether a call is an effect: the method of a request, a statement.

// decision returns the text that v is for an effect of kind k, or the parameter (counted from 1) that it is, with the kind that this decides.
func decision(k kind, v ssa.Value) (text string, param int, of kind) {
	switch k {
	case request:
		text, param, of = methodOf(v, 0)
		return text, param, of
	case statement:
		if s := prepared(v); s != nil {
			v = s
		}
	}
	text, param = textOf(v)
	return text, param, k
}

// textOf returns the text of a string, or how it begins, or the parameter that it is.
func textOf(v ssa.Value) (text string, param int) {
	switch v := v.(type) {
	case *ssa.Const:
		return constantText(v), 0
	case *ssa.Parameter:
		return "", number(v)
	case *ssa.ChangeType:
		return textOf(v.X)
	case *ssa.Convert:
		return textOf(v.X)
	case *ssa.BinOp:
		return textOf(v.X)
	case *ssa.Call:
		if name := flow.Callee(&v.Call); name == "fmt.Sprintf" || name == "strings.TrimSpace" {
			return textOf(v.Call.Args[0])
		}
	}
	return "", 0
}

// number is the number of a parameter, counted from 1.
func number(p *ssa.Parameter) int {
	for n, q := range p.Parent().Params {
		if p == q {
			return n + 1
		}
	}
	return 0
}

// most is how many functions are looked through for a request.
const most = 4

// methodOf returns the method of a request, or the parameter that it, or the request, is.
func methodOf(v ssa.Value, depth int) (text string, param int, k kind) {
	switch v := v.(type) {
	case *ssa.Parameter:
		return "", number(v), request
	case *ssa.Extract:
		if v.Index == 0 {
			return methodOf(v.Tuple, depth)
		}
	case *ssa.Alloc:
		text, param = fieldText(v, "Method")
		return text, param, method
	case *ssa.Call:
		return methodOfCall(v, depth)
	}
	return "", 0, method
}

// methodOfCall is methodOf of what a call returns.
func methodOfCall(c *ssa.Call, depth int) (text string, param int, k kind) {
	switch flow.Callee(&c.Call) {
	case "net/http.NewRequest":
		text, param = textOf(c.Call.Args[0])
		return text, param, method
	case "net/http.NewRequestWithContext":
		text, param = textOf(c.Call.Args[1])
		return text, param, method
	case "(*net/http.Request).WithContext", "(*net/http.Request).Clone":
		return methodOf(c.Call.Args[0], depth)
	}
	callee := c.Call.StaticCallee()
	if callee == nil || depth == most || headerKey(callee) != nil {
		return "", 0, method
	}
	for _, b := range callee.Blocks {
		r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
		if !ok || len(r.Results) == 0 {
			continue
		}
		text, param, k = methodOf(r.Results[0], depth+1)
		switch {
		case text != "":
			return text, 0, k
		case param != 0 && k == request:
			return methodOf(c.Call.Args[param-1], depth+1)
		case param != 0:
			text, param = textOf(c.Call.Args[param-1])
			return text, param, k
		}
	}
	return "", 0, method
}

// fieldText is textOf of what is stored into a field of a struct that fn makes.
func fieldText(a *ssa.Alloc, name string) (text string, param int) {
	if v := stored(a, name); v != nil {
		return textOf(v)
	}
	return "", 0
}

// prepared returns the text of the statement that v is, nil if it is not known.
func prepared(v ssa.Value) ssa.Value {
	e, ok := v.(*ssa.Extract)
	if !ok {
		return nil
	}
	c, ok := e.Tuple.(*ssa.Call)
	if !ok {
		return nil
	}
	switch flow.Callee(&c.Call) {
	case "(*database/sql.DB).Prepare", "(*database/sql.Tx).Prepare":
		return c.Call.Args[1]
	case "(*database/sql.DB).PrepareContext", "(*database/sql.Tx).PrepareContext", "(*database/sql.Conn).PrepareContext":
		return c.Call.Args[2]
	}
	return nil
}

var (
	comments = lazyre.New(`(?s)--[^\n]*|/\*.*?\*/`)
	counts   = lazyre.New(`(?i)=\s*"?(\w+)"?\s*(\+|-|\*|\|\|)`)
	tolerant = lazyre.New(`(?i)\bON\s+CONFLICT\b|\bON\s+DUPLICATE\s+KEY\b|\bOR\s+(IGNORE|REPLACE)\b|^INSERT\s+IGNORE\b|\bNOT\s+EXISTS\b|\bIF\s+EXISTS\b`)
)

// unrepeatable returns the verb of an SQL statement that does something else, or fails, when it is executed again; "" for others.
func unrepeatable(text string) string {
	text = strings.TrimSpace(comments().ReplaceAllString(text, " "))
	words := strings.Fields(text)
	if len(words) == 0 || tolerant().MatchString(text) {
		return ""
	}
	switch verb := strings.ToUpper(words[0]); verb {
	case "INSERT", "CALL":
		return verb
	case "UPDATE":
		if counts().MatchString(text) {
			return verb
		}
	}
	return ""
}
