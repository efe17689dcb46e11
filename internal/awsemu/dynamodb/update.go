package dynamodb

import (
	"maps"
	"slices"
	"strings"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines update expressions:
//
//	update = { SET path = sum {, ...} | REMOVE path {, ...} | ADD path :value {, ...} | DELETE path :value {, ...} }
//	sum    = term [ + term | - term ]
//	term   = path | :value | if_not_exists ( path , sum ) | list_append ( term , term ) | ( sum )
//
// What is on the right is evaluated on the item as it was.

// An action is one change.
type action struct {
	verb string // SET, REMOVE, ADD, DELETE
	path path
	expr *term // of SET
	arg  Value // of ADD and DELETE
}

// A term is what SET can set.
type term struct {
	op   string // "", "+", "-", "if_not_exists", "list_append"
	leaf operand
	args []*term
}

const updateWhat = "UpdateExpression"

func parseUpdate(expr *string, p *params) (as []action, err error) {
	if expr == nil {
		return nil, nil
	}
	ps, err := newParser(updateWhat, *expr, p)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for len(ps.tokens) > 0 {
		verb := strings.ToUpper(ps.peek().text)
		if !slices.Contains([]string{"SET", "REMOVE", "ADD", "DELETE"}, verb) || ps.peek().kind != 'a' {
			return nil, ps.unexpected()
		}
		ps.next()
		if seen[verb] {
			return nil, api.Invalid("Invalid UpdateExpression: The %q section can only be used once in an update expression;", verb)
		}
		seen[verb] = true
		for {
			a, err := ps.action(verb)
			if err != nil {
				return nil, err
			}
			as = append(as, a)
			if !ps.skip(",") {
				break
			}
		}
	}
	return as, checkPaths(as)
}

func checkPaths(as []action) error {
	for i, a := range as {
		for _, b := range as[:i] {
			if overlap(a.path, b.path) {
				return api.Invalid("Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [%s], path two: [%s]", b.path, a.path)
			}
		}
	}
	return nil
}

func (p *parser) action(verb string) (a action, err error) {
	a.verb = verb
	if a.path, err = p.path(); err != nil {
		return a, err
	}
	switch verb {
	case "SET":
		if err := p.expect("="); err != nil {
			return a, err
		}
		a.expr, err = p.sum()
	case "ADD", "DELETE":
		v, err := p.value()
		if err != nil {
			return a, err
		}
		if !v.isSet() && (verb == "DELETE" || v.kind != "N") {
			return a, badOperand(verb, v.kind)
		}
		a.arg = *v
	}
	return a, err
}

func badOperand(op, kind string) error {
	return api.Invalid("Invalid UpdateExpression: Incorrect operand type for operator or function; operator: %s, operand type: %s", op, kind)
}

func (p *parser) sum() (*term, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	left, err := p.term()
	if err != nil {
		return nil, err
	}
	op := p.peek().text
	if !p.skip("+") && !p.skip("-") {
		return left, nil
	}
	right, err := p.term()
	if err != nil {
		return nil, err
	}
	for _, t := range []*term{left, right} {
		if v := t.leaf.value; v != nil && v.kind != "N" {
			return nil, badOperand(op, v.kind)
		}
	}
	return &term{op: op, args: []*term{left, right}}, nil
}

func (p *parser) term() (*term, error) {
	t := p.peek()
	switch {
	case p.skip("("):
		e, err := p.sum()
		if err != nil {
			return nil, err
		}
		return e, p.expect(")")
	case t.kind == ':':
		v, err := p.value()
		return &term{leaf: operand{value: v}}, err
	case t.kind == 'a' && len(p.tokens) > 1 && p.tokens[1].text == "(":
		return p.updateFunction()
	}
	pa, err := p.path()
	return &term{leaf: operand{path: pa}}, err
}

func (p *parser) updateFunction() (*term, error) {
	name := p.next().text
	if name != "if_not_exists" && name != "list_append" {
		return nil, api.Invalid("Invalid UpdateExpression: Invalid function name; function: %s", name)
	}
	p.next() // the parenthesis
	left, err := p.sum()
	if err != nil {
		return nil, err
	}
	if name == "if_not_exists" && left.leaf.path == nil {
		return nil, api.Invalid("Invalid UpdateExpression: Operator or function requires a document path; operator or function: if_not_exists")
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	right, err := p.sum()
	if err != nil {
		return nil, err
	}
	for _, t := range []*term{left, right} {
		if v := t.leaf.value; v != nil && v.kind != "L" && name == "list_append" {
			return nil, badOperand(name, v.kind)
		}
	}
	return &term{op: name, args: []*term{left, right}}, p.expect(")")
}

func (t *term) eval(it Item) (Value, error) {
	if t.op == "" {
		v, ok := t.leaf.eval(it)
		if !ok {
			return v, api.Invalid("The provided expression refers to an attribute that does not exist in the item")
		}
		return v, nil
	}
	if t.op == "if_not_exists" {
		if v, ok := t.args[0].leaf.eval(it); ok {
			return v, nil
		}
		return t.args[1].eval(it)
	}
	a, err := t.args[0].eval(it)
	if err != nil {
		return a, err
	}
	b, err := t.args[1].eval(it)
	if err != nil {
		return b, err
	}
	return apply(t.op, a, b)
}

var errOperandType = api.Invalid("An operand in the update expression has an incorrect data type")

// apply computes +, - or list_append.
func apply(op string, a, b Value) (Value, error) {
	if op == "list_append" {
		if a.kind != "L" || b.kind != "L" {
			return a, errOperandType
		}
		return Value{kind: "L", list: slices.Concat(a.list, b.list)}, nil
	}
	if a.kind != "N" || b.kind != "N" {
		return a, errOperandType
	}
	if op == "-" {
		b.n = b.n.neg()
	}
	n, err := a.n.add(b.n)
	return Value{kind: "N", n: n}, err
}

// update returns the item after the actions.
func update(old Item, as []action) (Item, error) {
	root := Value{kind: "M", m: maps.Clone(old)}
	var removed []action
	for _, a := range as {
		v, err := a.eval(old)
		if err != nil {
			return nil, err
		}
		if v == nil {
			removed = append(removed, a)
			continue
		}
		if root, err = root.set(a.path, *v); err != nil {
			return nil, err
		}
	}
	// From the back, so that indexes of lists are those of the item as it was.
	slices.SortFunc(removed, func(a, b action) int { return comparePaths(b.path, a.path) })
	for _, a := range removed {
		var err error
		if root, err = root.remove(a.path); err != nil {
			return nil, err
		}
	}
	return root.m, nil
}

func comparePaths(a, b path) int {
	return slices.CompareFunc(a, b, func(x, y step) int {
		if c := strings.Compare(x.name, y.name); c != 0 {
			return c
		}
		return x.index - y.index
	})
}

// eval returns what is to be at the action's path, nil if nothing.
func (a action) eval(it Item) (*Value, error) {
	old, there := a.path.get(it)
	switch {
	case a.verb == "REMOVE":
		return nil, nil
	case a.verb == "SET":
		v, err := a.expr.eval(it)
		return &v, err
	case a.verb == "ADD" && !there:
		return &a.arg, nil
	case !there:
		return nil, nil
	case old.kind != a.arg.kind:
		return nil, errOperandType
	case a.arg.kind == "N":
		v, err := apply("+", old, a.arg)
		return &v, err
	}
	rest := slices.DeleteFunc(slices.Clone(old.list), a.arg.has)
	if a.verb == "ADD" {
		rest = append(rest, a.arg.list...)
		slices.SortFunc(rest, Value.compare)
	}
	if len(rest) == 0 {
		return nil, nil
	}
	return &Value{kind: old.kind, list: rest}, nil
}

var errPath = api.Invalid("The document path provided in the update expression is invalid for update")

// set returns v with e at a path; all but the last step must be there. A list grows at its end.
func (v Value) set(p path, e Value) (Value, error) {
	if len(p) == 0 {
		return e, nil
	}
	inner, there := v.step(p[0])
	if !there && len(p) > 1 {
		return v, errPath
	}
	inner, err := inner.set(p[1:], e)
	if err != nil {
		return v, err
	}
	switch {
	case p[0].name != "" && v.kind == "M":
		m := maps.Clone(v.m)
		if m == nil {
			m = map[string]Value{}
		}
		m[p[0].name] = inner
		return Value{kind: "M", m: m}, nil
	case p[0].name == "" && v.kind == "L" && there:
		l := slices.Clone(v.list)
		l[p[0].index] = inner
		return Value{kind: "L", list: l}, nil
	case p[0].name == "" && v.kind == "L":
		return Value{kind: "L", list: append(slices.Clone(v.list), inner)}, nil
	}
	return v, errPath
}

// remove returns v without what is at a path; all but the last step must be there.
func (v Value) remove(p path) (Value, error) {
	inner, there := v.step(p[0])
	if len(p) > 1 {
		if !there {
			return v, errPath
		}
		inner, err := inner.remove(p[1:])
		if err != nil {
			return v, err
		}
		return v.set(p[:1], inner)
	}
	switch {
	case p[0].name != "" && v.kind == "M":
		m := maps.Clone(v.m)
		delete(m, p[0].name)
		return Value{kind: "M", m: m}, nil
	case p[0].name == "" && v.kind == "L":
		if !there {
			return v, nil
		}
		return Value{kind: "L", list: slices.Delete(slices.Clone(v.list), p[0].index, p[0].index+1)}, nil
	}
	return v, errPath
}
