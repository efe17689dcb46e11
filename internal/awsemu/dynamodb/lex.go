package dynamodb

import (
	"strings"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines the tokens of expressions.

// A token is a name, #name, :value, number or operator; "" is the end.
type token struct {
	text string
	kind byte // 'a' a name, '#', ':', '0' a number, 'o' an operator
}

func isName(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// lex cuts an expression into tokens. what is its parameter, for errors.
func lex(what, expr string) (ts []token, err error) {
	for i := 0; i < len(expr); {
		c := expr[i]
		n := 1
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
			continue
		case c == '#' || c == ':' || isName(c):
			for i+n < len(expr) && (isName(expr[i+n]) || c == '#' && expr[i+n] == '-') {
				n++
			}
			ts = append(ts, token{expr[i : i+n], nameKind(c)})
		case strings.IndexByte("()[],.=+-<>", c) >= 0:
			if two := expr[i:min(i+2, len(expr))]; two == "<>" || two == "<=" || two == ">=" {
				n = 2
			}
			ts = append(ts, token{expr[i : i+n], 'o'})
		default:
			return nil, syntaxError(what, expr[i:i+1], expr)
		}
		if t := ts[len(ts)-1]; (t.kind == '#' || t.kind == ':') && len(t.text) == 1 {
			return nil, syntaxError(what, t.text, expr)
		}
		i += n
	}
	return ts, nil
}

func nameKind(c byte) byte {
	switch {
	case c == '#' || c == ':':
		return c
	case '0' <= c && c <= '9':
		return '0'
	}
	return 'a'
}

func syntaxError(what, token, expr string) *api.Error {
	if token == "" {
		token = "<EOF>"
	}
	return api.Invalid("Invalid %s: Syntax error; token: %q, in: %q", what, token, expr)
}
