// Package pattern reads event patterns of EventBridge, and matches events with them. See "Event pattern" in its manual:
//
//	pattern = { name: pattern | [ matcher, ... ], ..., "$or": [ pattern, pattern, ... ] }
//	matcher = string | number | true | false | null | {"prefix": ...} | ...
//
// All names must match, and one matcher of each list. A value of an event that is an array matches if one of its elements does.
package pattern

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A Pattern matches events.
type Pattern struct {
	fields map[string]any // name to Pattern or to []matcher
	or     []Pattern
}

// A matcher reports whether a value matches; there is none if !there. Numbers are json.Number.
type matcher func(v any, there bool) bool

// Parse reads a pattern. It refuses what it does not know. Errors begin with "pattern" and name the field.
func Parse(text []byte) (Pattern, error) {
	v, err := decode(text)
	if err != nil {
		return Pattern{}, fmt.Errorf("pattern is not a JSON object: %w", err)
	}
	m, ok := v.(map[string]any)
	switch {
	case !ok:
		return Pattern{}, fmt.Errorf("pattern is not a JSON object")
	case len(m) == 0:
		return Pattern{}, fmt.Errorf("pattern must name a field at least")
	}
	return parseObject(m, "")
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
	p, err := Parse(pattern)
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

// parseObject reads the pattern of the fields of at, "" at the top.
func parseObject(m map[string]any, at string) (p Pattern, err error) {
	p.fields = map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		here := strings.TrimPrefix(at+"."+name, ".")
		if name == "$or" {
			p.or, err = parseOr(m[name], here)
		} else {
			p.fields[name], err = parseField(m[name], here)
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

// parseField reads what is wanted of a field: a Pattern or matchers.
func parseField(v any, at string) (any, error) {
	switch v := v.(type) {
	case []any:
		ms, err := parseMatchers(v)
		if err != nil {
			return nil, fmt.Errorf("pattern has %w in %s", err, at)
		}
		return ms, nil
	case map[string]any:
		if len(v) == 0 {
			return nil, fmt.Errorf("pattern has nothing in %s", at)
		}
		return parseObject(v, at)
	}
	return nil, fmt.Errorf("pattern has no list in %s; write [value]", at)
}

func parseOr(v any, at string) (ps []Pattern, err error) {
	list, _ := v.([]any)
	if len(list) < 2 {
		return nil, fmt.Errorf("pattern has no list of two patterns or more in %s", at)
	}
	for _, v := range list {
		m, _ := v.(map[string]any)
		if len(m) == 0 {
			return nil, fmt.Errorf("pattern has something else than a pattern in %s", at)
		}
		p, err := parseObject(m, at)
		if err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
	return ps, nil
}

// parseMatchers reads a list. Errors say what is there instead of matchers.
func parseMatchers(vs []any) (ms []matcher, err error) {
	if len(vs) == 0 {
		return nil, fmt.Errorf("an empty list")
	}
	for _, v := range vs {
		m, err := parseMatcher(v)
		if err != nil {
			return nil, err
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
		return nil, fmt.Errorf("a filter of %d members instead of one", len(v))
	case []any:
		return nil, fmt.Errorf("a list in a list")
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

// text is a matcher of strings.
func text(ok func(string) bool) matcher {
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
			return nil, fmt.Errorf("a filter exists that is neither true nor false")
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
				return nil, fmt.Errorf("a filter %s of %v", op, m)
			}
			return foldedEnd(op, s), nil
		}
	}
	return parseText(op, arg)
}

// texts are the operators whose argument is a string.
var texts = []string{"prefix", "suffix", "equals-ignore-case", "wildcard", "cidr"}

// parseText returns those.
func parseText(op string, arg any) (matcher, error) {
	s, ok := arg.(string)
	if !ok && slices.Contains(texts, op) {
		return nil, fmt.Errorf("a filter %s that is no text", op)
	}
	switch op {
	case "prefix":
		return text(func(v string) bool { return strings.HasPrefix(v, s) }), nil
	case "suffix":
		return text(func(v string) bool { return strings.HasSuffix(v, s) }), nil
	case "equals-ignore-case":
		return text(func(v string) bool { return strings.EqualFold(v, s) }), nil
	case "wildcard":
		return parseWildcard(s)
	case "cidr":
		net, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("a filter cidr that is none (%w)", err)
		}
		return text(func(v string) bool {
			a, err := netip.ParseAddr(v)
			return err == nil && net.Contains(a)
		}), nil
	}
	return nil, fmt.Errorf("no such filter: %q,", op)
}

func foldedEnd(op, s string) matcher {
	return text(func(v string) bool {
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
		return nil, fmt.Errorf("a filter wildcard with **")
	}
	// Of path.Match only * is wanted, and its * stops at slashes: so they are replaced, in values too.
	const slash = "\x00"
	pattern := strings.NewReplacer("?", `\?`, "[", `\[`, "/", slash).Replace(s)
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("a filter wildcard that is none (%w)", err)
	}
	return text(func(v string) bool {
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
	ms, err := parseMatchers(list)
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
		return nil, fmt.Errorf("a filter anything-but with %d members instead of one", len(m))
	}
	for op, arg := range m {
		switch op {
		case "prefix", "suffix", "equals-ignore-case", "wildcard":
		default:
			return nil, fmt.Errorf("a filter anything-but of %q", op)
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
		return nil, fmt.Errorf("a filter numeric without an operator and a number, once or twice,")
	}
	var tests []func(float64) bool
	for i := 0; i < len(parts); i += 2 {
		op, ok1 := parts[i].(string)
		n, ok2 := parts[i+1].(json.Number)
		test := comparison(op, number(n))
		if !ok1 || !ok2 || test == nil {
			return nil, fmt.Errorf("a filter numeric with %v %v", parts[i], parts[i+1])
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
