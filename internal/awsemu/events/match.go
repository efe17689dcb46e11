// Package events emulates EventBridge: buses, rules with patterns, and what happens to an event that is put.
package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"path"
	"strconv"
	"strings"
)

// This file defines patterns, see "Event pattern" in the manual of EventBridge:
//
//	pattern = { name: pattern | [ matcher, ... ], ..., "$or": [ pattern, ... ] }
//	matcher = string | number | true | false | null | {"prefix": ...} | ...
//
// All names must match, and one matcher of each list. A value of an event that is an array matches if one of its elements does.

// A Pattern matches events.
type Pattern struct {
	fields map[string]any // name to Pattern or to []matcher
	or     []Pattern
}

// A matcher reports whether a value matches; there is none if !there. Numbers are json.Number.
type matcher func(v any, there bool) bool

// ParsePattern reads a pattern. It refuses what it does not know.
func ParsePattern(text []byte) (Pattern, error) {
	v, err := decode(text)
	if err != nil {
		return Pattern{}, fmt.Errorf("event pattern: %w", err)
	}
	p, err := parsePattern(v)
	if err == nil && len(p.fields)+len(p.or) == 0 {
		err = fmt.Errorf("it is empty")
	}
	if err != nil {
		return Pattern{}, fmt.Errorf("event pattern: %w", err)
	}
	return p, nil
}

func decode(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("there is more than one JSON value")
	}
	return v, nil
}

// Match reports whether a pattern matches an event, both in JSON.
func Match(pattern, event []byte) (bool, error) {
	p, err := ParsePattern(pattern)
	if err != nil {
		return false, err
	}
	return p.Match(event)
}

// Match reports whether the pattern matches an event, in JSON.
func (p Pattern) Match(event []byte) (bool, error) {
	v, err := decode(event)
	if err != nil {
		return false, fmt.Errorf("event: %w", err)
	}
	m, ok := v.(map[string]any)
	return ok && p.match(m), nil
}

func (p Pattern) match(event map[string]any) bool {
	for name, want := range p.fields {
		v, there := event[name]
		var ok bool
		switch want := want.(type) {
		case Pattern:
			ok = want.matchObject(v)
		case []matcher:
			ok = anyMatches(want, v, there)
		}
		if !ok {
			return false
		}
	}
	for _, o := range p.or {
		if o.match(event) {
			return true
		}
	}
	return len(p.or) == 0
}

// matchObject matches an object, or one of an array of objects; what is none has no members.
func (p Pattern) matchObject(v any) bool {
	if a, ok := v.([]any); ok {
		for _, e := range a {
			if m, ok := e.(map[string]any); ok && p.match(m) {
				return true
			}
		}
		return false
	}
	m, _ := v.(map[string]any)
	return p.match(m)
}

func anyMatches(ms []matcher, v any, there bool) bool {
	if a, ok := v.([]any); ok {
		for _, e := range a {
			if anyMatches(ms, e, true) {
				return true
			}
		}
		return false
	}
	for _, m := range ms {
		if m(v, there) {
			return true
		}
	}
	return false
}

func parsePattern(v any) (p Pattern, err error) {
	m, ok := v.(map[string]any)
	if !ok {
		return p, fmt.Errorf("%v is not an object", v)
	}
	p.fields = map[string]any{}
	for name, v := range m {
		switch v := v.(type) {
		case []any:
			if name == "$or" && isOr(v) {
				p.or, err = parseOr(v)
			} else {
				p.fields[name], err = parseMatchers(name, v)
			}
		case map[string]any:
			p.fields[name], err = parsePattern(v)
		default:
			err = fmt.Errorf("%q must be an object or an array", name)
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

// isOr reports whether the value of "$or" is a list of patterns.
func isOr(vs []any) bool {
	for _, v := range vs {
		if _, ok := v.(map[string]any); !ok {
			return false
		}
	}
	return len(vs) > 1
}

func parseOr(vs []any) (ps []Pattern, err error) {
	for _, v := range vs {
		p, err := parsePattern(v)
		if err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
	return ps, nil
}

func parseMatchers(name string, vs []any) (ms []matcher, err error) {
	if len(vs) == 0 {
		return nil, fmt.Errorf("the array of %q is empty", name)
	}
	for _, v := range vs {
		m, err := parseMatcher(v)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		ms = append(ms, m)
	}
	return ms, nil
}

func parseMatcher(v any) (matcher, error) {
	switch v := v.(type) {
	case map[string]any:
		for op, arg := range v {
			if len(v) == 1 {
				return parseOperator(op, arg)
			}
		}
		return nil, fmt.Errorf("a matcher has one member, this has %d", len(v))
	case []any:
		return nil, fmt.Errorf("arrays cannot be matched")
	}
	return func(x any, there bool) bool { return there && same(v, x) }, nil
}

// same compares values that are no objects.
func same(a, b any) bool {
	x, ok1 := a.(json.Number)
	y, ok2 := b.(json.Number)
	if ok1 && ok2 {
		return number(x) == number(y)
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}

func number(n json.Number) float64 {
	f, _ := strconv.ParseFloat(string(n), 64)
	return f
}

// texts is a matcher of strings.
func texts(ok func(string) bool) matcher {
	return func(v any, _ bool) bool {
		s, is := v.(string)
		return is && ok(s)
	}
}

func parseOperator(op string, arg any) (matcher, error) {
	switch op {
	case "exists":
		want, ok := arg.(bool)
		if !ok {
			return nil, fmt.Errorf("exists must be true or false")
		}
		return func(v any, there bool) bool {
			_, object := v.(map[string]any)
			return (there && !object) == want
		}, nil
	case "anything-but":
		return parseAnythingBut(arg)
	case "numeric":
		return parseNumeric(arg)
	case "prefix", "suffix":
		if m, ok := arg.(map[string]any); ok && len(m) == 1 {
			s, ok := m["equals-ignore-case"].(string)
			if !ok {
				return nil, fmt.Errorf("%s does not know %v", op, m)
			}
			return foldedEnd(op, s), nil
		}
	}
	s, ok := arg.(string)
	if !ok {
		return nil, fmt.Errorf("%s: %v is not a string, or not known", op, arg)
	}
	return parseText(op, s)
}

// parseText returns the operators whose argument is a string.
func parseText(op, s string) (matcher, error) {
	switch op {
	case "prefix":
		return texts(func(v string) bool { return strings.HasPrefix(v, s) }), nil
	case "suffix":
		return texts(func(v string) bool { return strings.HasSuffix(v, s) }), nil
	case "equals-ignore-case":
		return texts(func(v string) bool { return strings.EqualFold(v, s) }), nil
	case "wildcard":
		return parseWildcard(s)
	case "cidr":
		net, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("cidr: %w", err)
		}
		return texts(func(v string) bool {
			a, err := netip.ParseAddr(v)
			return err == nil && net.Contains(a)
		}), nil
	}
	return nil, fmt.Errorf("unknown matcher %q", op)
}

func foldedEnd(op, s string) matcher {
	return texts(func(v string) bool {
		if len(v) < len(s) {
			return false
		}
		if op == "prefix" {
			return strings.EqualFold(v[:len(s)], s)
		}
		return strings.EqualFold(v[len(v)-len(s):], s)
	})
}

// parseWildcard reads a text in which * is any text, and \ takes the meaning of the next byte.
func parseWildcard(s string) (matcher, error) {
	if strings.Contains(s, "**") {
		return nil, fmt.Errorf("wildcard: consecutive *")
	}
	// Of path.Match only * is wanted, and its * stops at slashes: so they are replaced, in values too.
	const slash = "\x00"
	pattern := strings.NewReplacer("?", `\?`, "[", `\[`, "/", slash).Replace(s)
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("wildcard: %w", err)
	}
	return texts(func(v string) bool {
		ok, _ := path.Match(pattern, strings.ReplaceAll(v, "/", slash))
		return ok
	}), nil
}

// parseAnythingBut reads a value, a list of values, or a matcher of strings or a list of its arguments.
func parseAnythingBut(arg any) (matcher, error) {
	list := []any{arg}
	switch a := arg.(type) {
	case []any:
		list = a
	case map[string]any:
		var err error
		if list, err = expand(a); err != nil {
			return nil, err
		}
	}
	ms, err := parseMatchers("anything-but", list)
	if err != nil {
		return nil, err
	}
	return func(v any, there bool) bool {
		_, object := v.(map[string]any)
		return there && !object && !anyMatches(ms, v, true)
	}, nil
}

// expand makes {op: [a, b]} to [{op: a}, {op: b}].
func expand(m map[string]any) (list []any, err error) {
	if len(m) != 1 {
		return nil, fmt.Errorf("anything-but: %v has not one member", m)
	}
	for op, arg := range m {
		switch op {
		case "prefix", "suffix", "equals-ignore-case", "wildcard":
		default:
			return nil, fmt.Errorf("anything-but does not know %q", op)
		}
		args, ok := arg.([]any)
		if !ok {
			args = []any{arg}
		}
		for _, a := range args {
			list = append(list, map[string]any{op: a})
		}
	}
	return list, nil
}

// parseNumeric reads ["<", 10] or [">", 0, "<=", 5].
func parseNumeric(arg any) (matcher, error) {
	parts, ok := arg.([]any)
	if !ok || len(parts) != 2 && len(parts) != 4 {
		return nil, fmt.Errorf("numeric: want an operator and a number, once or twice")
	}
	var tests []func(float64) bool
	for i := 0; i < len(parts); i += 2 {
		op, ok1 := parts[i].(string)
		n, ok2 := parts[i+1].(json.Number)
		test := comparison(op, number(n))
		if !ok1 || !ok2 || test == nil {
			return nil, fmt.Errorf("numeric: %v %v", parts[i], parts[i+1])
		}
		tests = append(tests, test)
	}
	return func(v any, _ bool) bool {
		n, ok := v.(json.Number)
		for _, test := range tests {
			ok = ok && test(number(n))
		}
		return ok
	}, nil
}

func comparison(op string, n float64) func(float64) bool {
	switch op {
	case "<":
		return func(v float64) bool { return v < n }
	case "<=":
		return func(v float64) bool { return v <= n }
	case "=":
		return func(v float64) bool { return v == n }
	case ">=":
		return func(v float64) bool { return v >= n }
	case ">":
		return func(v float64) bool { return v > n }
	}
	return nil
}
