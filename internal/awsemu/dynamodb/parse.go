package dynamodb

import (
	_ "embed"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines the parser of expressions:
//
//	or      = and { OR and }
//	and     = not { AND not }
//	not     = NOT not | primary
//	primary = ( or ) | function ( operands ) | operand comparator operand
//	        | operand BETWEEN operand AND operand | operand IN ( operands )
//	operand = path | :value | size ( path ) | ( operand )
//	path    = name { . name | [ number ] }        where a name is NAME or #name

// reserved are the words that cannot be names, see "Reserved words in DynamoDB" of the manual.
//
//go:embed reserved.txt
var reservedText string

var reserved = func() map[string]bool {
	m := map[string]bool{}
	for word := range strings.FieldsSeq(reservedText) {
		m[word] = true
	}
	return m
}()

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

// A node is a condition.
type node struct {
	op   string // AND, OR, NOT, a comparator, BETWEEN, IN, or the name of a function
	kids []*node
	args []operand
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

// operandAhead reports whether what stands in the parentheses that are next is an operand, not a condition.
func (p *parser) operandAhead() bool {
	ts := p.tokens
	skip := func(ok func(token) bool) {
		for len(ts) > 0 && ok(ts[0]) {
			ts = ts[1:]
		}
	}
	inPath := func(t token) bool { return t.kind != 'o' || t.text == "." || t.text == "[" || t.text == "]" }
	skip(func(t token) bool { return t.text == "(" })
	if len(ts) > 1 && ts[0].text == "size" && ts[1].text == "(" {
		ts = ts[2:]
		skip(func(t token) bool { return t.text == "(" })
		skip(inPath)
		skip(func(t token) bool { return t.text == ")" })
		return len(ts) == 0 || ts[0].kind == 'o' // a comparator follows, not AND
	}
	skip(inPath)
	return len(ts) > 0 && ts[0].text == ")"
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
		if reserved[strings.ToUpper(t.text)] {
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
