package logs

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/harkgen/harkgen/internal/lazyre"
)

// This file defines filter patterns, see "Filter pattern syntax" of the manual of CloudWatch Logs:
//
//	pattern = "" | { term | ?term | -term } | "{" json "}"
//	term    = word | "text"                     all must be in the message; if there are ?terms, one of those; no -term
//	json    = and { || and }
//	and     = test { && test }
//	test    = ( json ) | path comparator value | path IS TRUE | FALSE | NULL | path NOT EXISTS
//	path    = $ { .name | [index] | ["name"] }

// A pattern reports whether a message matches.
type pattern func(message string) bool

func parsePattern(text string) (pattern, error) {
	text = strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(text, "{"):
		return parseJSON(text)
	case strings.HasPrefix(text, "["):
		return nil, fmt.Errorf("the emulator does not know patterns of columns")
	}
	return parseTerms(text)
}

func parseTerms(text string) (pattern, error) {
	var all, some, none []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		to := &all
		switch text[0] {
		case '?':
			to, text = &some, text[1:]
		case '-':
			to, text = &none, text[1:]
		case '%':
			return nil, fmt.Errorf("the emulator does not know regular expressions")
		}
		word, rest, err := cutTerm(text)
		if err != nil {
			return nil, err
		}
		*to, text = append(*to, word), rest
	}
	return func(m string) bool {
		has := func(s string) bool { return strings.Contains(m, s) }
		ok := len(some) == 0
		for _, s := range some {
			ok = ok || has(s)
		}
		for _, s := range all {
			ok = ok && has(s)
		}
		for _, s := range none {
			ok = ok && !has(s)
		}
		return ok
	}, nil
}

var plainWord = lazyre.New(`^[A-Za-z0-9_./:@$]+`)

// cutTerm returns the first term.
func cutTerm(text string) (word, rest string, err error) {
	if strings.HasPrefix(text, `"`) {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", "", fmt.Errorf("a quote is not closed: %s", text)
		}
		word, err = strconv.Unquote(quoted)
		return word, text[len(quoted):], err
	}
	word = plainWord().FindString(text)
	if rest = text[len(word):]; word == "" || rest != "" && rest[0] != ' ' {
		return "", "", fmt.Errorf("%q has characters that must be in quotes", text)
	}
	return word, rest, nil
}

// A condition is a part of a JSON pattern.
type condition func(doc any) bool

var jsonToken = lazyre.New(`^\s*("(?:[^"\\]|\\.)*"|&&|\|\||!=|<=|>=|[=<>()]|\$(?:\.[A-Za-z0-9_-]+|\[\d+\]|\["[^"]*"\])*|[^\s"&|!<>=()]+)`)

func parseJSON(text string) (pattern, error) {
	inner, ok := strings.CutSuffix(strings.TrimPrefix(text, "{"), "}")
	if !ok {
		return nil, fmt.Errorf("} is missing")
	}
	p := &jsonParser{}
	for inner = strings.TrimSpace(inner); inner != ""; inner = strings.TrimSpace(inner) {
		m := jsonToken().FindStringSubmatch(inner)
		if m == nil {
			return nil, fmt.Errorf("unexpected %q", inner)
		}
		p.tokens = append(p.tokens, m[1])
		inner = inner[len(m[0]):]
	}
	c, err := p.or()
	if err == nil && len(p.tokens) > 0 {
		err = p.unexpected()
	}
	if err != nil {
		return nil, err
	}
	return func(message string) bool {
		var doc map[string]any
		return json.Unmarshal([]byte(message), &doc) == nil && doc != nil && c(doc)
	}, nil
}

type jsonParser struct {
	tokens []string
	depth  int
}

func (p *jsonParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *jsonParser) next() string {
	t := p.peek()
	p.tokens = p.tokens[min(1, len(p.tokens)):]
	return t
}

func (p *jsonParser) skip(t string) bool {
	if !strings.EqualFold(p.peek(), t) {
		return false
	}
	p.next()
	return true
}

func (p *jsonParser) unexpected() error { return fmt.Errorf("unexpected %q", p.peek()) }

func (p *jsonParser) or() (condition, error) {
	c, err := p.and()
	for err == nil && p.skip("||") {
		left := c
		var right condition
		right, err = p.and()
		c = func(d any) bool { return left(d) || right(d) }
	}
	return c, err
}

func (p *jsonParser) and() (condition, error) {
	c, err := p.test()
	for err == nil && p.skip("&&") {
		left := c
		var right condition
		right, err = p.test()
		c = func(d any) bool { return left(d) && right(d) }
	}
	return c, err
}

func (p *jsonParser) test() (condition, error) {
	if p.skip("(") {
		if p.depth++; p.depth > 100 {
			return nil, fmt.Errorf("too many parentheses")
		}
		defer func() { p.depth-- }()
		c, err := p.or()
		if err == nil && !p.skip(")") {
			err = p.unexpected()
		}
		return c, err
	}
	if !strings.HasPrefix(p.peek(), "$") {
		return nil, p.unexpected()
	}
	path := p.next()
	switch op := strings.ToUpper(p.next()); op {
	case "=", "!=", "<", "<=", ">", ">=":
		return comparison(path, op, p.next())
	case "IS":
		return isTest(path, strings.ToUpper(p.next()))
	case "NOT":
		if p.skip("EXISTS") {
			return func(d any) bool { _, ok := lookup(d, path); return !ok }, nil
		}
		return nil, p.unexpected()
	default:
		return nil, fmt.Errorf("unknown comparator %q", op)
	}
}

func isTest(path, what string) (condition, error) {
	wants := map[string]any{"TRUE": true, "FALSE": false, "NULL": nil}
	want, ok := wants[what]
	if !ok {
		return nil, fmt.Errorf("IS %s is not known", what)
	}
	return func(d any) bool { v, ok := lookup(d, path); return ok && v == want }, nil
}

var pathStep = lazyre.New(`\.([A-Za-z0-9_-]+)|\[(\d+)\]|\["([^"]*)"\]`)

// lookup returns what is at a path.
func lookup(v any, path string) (any, bool) {
	for _, m := range pathStep().FindAllStringSubmatch(path, -1) {
		if m[2] != "" {
			a, _ := v.([]any)
			i, err := strconv.Atoi(m[2])
			if err != nil || i >= len(a) {
				return nil, false
			}
			v = a[i]
			continue
		}
		o, _ := v.(map[string]any)
		var ok bool
		if v, ok = o[m[1]+m[3]]; !ok {
			return nil, false
		}
	}
	return v, true
}

// comparison compares with a number, or with a text in which * is any text.
func comparison(path, op, arg string) (condition, error) {
	if n, err := strconv.ParseFloat(arg, 64); err == nil {
		return func(d any) bool {
			v, _ := lookup(d, path)
			x, ok := v.(float64)
			return ok && compare(op, x, n)
		}, nil
	}
	text, err := strconv.Unquote(arg)
	if err != nil {
		text = arg
	}
	if arg == "" || strings.HasPrefix(arg, "%") || op != "=" && op != "!=" {
		return nil, fmt.Errorf("%s %s is not known", op, arg)
	}
	parts := strings.Split(text, "*")
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	re, err := regexp.Compile("(?s)^" + strings.Join(parts, ".*") + "$")
	if err != nil {
		return nil, err
	}
	return func(d any) bool {
		v, _ := lookup(d, path)
		s, ok := v.(string)
		return ok && re.MatchString(s) == (op == "=")
	}, nil
}

func compare(op string, a, b float64) bool {
	switch op {
	case "=":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	}
	return a >= b
}
