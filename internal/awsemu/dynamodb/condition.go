package dynamodb

import (
	"slices"
	"strings"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines the parser of conditions:
//
//	or      = and { OR and }
//	and     = not { AND not }
//	not     = NOT not | primary
//	primary = ( or ) | function ( operands ) | operand comparator operand
//	        | operand BETWEEN operand AND operand | operand IN ( operands )
//	operand = path | :value | size ( path ) | ( operand )
//	path    = name { . name | [ number ] }        where a name is NAME or #name

// A node is a condition.
type node struct {
	op   string // AND, OR, NOT, a comparator, BETWEEN, IN, or the name of a function
	kids []*node
	args []operand
}

// parseCondition parses a condition; nil is that of a request without one.
func parseCondition(what string, expr *string, p *params) (*node, error) {
	if expr == nil {
		return nil, nil
	}
	ps, err := newParser(what, *expr, p)
	if err != nil {
		return nil, err
	}
	n, err := ps.or()
	if err == nil {
		err = ps.end()
	}
	return n, err
}

func (p *parser) or() (*node, error)  { return p.chain("OR", p.and) }
func (p *parser) and() (*node, error) { return p.chain("AND", p.not) }

// chain parses what is joined by a keyword.
func (p *parser) chain(word string, part func() (*node, error)) (*node, error) {
	n, err := part()
	for err == nil && p.word(word) {
		var right *node
		right, err = part()
		n = &node{op: word, kids: []*node{n, right}}
	}
	return n, err
}

func (p *parser) not() (*node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if !p.word("NOT") {
		return p.primary()
	}
	n, err := p.not()
	return &node{op: "NOT", kids: []*node{n}}, err
}

// deeper bounds how deep an expression can be nested.
func (p *parser) deeper() error {
	if p.depth++; p.depth > 300 {
		return api.Invalid("Invalid %s: The expression is nested too deep", p.what)
	}
	return nil
}

// functions are those that are conditions, with how many operands they have.
var functions = map[string]int{"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2}

func (p *parser) primary() (*node, error) {
	if p.peek().text == "(" && !p.operandAhead() {
		p.next()
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		return n, p.expect(")")
	}
	if t := p.peek(); t.kind == 'a' && len(p.tokens) > 1 && p.tokens[1].text == "(" && t.text != "size" {
		return p.function()
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	switch t := p.peek(); {
	case p.word("BETWEEN"):
		return p.between(left)
	case p.word("IN"):
		args, err := p.operands()
		if len(args) > 100 {
			err = api.Invalid("Invalid %s: The IN operator is provided with too many operands; number of operands: %d", p.what, len(args))
		}
		return &node{op: "IN", args: append([]operand{left}, args...)}, err
	case slices.Contains([]string{"=", "<>", "<", "<=", ">", ">="}, t.text):
		p.next()
		right, err := p.operand()
		if err != nil {
			return nil, err
		}
		return p.checked(&node{op: t.text, args: []operand{left, right}})
	}
	return nil, p.unexpected()
}

// operandAhead reports whether what stands in the parentheses that are next is an operand, not a condition: then all that
// open are closed after it.
func (p *parser) operandAhead() bool {
	ts := p.tokens
	skip := func(ok func(token) bool) (n int) {
		for ; len(ts) > 0 && ok(ts[0]); ts = ts[1:] {
			n++
		}
		return n
	}
	is := func(text string) func(token) bool { return func(t token) bool { return t.text == text } }
	open := skip(is("("))
	if len(ts) > 1 && ts[0].text == "size" && ts[1].text == "(" {
		ts = ts[1:]
		open += skip(is("("))
	}
	if len(ts) > 0 {
		ts = ts[1:] // :value or the first name
	}
	for len(ts) > 1 && (ts[0].text == "." || ts[0].text == "[") {
		ts = ts[2:]
		skip(is("]"))
	}
	return skip(is(")")) >= open
}

func (p *parser) between(left operand) (*node, error) {
	low, err := p.operand()
	if err != nil {
		return nil, err
	}
	if !p.word("AND") {
		return nil, p.unexpected()
	}
	high, err := p.operand()
	if err != nil {
		return nil, err
	}
	if low.value != nil && high.value != nil && low.value.kind == high.value.kind && low.value.compare(*high.value) > 0 {
		return nil, api.Invalid("Invalid %s: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: %v, upper bound operand: AttributeValue: %v", p.what, low.value.plain(), high.value.plain())
	}
	return p.checked(&node{op: "BETWEEN", args: []operand{left, low, high}})
}

func (p *parser) function() (*node, error) {
	name := p.next().text
	want, ok := functions[name]
	if !ok {
		return nil, api.Invalid("Invalid %s: Invalid function name; function: %s", p.what, name)
	}
	args, err := p.operands()
	if err != nil {
		return nil, err
	}
	if len(args) != want {
		return nil, api.Invalid("Invalid %s: Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", p.what, name, len(args))
	}
	if args[0].path == nil || args[0].size {
		return nil, api.Invalid("Invalid %s: Operator or function requires a document path; operator or function: %s", p.what, name)
	}
	return p.checked(&node{op: name, args: args})
}

var types = []string{"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"}

// checked refuses values of types that an operator cannot have, and an operand compared with itself.
func (p *parser) checked(n *node) (*node, error) {
	for _, a := range n.args {
		if a.value == nil {
			continue
		}
		kind := a.value.kind
		ok := true
		switch n.op {
		case "<", "<=", ">", ">=", "BETWEEN":
			ok = a.value.ordered()
		case "begins_with":
			ok = kind == "S" || kind == "B"
		case "attribute_type":
			if ok = kind == "S"; ok && !slices.Contains(types, a.value.s) {
				return nil, api.Invalid("Invalid %s: Invalid attribute type name found; type: %s, valid types: {%s}", p.what, a.value.s, strings.Join(types, ","))
			}
		}
		if !ok {
			return nil, api.Invalid("Invalid %s: Incorrect operand type for operator or function; operator or function: %s, operand type: %s", p.what, n.op, kind)
		}
	}
	if len(n.args) == 2 && n.args[0].path != nil && !n.args[0].size && !n.args[1].size && slices.Equal(n.args[0].path, n.args[1].path) {
		return nil, api.Invalid("Invalid %s: The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: [%s]", p.what, n.op, n.args[0].path)
	}
	return n, nil
}

// operands parses ( operand, ... ).
func (p *parser) operands() (args []operand, err error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	for {
		a, err := p.operand()
		if err != nil {
			return nil, err
		}
		args = append(args, a)
		if !p.skip(",") {
			return args, p.expect(")")
		}
	}
}

func (p *parser) operand() (o operand, err error) {
	if err := p.deeper(); err != nil {
		return o, err
	}
	defer func() { p.depth-- }()
	switch t := p.peek(); {
	case p.skip("("):
		if o, err = p.operand(); err != nil {
			return o, err
		}
		return o, p.expect(")")
	case t.kind == ':':
		o.value, err = p.value()
	case t.text == "size" && len(p.tokens) > 1 && p.tokens[1].text == "(":
		p.next()
		p.next()
		if o, err = p.operand(); err != nil {
			return o, err
		}
		if o.path == nil || o.size {
			return o, api.Invalid("Invalid %s: Operator or function requires a document path; operator or function: size", p.what)
		}
		o.size = true
		return o, p.expect(")")
	default:
		o.path, err = p.path()
	}
	return o, err
}
