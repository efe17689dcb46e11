package dynamodb

import (
	_ "embed"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines what the parsers of all kinds of expressions have in common: their parameters, and paths and values.

// reserved are the words that cannot be names, see "Reserved words in DynamoDB" of the manual.
//
//go:embed reserved.txt
var reservedText string

var reserved = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for word := range strings.FieldsSeq(reservedText) {
		m[word] = true
	}
	return m
})

// params are the parameters of a request that its expressions refer to.
type params struct {
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues map[string]Value

	usedNames, usedValues map[string]bool
}

// check refuses what no expression of the request has used. It is called when all have been parsed.
func (p *params) check() error {
	if p.ExpressionAttributeNames != nil && len(p.ExpressionAttributeNames) == 0 {
		return api.Invalid("ExpressionAttributeNames must not be empty")
	}
	if p.ExpressionAttributeValues != nil && len(p.ExpressionAttributeValues) == 0 {
		return api.Invalid("ExpressionAttributeValues must not be empty")
	}
	if err := unused("ExpressionAttributeNames", p.ExpressionAttributeNames, p.usedNames); err != nil {
		return err
	}
	return unused("ExpressionAttributeValues", p.ExpressionAttributeValues, p.usedValues)
}

func unused[V any](what string, given map[string]V, used map[string]bool) error {
	var left []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !used[name] {
			left = append(left, name)
		}
	}
	if left == nil {
		return nil
	}
	return api.Invalid("Value provided in %s unused in expressions: keys: {%s}", what, strings.Join(left, ", "))
}

// An operand is a path, a value, or the size of what is at a path.
type operand struct {
	path  path
	value *Value
	size  bool
}

// A path leads to an attribute or into it.
type path []step

// A step is a name of an attribute or, if name is "", an index of a list.
type step struct {
	name  string
	index int
}

func (p path) String() string {
	var b strings.Builder
	for i, s := range p {
		switch {
		case s.name == "":
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case i > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	return b.String()
}

// A parser parses one expression.
type parser struct {
	*params
	what   string // the parameter
	expr   string
	tokens []token
	depth  int
}

func newParser(what, expr string, p *params) (*parser, error) {
	if expr == "" {
		return nil, api.Invalid("Invalid %s: The expression can not be empty;", what)
	}
	if len(expr) > 4096 {
		return nil, api.Invalid("Invalid %s: Expression size has exceeded the maximum allowed size; expression size: %d", what, len(expr))
	}
	if p.usedNames == nil {
		p.usedNames, p.usedValues = map[string]bool{}, map[string]bool{}
	}
	tokens, err := lex(what, expr)
	return &parser{params: p, what: what, expr: expr, tokens: tokens}, err
}

// parseProjection parses the paths of a projection; nil if there is none.
func parseProjection(expr *string, p *params) (paths []path, err error) {
	if expr == nil {
		return nil, nil
	}
	ps, err := newParser("ProjectionExpression", *expr, p)
	if err != nil {
		return nil, err
	}
	for {
		pa, err := ps.path()
		if err != nil {
			return nil, err
		}
		for _, o := range paths {
			if overlap(o, pa) {
				return nil, api.Invalid("Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [%s], path two: [%s]", o, pa)
			}
		}
		paths = append(paths, pa)
		if !ps.skip(",") {
			return paths, ps.end()
		}
	}
}

// overlap reports whether a path leads into what another leads to.
func overlap(a, b path) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n])
}

func (p *parser) peek() token {
	if len(p.tokens) == 0 {
		return token{}
	}
	return p.tokens[0]
}

func (p *parser) next() token {
	t := p.peek()
	if len(p.tokens) > 0 {
		p.tokens = p.tokens[1:]
	}
	return t
}

// skip skips an operator if it is next.
func (p *parser) skip(op string) bool {
	if t := p.peek(); t.kind != 'o' || t.text != op {
		return false
	}
	p.next()
	return true
}

// word skips a keyword if it is next; keywords have any case.
func (p *parser) word(w string) bool {
	if t := p.peek(); t.kind != 'a' || !strings.EqualFold(t.text, w) {
		return false
	}
	p.next()
	return true
}

func (p *parser) unexpected() error { return syntaxError(p.what, p.peek().text, p.expr) }

func (p *parser) expect(op string) error {
	if !p.skip(op) {
		return p.unexpected()
	}
	return nil
}

func (p *parser) end() error {
	if len(p.tokens) > 0 {
		return p.unexpected()
	}
	return nil
}

func (p *parser) value() (*Value, error) {
	t := p.peek()
	if t.kind != ':' {
		return nil, p.unexpected()
	}
	p.next()
	v, ok := p.ExpressionAttributeValues[t.text]
	if !ok {
		return nil, api.Invalid("Invalid %s: An expression attribute value used in expression is not defined; attribute value: %s", p.what, t.text)
	}
	p.usedValues[t.text] = true
	return &v, nil
}

func (p *parser) path() (pa path, err error) {
	for {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		pa = append(pa, step{name: name})
		for p.skip("[") {
			t := p.next()
			n, err := strconv.Atoi(t.text)
			if t.kind != '0' || err != nil {
				return nil, syntaxError(p.what, t.text, p.expr)
			}
			pa = append(pa, step{index: n})
			if err := p.expect("]"); err != nil {
				return nil, err
			}
		}
		if len(pa) > maxDepth {
			return nil, api.Invalid("Invalid %s: The document path has too many nesting elements; nesting levels: %d", p.what, len(pa))
		}
		if !p.skip(".") {
			return pa, nil
		}
	}
}

func (p *parser) name() (string, error) {
	t := p.peek()
	switch t.kind {
	case 'a':
		if reserved()[strings.ToUpper(t.text)] {
			return "", api.Invalid("Invalid %s: Attribute name is a reserved keyword; reserved keyword: %s", p.what, t.text)
		}
		p.next()
		return t.text, nil
	case '#':
		name, ok := p.ExpressionAttributeNames[t.text]
		if !ok || name == "" {
			return "", api.Invalid("Invalid %s: An expression attribute name used in the document path is not defined; attribute name: %s", p.what, t.text)
		}
		p.next()
		p.usedNames[t.text] = true
		return name, nil
	}
	return "", p.unexpected()
}
