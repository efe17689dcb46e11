package dynamodb

import (
	"bytes"
	"strings"
)

// This file defines what conditions mean.

// get returns what is at a path.
func (p path) get(it Item) (Value, bool) {
	v := Value{kind: "M", m: it}
	for _, s := range p {
		var ok bool
		if v, ok = v.step(s); !ok {
			return Value{}, false
		}
	}
	return v, true
}

func (v Value) step(s step) (Value, bool) {
	switch {
	case s.name != "":
		e, ok := v.m[s.name]
		return e, ok
	case v.kind == "L" && s.index < len(v.list):
		return v.list[s.index], true
	}
	return Value{}, false
}

func (o operand) eval(it Item) (v Value, ok bool) {
	if o.value != nil {
		return *o.value, true
	}
	if v, ok = o.path.get(it); !ok || !o.size {
		return v, ok
	}
	n, ok := v.length()
	return Value{kind: "N", n: n}, ok
}

// length is what size() returns.
func (v Value) length() (number, bool) {
	n := len(v.list) + len(v.m)
	switch v.kind {
	case "N", "BOOL", "NULL":
		return number{}, false
	case "S":
		n = len(v.s)
	case "B":
		n = len(v.b)
	}
	return intNumber(n), true
}

// holds reports whether a condition holds for an item; a nil one does.
func (n *node) holds(it Item) bool {
	if n == nil {
		return true
	}
	switch n.op {
	case "AND":
		return n.kids[0].holds(it) && n.kids[1].holds(it)
	case "OR":
		return n.kids[0].holds(it) || n.kids[1].holds(it)
	case "NOT":
		return !n.kids[0].holds(it)
	}
	vs := make([]Value, len(n.args))
	there := make([]bool, len(n.args))
	for i, a := range n.args {
		vs[i], there[i] = a.eval(it)
	}
	switch n.op {
	case "attribute_exists":
		return there[0]
	case "attribute_not_exists":
		return !there[0]
	case "<>":
		return !there[0] || !there[1] || !vs[0].equal(vs[1])
	case "IN":
		for i := range vs[1:] {
			if there[0] && there[i+1] && vs[0].equal(vs[i+1]) {
				return true
			}
		}
		return false
	}
	for _, ok := range there {
		if !ok {
			return false
		}
	}
	return compare(n.op, vs)
}

// compare applies an operator to values.
func compare(op string, vs []Value) bool {
	a, b := vs[0], vs[1]
	switch op {
	case "=":
		return a.equal(b)
	case "attribute_type":
		return b.kind == "S" && a.kind == b.s
	case "begins_with":
		return a.kind == b.kind && (a.kind == "S" && strings.HasPrefix(a.s, b.s) || a.kind == "B" && bytes.HasPrefix(a.b, b.b))
	case "contains":
		return a.contains(b)
	}
	if a.kind != b.kind || !a.ordered() {
		return false
	}
	c := a.compare(b)
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	}
	return c >= 0 && a.kind == vs[2].kind && a.compare(vs[2]) <= 0 // BETWEEN
}

func (v Value) contains(e Value) bool {
	switch v.kind {
	case "S":
		return e.kind == "S" && strings.Contains(v.s, e.s)
	case "B":
		return e.kind == "B" && bytes.Contains(v.b, e.b)
	}
	return v.has(e)
}

// project returns the parts of an item at the paths, all of it if there are none.
func project(it Item, paths []path) Item {
	if paths == nil {
		return it
	}
	v, _ := Value{kind: "M", m: it}.pick(paths)
	return v.m
}

// pick returns what of a value the paths lead to. Lists have only the elements that were picked.
func (v Value) pick(paths []path) (Value, bool) {
	out := Value{kind: v.kind, m: map[string]Value{}}
	part := func(s step, e Value) (Value, bool) {
		var rest []path
		for _, p := range paths {
			if p[0] == s {
				rest = append(rest, p[1:])
			}
		}
		if len(rest) == 0 || len(rest[0]) == 0 { // paths do not overlap: an empty one is alone
			return e, len(rest) > 0
		}
		return e.pick(rest)
	}
	for name, e := range v.m {
		if e, ok := part(step{name: name}, e); ok {
			out.m[name] = e
		}
	}
	for i, e := range v.list {
		if e, ok := part(step{index: i}, e); ok && v.kind == "L" {
			out.list = append(out.list, e)
		}
	}
	return out, len(out.m)+len(out.list) > 0
}
